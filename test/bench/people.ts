import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { WebSocket } from 'ws'
import { Connection, Connections, expected, type Place } from './api.ts'
import { type ApiFloor, createTask, finish, makeFloor, reservationOf } from './contact.ts'
import { atMost, count, type Measured, median, ms, type Options, quantile, say, us } from './measured.ts'
import { usedBy, usedSince } from './processor.ts'
import { account_sid, heapMegabytes, residentMegabytes, type Server, startServer } from './server.ts'

const queues = 50
/** Tasks a second while everybody listens. */
const offered = 20
/**
 * Samples are short and many: what else the machine does comes and goes between them, and the middle of their differences
 * stays. One has so many of either that a collection more or less, of 2 to 5 ms, is not what it tells.
 */
const pairs = { gets: 80, lifecycles: 240 }
const inSample = { gets: 300, lifecycles: 80 }
/** Milliseconds after a sample in which what follows its last answer is done. */
const after_ms = 4

/** Signed-in workers with a socket each: what a socket takes, how soon each is told, and what asking for rights costs. */
export async function measure({ seconds, profile, people }: Options): Promise<Measured> {
  const server = await startServer({ profile, withGc: true })
  const floor = await makeFloor(server, { workers: people, queues })
  const workers = await workersOf(server, floor)
  const key = await newKey(server)
  const tokens = workers.map((worker_sid) => tokenOf(key, floor, worker_sid))
  const own = `${floor.workspace}/Workers/${workers[0]}`
  const get = async (connection: Connection) => void expected(await connection.get(own), 200)
  const basic = `Basic ${Buffer.from(`${key.sid}:${key.secret}`).toString('base64')}`
  const by = (token: string | undefined) => ({
    account: server.authorization,
    key: basic,
    token: `Bearer ${token}`
  })
  const ofGet = await costOfRights(server, by(tokens[0]), {
    one: get,
    times: inSample.gets,
    pairs: pairs.gets,
    atOnce: 8
  })
  const whole = (connection: Connection, i: number) => contact(connection, floor, i)
  const ofContact = await costOfRights(server, by(tokenOf(key, floor, undefined)), {
    one: whole,
    times: inSample.lifecycles,
    pairs: pairs.lifecycles,
    atOnce: 8
  })
  const before = { heap: await heapMegabytes(server), resident: residentMegabytes(server.child) ?? Number.NaN }
  const told = new Told()
  const sockets: WebSocket[] = []
  for (const token of tokens) sockets.push(await follow(server, token, told))
  const after = { heap: await heapMegabytes(server), resident: residentMegabytes(server.child) ?? Number.NaN }
  const of = (what: 'heap' | 'resident') => ((after[what] - before[what]) * 1000) / sockets.length
  say(`${count(sockets.length)} sockets, ${of('heap').toFixed(1)} kB of heap each`)
  const latencies = await deliver(server, floor, told, seconds)
  for (const socket of sockets) socket.terminate()
  await server.stop()
  const p95 = quantile(latencies, 0.95)
  say(`told after p50 ${ms(median(latencies))}, p95 ${ms(p95)}`)
  return {
    figures: [
      atMost(`heap of a signed-in worker's socket, of ${count(people)}`, of('heap'), 30, kilobytes),
      { what: 'the same, resident memory', figure: kilobytes(of('resident')) },
      atMost('offer durable to delivered to its worker, p95', p95, 50, ms),
      { what: 'the same, p50', figure: ms(median(latencies)) },
      {
        what: "GET of the own worker with a token, main thread's time",
        figure: us(median(ofGet.map((one) => one.token)))
      },
      { what: "the same with the account's credentials", figure: us(median(ofGet.map((one) => one.account))) },
      atMost(
        `the token and the rights of a GET, the difference (95 % of the middle within ${around(ofGet, 'token', 'account')})`,
        difference(ofGet, 'token', 'account'),
        5,
        us
      ),
      {
        what: "a task's lifecycle with an administrator's token, main thread's time",
        figure: us(median(ofContact.map((one) => one.token)))
      },
      { what: 'the same with a main key', figure: us(median(ofContact.map((one) => one.key))) },
      atMost(
        `the token and the rights of a lifecycle, the difference (95 % of the middle within ${around(ofContact, 'token', 'key')})`,
        difference(ofContact, 'token', 'key'),
        15,
        us
      ),
      {
        what: 'who did it, written down three times: a main key over the account',
        figure: us(difference(ofContact, 'key', 'account'))
      }
    ],
    how: `One process, SQLite, ${count(people)} workers with an access token of an API key and a WebSocket of the feed each, which asks for everything that its worker may hear. (Signing in by password costs 0.3 s each on purpose; the tokens of sessions are read by the same verifier.) Memory is what the heap has more after collections, once all are open. ${offered} tasks a second are created while all listen; time runs from the answer to the create, by which the offer is durable, to its arrival at the worker's own socket; ${count(latencies.length)} offers. Rights: ${pairs.gets} pairs of ${count(inSample.gets)} GETs in turn, on eight connections that are kept, and ${pairs.lifecycles} of ${inSample.lifecycles} lifecycles of four requests each; the middle of their differences, and between which of them it lies in 95 of 100 cases. A lifecycle is compared with a main key's, whose writes are told and kept in the audit as those of a token are; what that costs stands beside.`
  }
}

