import { Connections } from './api.ts'
import { createTask, finish, makeFloor, reservationOf } from './contact.ts'
import { syncLatency } from './machine.ts'
import { atMost, count, type Measured, median, ms, type Options, perSecond, quantile, say, spread } from './measured.ts'
import { helpersGiveWay, middleOf, sampleText, usedBy, usedSince } from './processor.ts'
import { type Server, startServer } from './server.ts'

const shape = { workers: 1000, queues: 50 }
const offered = 500
/** Contacts under way at once. Where they are more, the server does not keep up, and offering more would only fill a queue. */
const maxUnderWay = 900
/** Seconds until V8 has compiled what is called: the middle falls for so long. */
export const warmUp_s = 15

/** What contacts took, in milliseconds. */
export interface Offering {
  readonly rate: number
  readonly used: ReturnType<typeof usedSince>
  /** Contacts that were not begun, since too many were under way. */
  readonly left: number
  readonly visible: Spread
  readonly created: Spread
  readonly late: Spread
}

interface Spread {
  readonly p50: number
  readonly p99: number
}

/** The answered function offers 500 tasks a second, each of which is taken and finished, for so many seconds. Helpers of this process give way from now on. */
export function offering(
  server: Server,
  floor: Awaited<ReturnType<typeof makeFloor>>,
  connections: Connections
): (duration_s: number) => Promise<Offering> {
  helpersGiveWay()
  let underWay = 0
  let i = 0

  return async (duration_s) => {
    const visible: number[] = []
    const created: number[] = []
    const late: number[] = []
    const contacts: Promise<void>[] = []
    const pid = server.child.pid as number // it runs
    const before = usedBy(pid)
    let left = 0
    const contact = async (due: number) => {
      const task = await connections.with((connection) => {
        late.push(performance.now() - due)
        return createTask(connection, floor, i++)
      })
      created.push(performance.now() - due)
      let reservation: string | undefined
      while (reservation === undefined)
        reservation = await connections.with((connection) => reservationOf(connection, task))
      visible.push(performance.now() - due)
      const found = reservation
      await connections.with((connection) => finish(connection, task, found))
      underWay--
    }
    const begun = performance.now()
    for (let k = 0; k < duration_s * offered; k++) {
      const due = begun + (k * 1000) / offered
      while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1))
      if (underWay >= maxUnderWay) {
        left++
        continue
      }
      underWay++
      const one = contact(due)
      one.catch(() => {}) // told by Promise.all, as soon as no more are begun
      contacts.push(one)
    }
    await Promise.all(contacts)
    const p = (values: readonly number[]) => ({ p50: median(values), p99: quantile(values, 0.99) })
    const rate = visible.length / ((performance.now() - begun) / 1000)
    const used = usedSince(pid, before, visible.length)
    return { rate, used, left, visible: p(visible), created: p(created), late: p(late) }
  }
}

/** From a task's creation to its reservation being visible, at 500 tasks offered a second. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const server = await startServer({ profile })
  const floor = await makeFloor(server, shape)
  const connections = await Connections.open(server, 128)
  const sample = offering(server, floor, connections)
  const before = syncLatency(server.folder)

  await sample(warmUp_s)
  const samples: Offering[] = []
  for (let k = 0; k < 3; k++) {
    const one = await sample(seconds)
    samples.push(one)
    say(
      `visible p50 ${ms(one.visible.p50)}, p99 ${ms(one.visible.p99)} (${perSecond(one.rate)} done${one.left > 0 ? `, ${count(one.left)} not offered: it does not keep up` : ''})`
    )
  }
  const after = syncLatency(server.folder, 100)
  connections.close()
  await server.stop()
  const middle = (of: (one: (typeof samples)[number]) => number) => median(samples.map(of))
  const left = samples.reduce((sum, one) => sum + one.left, 0)
  const p99s = samples.map(({ visible }) => visible.p99)
  const keptUp =
    left > 0
      ? ` **It did not keep up**: ${count(left)} of ${count(samples.length * seconds * offered)} tasks were not offered because ${maxUnderWay} contacts were under way.`
      : ''
  return {
    figures: [
      atMost(
        `task created to reservation visible, ${offered} tasks/s offered, p99`,
        middle(({ visible }) => visible.p99),
        8,
        ms
      ),
      { what: 'the same, p50', figure: ms(middle(({ visible }) => visible.p50)) },
      {
        what: 'answer to the create, p50 / p99',
        figure: `${ms(middle(({ created }) => created.p50))} / ${ms(middle(({ created }) => created.p99))}`
      },
      { what: "contacts done, and the server's processor time of each", figure: sampleText(middleOf(samples)) },
      { what: 'fdatasync p99, before / after', figure: `${ms(before.p99)} / ${ms(after.p99)}` }
    ],
    how: `One process, SQLite, ${count(shape.workers)} workers, ${shape.queues} queues. Every 2 ms a task is due, whether earlier ones are answered or not; time runs from that instant to the answer of the GET that shows its reservation, so it holds two requests and any wait for the generator or one of 128 connections (p99 of that wait alone: ${ms(middle(({ late }) => late.p99))}). The contact is then accepted and completed, so that four requests a task are served: ${count(4 * offered)} a second. What compiles and collects for the generator has the lowest priority. Median of three samples after ${warmUp_s} s to warm up; p99 minimum / median / maximum ${spread(p99s, ms)}.${keptUp}`
  }
}
