import { cpSync } from 'node:fs'
import { join } from 'node:path'
import { defaultSettings } from '@ringdown/engine/settings'
import { RealClock } from '@ringdown/server/clock/clock'
import { Account } from '@ringdown/server/commit/account'
import { coldKinds } from '@ringdown/server/commit/kinds'
import { schema } from '@ringdown/server/schema'
import { openStore } from '@ringdown/server/store/open'
import type { Store } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { Connection, expected } from './api.ts'
import { temporaryFolder } from './lifetime.ts'
import {
  atLeast,
  atMost,
  count,
  type Measured,
  median,
  ms,
  type Options,
  perSecond,
  say,
  seconds,
  spread,
  us
} from './measured.ts'
import { middleOf, usedBy, usedSince } from './processor.ts'
import { account_sid, answers, type Server, spawnServer, startServer } from './server.ts'

const clients = 32
const waiting = 10_000
const starts = 4
const ours = '+3726000'

/** What stands in a state of a definition. */
interface Widget {
  readonly name: string
  readonly type: string
  readonly properties: object
  /** Where it leads, by event. */
  readonly ways: Readonly<Record<string, string>>
}

/** Eight widgets: it keeps four values, decides twice, and says what came of it. */
const bot = definitionOf([
  { name: 'Trigger', type: 'trigger', properties: {}, ways: { incomingRequest: 'name' } },
  set('name', 'name', 'Ana {{contact.channel.address}}', 'language'),
  set('language', 'language', '{{flow.data.language | default: "en" | upcase}}', 'speaks'),
  split('speaks', '{{flow.variables.language}}', 'EN', 'topic'),
  set('topic', 'topic', '{{flow.data.topic | downcase}}', 'about'),
  split('about', '{{flow.variables.topic}}', 'order', 'words'),
  set('words', 'words', 'Dear {{flow.variables.name}}, it is about {{flow.variables.topic}}.', 'tell'),
  {
    name: 'tell',
    type: 'send-message',
    properties: { from: ours, body: '{{flow.variables.words}}' },
    ways: {}
  }
])

/** Asks, and waits for a day. */
const asking = definitionOf([
  { name: 'Trigger', type: 'trigger', properties: {}, ways: { incomingRequest: 'ask' } },
  {
    name: 'ask',
    type: 'send-and-wait-for-reply',
    properties: { from: ours, body: 'Which order?', timeout: '86400' },
    ways: {}
  }
])

const parameters = JSON.stringify({ topic: 'Order' })

/** Executions of flows: how many a second through HTTP, what one writes, and what those that wait cost a restart. */
export async function measure({ seconds: sample_s, profile }: Options): Promise<Measured> {
  const { rates, used, ended } = await run(sample_s, profile)
  const folder = temporaryFolder()
  const one = await fill(join(folder, 'ringdown'))
  const bare = await restarts(one.bare, profile)
  const full = await restarts(folder, profile)
  const more = median(full) - median(bare)
  say(`/ready with ${count(waiting)} executions that wait ${spread(full, seconds)}, without ${spread(bare, seconds)}`)
  return {
    figures: [
      atLeast('executions of a bot of eight widgets through HTTP', median(rates), 500, perSecond),
      { what: "server's processor time of one, main thread", figure: us(used.main) },
      { what: "server's processor time of one, all threads", figure: us(used.all) },
      { what: 'start to end of one that comes alone', figure: ms(median(ended)) },
      { what: 'rows and events that one writes', figure: `${one.rows} and ${one.events}` },
      atMost(`what ${count(waiting)} waiting executions add to a start`, more, 1, seconds)
    ],
    how: `\`ringdown start\` with SQLite in a new folder; ${clients} clients on a kept connection each start executions over REST one after the other, for as long as a sample takes; the time ends when none of them is active any more. The bot keeps four values by Liquid, splits twice and sends a message. Minimum / median / maximum of three samples after one to warm up: ${spread(rates, perSecond)}. Rows are those of all tables after one execution (what it changes again is counted once), its message's among them. Starts are spawned on a folder with ${count(waiting)} executions that wait for an answer, and on the same folder as it was before them, ${starts} times each: ${spread(full, seconds)} and ${spread(bare, seconds)}.`
  }
}

