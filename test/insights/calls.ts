import type { Command, CommandOf, CommandType, ResultOf } from '@ringdown/engine/commands'
import { Refusal } from '@ringdown/engine/core/refusals'
import type { CallRow } from '@ringdown/engine/voice/rows'
import type { Account } from '@ringdown/server/commit/account'
import type { Dice } from '../support/dice.ts'
import type { Floor } from './floor.ts'

const ours = '+3726000'
const customers = ['+37255500001', '+37255500002', '+37255500003', '+37255500004']

/** Decides a command; undefined where it is refused. */
export async function tries<T extends CommandType>(
  account: Account,
  command: CommandOf<T>
): Promise<ResultOf<T> | undefined> {
  try {
    return (await account.execute(command as Command)) as ResultOf<T> // as: what its decider answers
  } catch (error) {
    if (error instanceof Refusal) return undefined
    throw error
  }
}

/**
 * Customers on the phone, by chance: they call and are called, wait, are put on hold, hang up, are led to voice mail; agents
 * answer, do not, and hang up. What each does is nobody else's plan. The answered function lets so much time pass at most,
 * in milliseconds, and answers how much it was.
 */
export async function telephones(
  here: Floor,
  dice: Dice,
  advance: (ms: number) => Promise<unknown>
): Promise<(most_ms: number) => Promise<number>> {
  const account = await here.world.running.account
  const { workspace: workspace_sid } = here
  const queues = Object.keys(here.queues)
  const workflow_sid = account.state.tables.workflow.list('workspace_sid', workspace_sid)[0]?.sid ?? ''
  // The program is not there: each call is told at once what to do.
  await account.execute({
    type: 'incoming_phone_number.create',
    ...{ phone_number: ours, voice_url: 'http://127.0.0.1:9/voice' }
  })
  const phones = new Map<string, string>()
  for (const address of [...customers, ...Object.keys(here.workers).map((name) => `client:${name}`)]) {
    const { phone } = await account.execute({ type: 'phone.create', address })
    phones.set(address, phone.sid)
  }
  const living = (is: (call: CallRow) => boolean) =>
    account.state.tables.call.all().filter((call) => call.end_time === null && is(call))
  const press = async (call: CallRow | undefined, action: 'answer' | 'reject' | 'hang-up') => {
    if (call)
      await tries(account, { type: 'phone_call.update', phone_sid: call.phone_sid ?? '', sid: call.sid, action })
  }
  const some = <T>(list: readonly T[]): T | undefined => (list.length === 0 ? undefined : dice.of(list))
  const workers = Object.values(here.workers)
  const reservations = (status: string) =>
    workers
      .flatMap((sid) => account.state.tables.reservation.list('worker_sid', sid))
      .filter((row) => row.reservation_status === status)

  const calls = async () => {
    const made = await tries(account, {
      type: 'phone_call.create',
      phone_sid: phones.get(dice.of(customers)) ?? '',
      to: ours
    })
    if (!made) return
    const task = { verb: 'Task', attributes: {}, text: JSON.stringify({ queue: dice.of(queues) }) }
    const enqueue = { verb: 'Enqueue', attributes: { workflowSid: workflow_sid }, children: [task] }
    await tries(account, { type: 'call.update', sid: made.call.sid, verbs: [enqueue] })
  }
  const isCalled = async () => {
    const attributes = JSON.stringify({
      ...{ queue: dice.of(queues), direction: 'outbound', outbound_to: dice.of(customers), from: ours }
    })
    await tries(account, { type: 'task.create', workspace_sid, workflow_sid, attributes, task_channel: 'voice' })
  }
  const rings = async () => {
    const reservation = some(reservations('pending'))
    if (!reservation) return
    const { sid, task_sid } = reservation
    const instruction = dice.chance(80) ? 'conference' : 'dequeue'
    await tries(account, { type: 'reservation.update', workspace_sid, task_sid, sid, instruction })
  }
  const answers = async () => {
    const ringing = living((call) => call.direction !== 'inbound' && call.status === 'ringing')
    await press(some(ringing), dice.chance(85) ? 'answer' : 'reject')
  }
  const holds = async () => {
    const one = some(account.state.tables.conference_participant.all().filter(({ label }) => label === 'customer'))
    if (one)
      await tries(account, {
        type: 'conference_participant.update',
        ...{ conference_sid: one.conference_sid, call_sid: one.call_sid, hold: !one.hold }
      })
  }
  const isLedAway = async () => {
    const waiting = some(account.state.tables.queue_member.all())
    if (waiting)
      await tries(account, {
        type: 'call.update',
        sid: waiting.call_sid,
        verbs: [{ verb: 'Pause', attributes: { length: '30' } }]
      })
  }
  const handsOn = async () => {
    const one = some(reservations('accepted'))
    if (one)
      await tries(account, {
        type: 'transfer.create',
        ...{ workspace_sid, worker_sid: one.worker_sid, reservation_sid: one.sid, task_sid: one.task_sid },
        ...{ to: dice.of([...workers, ...Object.values(here.queues)]), mode: dice.of(['WARM', 'COLD'] as const) }
      })
  }
  const hangsUp = () => press(some(living((call) => call.phone_sid !== null)), 'hang-up')
  const endsTalk = () =>
    press(some(living((call) => call.conference_sid !== null || call.bridged_sid !== null)), 'hang-up')
  const finishes = async () => {
    const reservation = some(reservations('wrapping'))
    if (!reservation) return
    const { sid, task_sid } = reservation
    await tries(account, { type: 'reservation.update', workspace_sid, task_sid, sid, reservation_status: 'completed' })
  }
  const comes = async () => {
    const activity_sid = here.activities.Available ?? ''
    await tries(account, { type: 'worker.update', workspace_sid, sid: dice.of(workers), activity_sid })
  }
  const often = [rings, rings, answers, answers, comes, finishes]
  const acts = [
    ...often,
    ...often,
    calls,
    calls,
    isCalled,
    isLedAway,
    hangsUp,
    endsTalk,
    endsTalk,
    handsOn,
    holds,
    holds,
    holds
  ]
  return async (most_ms) => {
    let passed = 0
    for (let step = 0; passed + step < most_ms; step = 1 + dice.roll(6_000)) {
      await advance(step)
      passed += step
      await dice.of(acts)()
    }
    return passed
  }
}
