import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { seedOf } from '@ringdown/engine/core/ids'
import { openDatabase } from '@ringdown/server/store/sqlite-driver'
import { describe, expect, it, onTestFinished } from 'vitest'
import { findPostgres, postgresPlace } from '../store/places.ts'
import { Dice } from '../support/dice.ts'
import { credentials, type Started, started } from '../support/process.ts'
import { morning } from '../support/world.ts'

/*
 * The plug is pulled again and again while contacts come, agents come and go, and statistics are being written. After
 * that the figures are those that the log alone gives, and those that whoever was answered has counted.
 */

const database = await findPostgres()
const { account_sid, auth_token } = credentials
const headers = { authorization: `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}` }

/** Where a server keeps what it knows, and what it counts there can be thrown away. */
interface House {
  readonly args: readonly string[]
  /** Removes all that was made of the log, while no server is there. */
  forgetFigures(): Promise<void>
}

const tables = ['rollup', 'stay', 'cursor', 'segment', 'agent_status', 'contact_text', 'called', 'open_contact']

async function sqliteHouse(): Promise<House> {
  const folder = await temporaryFolder()
  return {
    args: ['--data', folder],
    async forgetFigures() {
      const file = await openDatabase(join(folder, 'ringdown.sqlite'))
      for (const table of tables) file.exec(`delete from ${table}`)
      file.close()
    }
  }
}