const kilobytes = (value: number) => `${value.toFixed(1)} kB`

interface Key {
  readonly sid: string
  readonly secret: string
}

async function newKey(place: Place): Promise<Key> {
  const connection = await Connection.open(place)
  const key = expected<Key>(await connection.post(`/2010-04-01/Accounts/${account_sid}/Keys.json`, {}), 201)
  connection.close()
  return key
}

async function workersOf(place: Place, { workspace }: ApiFloor): Promise<string[]> {
  const connection = await Connection.open(place)
  const found: string[] = []
  for (let path: string | null = `${workspace}/Workers?PageSize=1000`; path !== null; ) {
    const page: { workers: { sid: string }[]; meta: { next_page_url: string | null } } = expected(
      await connection.get(path),
      200
    )
    found.push(...page.workers.map(({ sid }) => sid))
    path =
      page.meta.next_page_url &&
      new URL(page.meta.next_page_url).href.slice(new URL(page.meta.next_page_url).origin.length)
  }
  connection.close()
  return found
}

/** In the layout of Twilio's helper library; without a worker, an administrator's. */
function tokenOf({ sid, secret }: Key, { workspace }: ApiFloor, worker_sid: string | undefined): string {
  const now = Math.floor(Date.now() / 1000)
  const role = worker_sid === undefined ? 'admin' : 'worker'
  const task_router = { workspace_sid: workspace.split('/').at(-1), worker_sid, role }
  const claims = {
    ...{ jti: `${sid}-${now}`, iss: sid, sub: account_sid, iat: now, exp: now + 3600 },
    grants: { identity: worker_sid ?? 'ada', task_router }
  }
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })}.${encoded(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

/** When each task was offered to its worker, as the worker was told. */
class Told {
  readonly at = new Map<string, number>()
}

async function follow({ host, port }: Server, token: string, told: Told): Promise<WebSocket> {
  const socket = new WebSocket(`ws://${host}:${port}/ringdown/v1/Events/socket`, {
    headers: { authorization: `Bearer ${token}` }
  })
  await once(socket, 'open')
  const opened = once(socket, 'message')
  socket.send('{}')
  await opened
  socket.on('message', (data) => {
    const text = String(data)
    if (!text.includes('"reservation.created"')) return
    const { events } = JSON.parse(text) as { events?: { type: string; data: { task_sid: string } }[] }
    for (const { type, data } of events ?? [])
      if (type === 'reservation.created' && !told.at.has(data.task_sid)) told.at.set(data.task_sid, performance.now())
  })
  return socket
}

/** Milliseconds from the answer to a create to the arrival of the offer. */
async function deliver(server: Server, floor: ApiFloor, told: Told, seconds: number): Promise<number[]> {
  const connections = await Connections.open(server, 16)
  const answered = new Map<string, number>()
  const begun = performance.now()
  const created: Promise<void>[] = []
  for (let i = 0; i < seconds * 3 * offered; i++) {
    const due = begun + (i * 1000) / offered
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())))
    created.push(
      connections.with(async (connection) => {
        const path = await createTask(connection, floor, i)
        answered.set(path.split('/').at(-1) ?? '', performance.now())
      })
    )
  }
  await Promise.all(created)
  // What is under way arrives, and what nobody can take does not.
  await new Promise((resolve) => setTimeout(resolve, 1000))
  connections.close()
  const found = [...answered].flatMap(([task, at]) => {
    const heard = told.at.get(task)
    return heard === undefined ? [] : [Math.max(0, heard - at)]
  })
  if (found.length === 0) throw new Error('nobody was told of any offer')
  return found
}

