import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import { Connections } from './api.ts'
import type { Asking } from './askers.ts'
import { makeFloor } from './contact.ts'
import { fill, segments } from './insights.ts'
import { offering, warmUp_s } from './latency.ts'
import { endWithRun, temporaryFolder } from './lifetime.ts'
import { atMost, count, type Measured, median, megabytes, ms, type Options, say, spread, times } from './measured.ts'
import { childrenOf, heapMegabytes, ownMegabytes, residentMegabytes, type Server, startServer } from './server.ts'

const atOnce = 20
const rounds = 11
/** Seconds until memory is looked at: of rest before it, of questions, and of rest after them. */
const rest_s = 30
const asking_s = 20
const after_s = 45

/** From a task's creation to its reservation being visible, with twenty questions at once all the time, and without any. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const folder = temporaryFolder()
  const now = Date.now()
  const store = await openStore({ schema, data: join(folder, 'ringdown') })
  await store.migrate()
  await fill(store, join(folder, 'segments.csv'), now)
  await store.close()
  const server = await startServer({ folder, profile, withGc: true })
  const { asked, ...memory } = await memoryOf(server, now)
  const floor = await makeFloor(server, { workers: 1000, queues: 50 })
  const connections = await Connections.open(server, 128)
  const sample = offering(server, floor, connections)
  await sample(warmUp_s)
  // Both together, too: until V8 has compiled what answers.
  const warm = asked()
  await sample(seconds)
  await warm()
  const [quiet, busy]: [number[], number[]] = [[], []]
  let answered = 0
  for (let round = 0; round < rounds; round++) {
    quiet.push((await sample(seconds)).visible.p99)
    const stop = asked()
    busy.push((await sample(seconds)).visible.p99)
    const took = await stop()
    answered += took.length
    say(
      `visible p99 ${ms(quiet.at(-1) ?? 0)} alone, ${ms(busy.at(-1) ?? 0)} beside ${took.length} answers of ${ms(median(took))}`
    )
  }
  connections.close()
  await server.stop()
  if (answered === 0) throw new Error('invariant: questions are answered')
  const what = `task created to reservation visible, 500 tasks/s offered, p99, with ${atOnce} questions at once over without`
  return {
    figures: [
      atMost(what, median(busy) / median(quiet), 1.5, times),
      { what: 'the p99 without / with them', figure: `${spread(quiet, ms)} / ${spread(busy, ms)}` },
      atMost('resident memory at rest, beyond that of a server without segments', memory.atRest, 10, megabytes),
      atMost(`resident memory while ${atOnce} ask, beyond that before`, memory.most, 60, megabytes),
      atMost(
        `memory of its own ${after_s} s after the last answer, beyond that of a server without segments that was asked nothing, both without garbage`,
        memory.left.own,
        10,
        megabytes
      ),
      { what: '… the same resident, with pages of files', figure: megabytes(memory.left.resident) },
      { what: '… resident beyond that before the first question, with garbage', figure: megabytes(memory.leftOfAll) }
    ],
    how: `One process, SQLite with ${count(segments)} segments over 13 months. ${atOnce} clients ask one question after the other over HTTP (a metric by queue and day of some month, service levels, a percentile), in a process that takes what others leave of the processors, while contacts come as in the row about their latency; in turns with samples in which nobody asks. ${count(answered)} questions were answered. Memory is the resident set of the server and what the process that answers has for itself (the files of both are the same): before all that, ${rest_s} s after the start, when V8 has collected what that left, beside one whose folder is empty; at its highest in ${asking_s} s in which questions are answered and nothing else, twice; and after the second time, when V8 is told to collect its garbage in both servers (it does so by itself, but when it likes; and that alone takes memory that the process keeps). Of its own a process has what is no page of a file: those of Node's program, of which the names of zones and calendars are read for the first time here, all processes of it have together, and the system takes them when it needs them.`
  }
}

/** Megabytes that a server takes beyond one that has nothing and is asked nothing, and beyond what it had itself. */
async function memoryOf(server: Server, now: number) {
  const bare = await startServer({ withGc: true })
  await pause(rest_s)
  const before = taken(server)
  const atRest = before - taken(bare)
  await heapMegabytes(bare)
  const collected = { resident: taken(bare), own: own(bare) }
  await bare.stop()
  const asked = await questionsOf(server, now)
  let [most, last] = [0, before]
  for (let time = 1; time <= 2; time++) {
    const stop = asked()
    for (const until = performance.now() + asking_s * 1000; performance.now() < until; await pause(0.1))
      most = Math.max(most, taken(server) - before)
    const took = await stop()
    await pause(after_s)
    last = taken(server)
    say(
      `${megabytes(before)} before, up to ${megabytes(most)} more while ${took.length} are answered, ${megabytes(last)} later`
    )
  }
  await heapMegabytes(server)
  const left = { resident: taken(server) - collected.resident, own: own(server) - collected.own }
  say(
    `without garbage ${megabytes(left.resident)} more than where nothing was asked, ${megabytes(left.own)} of its own`
  )
  return { asked, atRest, most, left, leftOfAll: last - before }
}

/** What a server takes with the processes that it has begun. Not a number where the system does not tell it, here and below. */
function taken({ child }: Server): number {
  return childrenOf(child.pid).reduce(
    (sum, pid) => sum + (ownMegabytes(pid) ?? 0),
    residentMegabytes(child) ?? Number.NaN
  )
}

function own({ child: { pid = 0 } }: Server): number {
  return [pid, ...childrenOf(pid)].reduce((sum, one) => sum + (ownMegabytes(one) ?? Number.NaN), 0)
}

function pause(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000))
}

type Address = Pick<Server, 'host' | 'port' | 'authorization'>

/** Milliseconds of each answer. */
type Asked = readonly number[]

/** The answered function has clients ask until what it answers is called. They are a process of their own. */
async function questionsOf({ host, port, authorization }: Address, now: number): Promise<() => () => Promise<Asked>> {
  const child = fork(fileURLToPath(new URL('./askers.js', import.meta.url)))
  endWithRun(child)
  const gone = once(child, 'exit').then(() => [undefined])
  const told = async () => {
    const [message] = (await Promise.race([once(child, 'message'), gone])) as unknown[]
    if (message === undefined) throw new Error('who asks has ended')
    return message
  }
  child.send({ host, port, authorization, clients: atOnce, now } satisfies Asking)
  await told()
  return () => {
    child.send('ask')
    return async () => {
      child.send('stop')
      return (await told()) as Asked // what it tells
    }
  }
}