async function postgresHouse(): Promise<House> {
  const folder = await temporaryFolder()
  const place = await postgresPlace(database as string) // as: asked only where there is one
  onTestFinished(() => place.clear())
  return {
    args: ['--data', folder, '--database', place.url],
    async forgetFigures() {
      for (const table of tables) await place.query(`delete from ${table}`)
    }
  }
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-statistics-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const houses = [
  { name: 'SQLite', available: true, open: sqliteHouse },
  { name: 'PostgreSQL', available: database !== undefined, open: postgresHouse }
]

for (const { name, available, open } of houses)
  describe.runIf(available)(`statistics on ${name}`, () => {
    it('are after kill -9 what the log gives, and what was acknowledged', { timeout: 300_000 }, async () => {
      const house = await open()
      const dice = new Dice(seedOf(10, 1))
      let at = morning
      const begin = async () => {
        const args = [...house.args, '--test-clock', '--at', new Date(at).toISOString(), '--seed', '5']
        const fresh: Started = await started(args)
        await expect.poll(async () => (await fetch(`${fresh.url}/ready`)).status, { timeout: 30_000 }).toBe(200)
        return fresh
      }
      let server = await begin()
      onTestFinished(() => server.kill())
      const call = async (path: string, form?: Record<string, string>): Promise<Answer> => {
        const body = form && new URLSearchParams(form)
        const response = await fetch(server.url + path, { ...(body && { method: 'POST', body }), headers })
        const answer = await response.json()
        if (!response.ok) throw new Error(`${path}: ${response.status} ${JSON.stringify(answer)}`)
        return answer
      }
      /** Undefined where nobody knows what became of it, since the plug was pulled. */
      const tried = (path: string, form: Record<string, string>) => call(path, form).catch(() => undefined)
      const pass = async (ms: number) => {
        const moved = await tried('/ringdown/v1/clock', { advance_ms: String(ms) })
        if (moved) at += ms
      }

      const { sid } = await call('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', Template: 'FIFO' })
      const base = `/taskrouter/v1/Workspaces/${sid}`
      const { activities } = await call(`${base}/Activities`)
      const available = activities.find((activity: Answer) => activity.available)
      const workers: string[] = []
      for (let n = 0; n < 5; n++)
        workers.push((await call(`${base}/Workers`, { FriendlyName: `n${n}`, ActivitySid: available.sid })).sid)
      const { task_queues } = await call(`${base}/TaskQueues`)
      const { workflows } = await call(`${base}/Workflows`)

      let [acknowledged, unknown] = [0, 0]
      const contact = async () => {
        const task = await tried(`${base}/Tasks`, {
          Attributes: `{"n":${dice.roll(4)}}`,
          WorkflowSid: workflows[0].sid
        })
        if (task) acknowledged++
        else unknown++
        if (dice.chance(30) && task)
          await tried(`${base}/Tasks/${task.sid}`, { AssignmentStatus: 'canceled', Reason: 'gone' })
        const worker = dice.of(workers)
        const { reservations } = (await call(`${base}/Workers/${worker}/Reservations?ReservationStatus=pending`).catch(
          () => undefined
        )) ?? { reservations: [] }
        for (const { sid: reservation, task_sid } of reservations.slice(0, 1)) {
          const ReservationStatus = dice.chance(80) ? 'accepted' : 'rejected'
          await tried(`${base}/Workers/${worker}/Reservations/${reservation}`, { ReservationStatus })
          await tried(`${base}/Tasks/${task_sid}`, { AssignmentStatus: 'completed', Reason: 'done' })
        }
        const activity = dice.chance(70) ? available : dice.of(activities as Answer[])
        if (dice.chance(30)) await tried(`${base}/Workers/${worker}`, { ActivitySid: activity.sid })
      }
      for (let crash = 0; crash < 4; crash++) {
        let isOver = false
        const load = Array.from({ length: 4 }, async () => {
          while (!isOver) await contact()
        })
        for (let n = 0; n < 12; n++) {
          // Minutes end, and at times an hour or a day does.
          await pass(dice.chance(15) ? 3_600_000 * (1 + dice.roll(20)) : 1_000 * (1 + dice.roll(90)))
          await new Promise((resolve) => setTimeout(resolve, dice.roll(20)))
        }
        isOver = true
        await server.kill()
        await Promise.all(load)
        server = await begin()
      }
      await call('/ringdown/v1/clock', { advance_ms: '5000' })

      const split = 'SplitByWaitTime=5,60'
      const windows = Array.from({ length: 10 }, (_, n) => {
        const start = n === 0 ? morning : morning + dice.roll(at - morning)
        const end = n === 0 ? at : start + dice.roll(at - start)
        return `StartDate=${new Date(start).toISOString()}&EndDate=${new Date(end).toISOString()}`
      })
      const span = `From=${new Date(morning).toISOString()}&To=${new Date(at).toISOString()}&RowsPerPage=1000`
      const contacts =
        'entered,handled,abandoned,short_abandoned,rejected,queue_time,speed_of_answer_p90,talk_time,wrap_up_time'
      const questions = [
        `Metrics=${contacts}&GroupBy=task_queue&Interval=PT1H&${span}`,
        `Metrics=${contacts},responses&GroupBy=worker,activity,attributes.n&${span}`,
        `Metrics=activity_time,busy_time,idle_time,occupancy&GroupBy=worker,activity&Interval=P1D&${span}`
      ]
      const figures = async () => {
        const answers: Answer[] = []
        for (const window of windows) {
          answers.push(await call(`${base}/CumulativeStatistics?${window}&${split}`))
          answers.push(await call(`${base}/TaskQueues/${task_queues[0].sid}/CumulativeStatistics?${window}&${split}`))
          answers.push(await call(`${base}/Workflows/${workflows[0].sid}/CumulativeStatistics?${window}&${split}`))
          answers.push(await call(`${base}/Workers/CumulativeStatistics?${window}`))
          for (const worker of workers.slice(0, 3))
            answers.push((await call(`${base}/Workers/${worker}/Statistics?${window}`)).cumulative)
        }
        for (const question of questions) answers.push(await call(`/ringdown/v1/Insights/Query?${question}`))
        return answers.map(({ url, ...answer }) => answer)
      }
      const after = await figures()
      expect(after[0].tasks_created).toBeGreaterThanOrEqual(acknowledged)
      expect(after[0].tasks_created).toBeLessThanOrEqual(acknowledged + unknown)
      expect(acknowledged).toBeGreaterThan(100)
      expect(after[0].reservations_accepted).toBeGreaterThan(20)
      expect(after[0].tasks_canceled).toBeGreaterThan(20)

      const rows = after.filter(({ columns }) => columns).map((report) => report.rows.length)
      for (const many of rows) expect(many).toBeGreaterThan(3)

      // What a server says that has nothing but the log.
      expect(await server.stop()).toBe(0)
      await house.forgetFigures()
      server = await begin()
      await expect.poll(figures, { timeout: 60_000 }).toEqual(after)
    })
  })