interface Credentials {
  readonly account: string
  /** A main key, which may do everything and is written down beside what it does. */
  readonly key: string
  readonly token: string
}

type Costs = { readonly [C in keyof Credentials]: number }

interface Sampling {
  one(connection: Connection, i: number): Promise<void>
  /** How often a sample does it. */
  readonly times: number
  readonly pairs: number
  /** Connections on which it is done at once. */
  readonly atOnce: number
}

/** Microseconds of the main thread that something takes by each credential, in turns: one sample of all three a pair. */
async function costOfRights(
  server: Server,
  credentials: Credentials,
  { one, times, pairs, atOnce }: Sampling
): Promise<readonly Costs[]> {
  const pid = server.child.pid as number // it runs
  const opened = await Promise.all(
    whoAsks.map(async (who) => ({
      who,
      connections: await Connections.open({ ...server, authorization: credentials[who] }, atOnce)
    }))
  )
  const found: Costs[] = []
  for (let pair = 0; pair <= pairs; pair++) {
    const costs = { account: 0, key: 0, token: 0 }
    // Each of them is the first as often as the others are.
    for (const turn of opened.keys()) {
      const { who, connections } = opened[(pair + turn) % opened.length] as (typeof opened)[number] // one of them
      const before = usedBy(pid)
      await Promise.all(
        Array.from({ length: times }, (_, i) => connections.with((connection) => one(connection, pair + i)))
      )
      await new Promise((resolve) => setTimeout(resolve, after_ms))
      costs[who] = usedSince(pid, before, times).main
    }
    found.push(costs)
  }
  for (const { connections } of opened) connections.close()
  // What is warmed up by the first is of no pair.
  return found.slice(1)
}

const whoAsks = ['account', 'key', 'token'] as const satisfies readonly (keyof Credentials)[]

function differences(costs: readonly Costs[], more: keyof Costs, less: keyof Costs): number[] {
  return costs.map((one) => one[more] - one[less]).sort((a, b) => a - b)
}

function difference(costs: readonly Costs[], more: keyof Costs, less: keyof Costs): number {
  return Math.max(0, median(differences(costs, more, less)))
}

/** Between which differences their middle lies, in 95 of 100 cases: by their order, whatever their distribution. */
function around(costs: readonly Costs[], more: keyof Costs, less: keyof Costs): string {
  const sorted = differences(costs, more, less)
  const reach = Math.ceil(0.98 * Math.sqrt(sorted.length))
  const middle = sorted.length / 2
  const at = (place: number) => us(sorted[Math.min(sorted.length - 1, Math.max(0, place))] ?? Number.NaN)
  return `${at(Math.floor(middle - reach))} and ${at(Math.ceil(middle + reach))}`
}

/** From the create to the completion, by whoever takes the task. */
async function contact(connection: Connection, floor: ApiFloor, i: number): Promise<void> {
  const task = await createTask(connection, floor, i)
  const reservation = await reservationOf(connection, task)
  if (reservation === undefined) throw new Error('a worker has room for a task')
  await finish(connection, task, reservation)
}