async function run(sample_s: number, profile: string | undefined) {
  const server = await startServer({ profile })
  const [first, ...others] = await Promise.all(Array.from({ length: clients }, () => Connection.open(server)))
  if (!first) throw new Error('invariant: there are clients')
  const definition = { FriendlyName: 'Bot', Status: 'published', Definition: bot }
  const { sid } = expected<{ sid: string }>(await first.post('/studio/v2/Flows', definition), 201)
  const path = `/studio/v2/Flows/${sid}/Executions`
  let n = 0
  const start = (connection: Connection) =>
    connection.post(path, { To: `+1${5_000_000_000 + n++}`, From: ours, Parameters: parameters })
  const isOver = async () =>
    expected<{ executions: unknown[] }>(await first.get(`${path}?Status=active&PageSize=1`), 200).executions.length ===
    0
  const sample = async () => {
    const before = n
    const pid = server.child.pid as number // it runs
    const idle = usedBy(pid)
    const begun = performance.now()
    await Promise.all(
      [first, ...others].map(async (connection) => {
        while (performance.now() < begun + sample_s * 1000) expected(await start(connection), 201)
      })
    )
    while (!(await isOver())) await pause(2)
    const elapsed_s = (performance.now() - begun) / 1000
    return { rate: (n - before) / elapsed_s, used: usedSince(pid, idle, n - before) }
  }
  await sample()
  const samples: Awaited<ReturnType<typeof sample>>[] = []
  for (let k = 0; k < 3; k++) samples.push(await sample())
  const rates = samples.map(({ rate }) => rate)
  const { used } = middleOf(samples)
  const ended: number[] = []
  for (let k = 0; k < 50; k++) {
    const from = performance.now()
    expected(await start(first), 201)
    while (!(await isOver())) await pause(0)
    ended.push(performance.now() - from)
  }
  say(`${spread(rates, perSecond)}, main thread ${us(used.main)}; alone ${spread(ended, ms)}`)
  for (const connection of [first, ...others]) connection.close()
  await server.stop()
  return { rates, used, ended }
}

/** Executions that wait, written by the account itself; what the bot's one writes; and a copy of the folder without them. */
async function fill(data: string) {
  const bare = temporaryFolder()
  const opened = async () => {
    const store = await openStore({ schema, data })
    const log = pino({ level: 'silent' })
    const settings = defaultSettings
    const account = await Account.open({ store, account_sid, clock: new RealClock(), log, settings, seed: 1 })
    return { store, account }
  }
  const first = await opened()
  const flow = async (definition: string) =>
    (await first.account.execute({ type: 'flow.create', friendly_name: 'Bot', status: 'published', definition })).flow
      .sid
  const [told, asked] = [await flow(bot), await flow(asking)]
  await first.account.close()
  await first.store.close()
  cpSync(data, join(bare, 'ringdown'), { recursive: true })

  const { store, account } = await opened()
  let events = 0
  const unsubscribe = account.subscribe((some) => (events += some.length))
  const before = await rowsOf(store)
  await account.execute({ type: 'execution.create', flow_sid: told, to: '+15550001', from: ours, parameters })
  while ([...account.state.tables.execution.all()].length > 0) await pause(1)
  await account.settled()
  const rows = (await rowsOf(store)) - before
  unsubscribe()
  const one = { rows, events, bare }
  for (let from = 0; from < waiting; from += 500)
    await Promise.all(
      Array.from({ length: 500 }, (_, k) =>
        account.execute({ type: 'execution.create', flow_sid: asked, to: `+1${5_000_000_000 + from + k}`, from: ours })
      )
    )
  while (account.state.tables.execution.all().some(({ waits_for }) => waits_for !== 'message')) await pause(5)
  await account.settled()
  await account.close()
  await store.close()
  say(`one execution writes ${one.rows} rows and ${one.events} events`)
  return one
}

/** Rows of all kinds. */
async function rowsOf(store: Store): Promise<number> {
  let rows = 0
  for (const table of ['row', ...coldKinds.keys()]) {
    const [counted] = await store.query<{ rows: number }>({
      sql: `select count(*) as rows from "${table}"`,
      values: []
    })
    rows += Number(counted?.rows)
  }
  return rows
}

/** Seconds from the spawn to the first answer of /ready. */
async function restarts(folder: string, profile: string | undefined): Promise<number[]> {
  const took: number[] = []
  for (let k = 0; k <= starts; k++) {
    const server: Server = await spawnServer({ folder, profile })
    const ready_ms = await answers(server, '/ready')
    if (k > 0) took.push(ready_ms / 1000)
    await server.stop()
  }
  return took
}

function set(name: string, key: string, value: string, next: string): Widget {
  return { name, type: 'set-variables', properties: { variables: [{ key, value, type: 'string' }] }, ways: { next } }
}

function split(name: string, input: string, value: string, next: string): Widget {
  return { name, type: 'split-based-on', properties: { input, value }, ways: { match: next } }
}

/** The JSON text of a definition. */
function definitionOf(widgets: readonly Widget[]): string {
  const states = widgets.map(({ name, type, properties, ways }) => ({
    name,
    type,
    transitions: Object.entries(ways).map(([event, next]) => ({
      event,
      next,
      ...(event === 'match' && { conditions: [conditionOf(properties as { input: string; value: string })] }) // a split's
    })),
    properties
  }))
  return JSON.stringify({ description: 'Bot', initial_state: widgets[0]?.name, states })
}

function conditionOf({ input, value }: { readonly input: string; readonly value: string }) {
  return { friendly_name: value, arguments: [input], type: 'equal_to', value }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
