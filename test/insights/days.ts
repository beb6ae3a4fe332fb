import type { CommandOf } from '@ringdown/engine/commands'
import { seedOf } from '@ringdown/engine/core/ids'
import type { Running } from '@ringdown/server/start'
import { Dice } from '../support/dice.ts'
import { telephones, tries as triesOn } from './calls.ts'
import type { Floor } from './floor.ts'

/**
 * Days of a small floor, by chance: contacts come and call, are answered, missed, declined, handed on, given up; agents come and go.
 * `each` is called when a day is over.
 */
export async function liveDays(
  here: Floor,
  { days, seed, each }: { readonly days: number; readonly seed: number; each?(day: number): Promise<void> }
): Promise<void> {
  const account = await here.world.running.account
  const { clock } = here.world.running as Running & { readonly clock: NonNullable<Running['clock']> }
  const dice = new Dice(seedOf(seed, 1))
  const { workspace: workspace_sid } = here
  const workers = Object.values(here.workers)
  const queues = Object.keys(here.queues)
  const tries = (command: object) => triesOn(account, command as CommandOf<'task.create'>) // as: whichever it is, it is decided
  const onThePhone = await telephones(here, dice, (ms) => clock.advance(ms))
  const workflow_sid = account.state.tables.workflow.list('workspace_sid', workspace_sid)[0]?.sid ?? ''
  const reservations = (status: string) =>
    workers
      .flatMap((sid) => account.state.tables.reservation.list('worker_sid', sid))
      .filter((row) => row.reservation_status === status)
  const act = async () => {
    const roll = dice.roll(100)
    const pending = reservations('pending')
    const held = [...reservations('accepted'), ...reservations('wrapping')]
    if (roll < 30) {
      const attributes = JSON.stringify({ queue: dice.of(queues), lang: dice.of(['fr', 'et', 'en', 5]) })
      await tries({
        type: 'task.create',
        workspace_sid,
        workflow_sid,
        attributes,
        task_channel: dice.of(['voice', 'chat', 'default'])
      })
    } else if (roll < 60 && pending.length > 0) {
      const { sid, worker_sid, task_sid } = dice.of(pending)
      const status = dice.chance(85) ? 'accepted' : 'rejected'
      await tries({ type: 'reservation.update', workspace_sid, worker_sid, task_sid, sid, reservation_status: status })
    } else if (roll < 80 && held.length > 0) {
      const { sid, worker_sid, task_sid, reservation_status } = dice.of(held)
      const status = reservation_status === 'accepted' && dice.chance(60) ? 'wrapping' : 'completed'
      await tries({ type: 'reservation.update', workspace_sid, worker_sid, task_sid, sid, reservation_status: status })
    } else if (roll < 86) {
      const waiting = account.state.tables.task
        .list('workspace_sid', workspace_sid)
        .filter((row) => ['pending', 'reserved'].includes(row.assignment_status))
      if (waiting.length > 0)
        await tries({
          type: 'task.update',
          workspace_sid,
          sid: dice.of(waiting).sid,
          assignment_status: 'canceled',
          reason: 'gone'
        })
    } else if (roll < 90 && held.length > 0) {
      const { sid, worker_sid, task_sid } = dice.of(held)
      const to = dice.chance(50) ? dice.of(Object.values(here.queues)) : dice.of(workers)
      await tries({
        type: 'transfer.create',
        workspace_sid,
        worker_sid,
        reservation_sid: sid,
        task_sid,
        to,
        mode: dice.of(['WARM', 'COLD'])
      })
    } else {
      const activity_sid = dice.chance(70) ? here.activities.Available : dice.of(Object.values(here.activities))
      await tries({ type: 'worker.update', workspace_sid, sid: dice.of(workers), activity_sid })
    }
  }
  for (let day = 0; day < days; day++) {
    for (let left = 86_400_000; left > 0; ) {
      // Busy hours, and nights.
      const step = Math.min(
        left,
        dice.chance(4) ? 3_600_000 * (1 + dice.roll(6)) : 1_000 * (1 + dice.roll(dice.chance(30) ? 900 : 25))
      )
      await clock.advance(step)
      left -= step
      if (dice.roll(250) === 0) left -= await onThePhone(Math.min(left, 600_000))
      const isNight = step > 1_000_000
      for (let n = isNight ? 0 : 1 + dice.roll(4); n > 0; n--) await act()
    }
    await each?.(day)
  }
}
