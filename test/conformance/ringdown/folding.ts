import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { WebSocket } from 'ws'
import { Dice } from '../../support/dice.ts'
import { type World, world } from '../../support/world.ts'
import { Day } from './day.ts'
import { ended, Folded, type Holder, type Lists, type Noun, nouns, type Row, type Rows, type Told } from './folded.ts'

const open = ['pending', 'accepted', 'wrapping']

/** Somebody at a desk: signed in, with lists that were fetched once, and a socket of the feed. */
class Desk {
  readonly name: string
  readonly holder: Holder
  readonly workspace_sid: string
  #here: World
  #cookie = ''
  #token = ''
  #socket: WebSocket | undefined
  #cursor = ''
  #folded: Folded | undefined
  readonly #waiting: Told[] = []
  #woken = () => {}

  constructor(here: World, name: string, workspace_sid: string, holder: Holder) {
    this.name = name
    this.holder = holder
    this.workspace_sid = workspace_sid
    this.#here = here
  }

  async signIn(roles: string[], worker_sid: string): Promise<void> {
    const user = await this.#here.call('/ringdown/v1/Users', {
      Username: this.name,
      Roles: roles,
      WorkerSid: worker_sid
    })
    const link = await this.#here.call(`/ringdown/v1/Users/${user.body.sid}/SetupLinks`, {})
    const answer = await this.#session('/Setup', { secret: link.body.secret, password: 'correct horse battery' })
    this.#cookie = String(answer.headers.get('set-cookie')).split(';')[0] ?? ''
  }

  #session(path: string, body?: object): Promise<Response> {
    return fetch(`${this.#here.running.url}/ringdown/v1/Sessions${path}`, {
      method: 'POST',
      headers: { 'sec-fetch-site': 'same-origin', 'content-type': 'application/json', cookie: this.#cookie },
      ...(body && { body: JSON.stringify(body) })
    })
  }

  /** Fetches everything, and follows from before. */
  async begin(): Promise<void> {
    await this.#renew()
    const { headers } = await this.#get('/Activities', { 'ringdown-cursor': 'before' })
    this.#cursor = headers.get('ringdown-cursor') ?? ''
    expect(this.#cursor).not.toBe('')
    this.#folded = new Folded(await this.fetched(), this.holder)
    await this.connect()
  }

  async #renew(): Promise<void> {
    this.#token = ((await (await this.#session('/Current/Token')).json()) as { token: string }).token
  }

  /** Goes on from where it was, on this server or the one that has taken its place. */
  async connect(here = this.#here): Promise<void> {
    this.#here = here
    await this.#renew()
    const url = `${here.running.url.replace('http', 'ws')}/ringdown/v1/Events/socket`
    const socket = new WebSocket(url, { headers: { origin: here.running.url } })
    this.#socket = socket
    socket.on('error', () => {})
    await once(socket, 'open')
    socket.on('message', (text) => {
      const page = JSON.parse(String(text)) as { events?: Told[]; cursor?: string; truncated?: boolean }
      if (page.truncated) throw new Error('the feed has lost events')
      this.#waiting.push(...(page.events ?? []))
      this.#cursor = page.cursor ?? this.#cursor
      this.#woken()
    })
    socket.send(JSON.stringify({ token: this.#token, cursor: this.#cursor }))
  }

  disconnect(): void {
    this.#socket?.terminate()
    this.#socket = undefined
  }

  /** Waits for the event that says so, and folds everything before it. */
  async reaches(name: string): Promise<void> {
    const isThere = ({ type, data }: Told) => type === 'workspace.updated' && data.workspace_name === name
    const until = Date.now() + 10_000
    while (!this.#waiting.some(isThere)) {
      if (Date.now() > until) throw new Error(`${this.name} does not hear that it is ${name}`)
      await new Promise<void>((resolve) => {
        this.#woken = resolve
        setTimeout(resolve, 200)
      })
    }
    for (const event of this.#waiting.splice(0)) this.#folded?.fold(event)
    await this.#refresh()
  }

  /** Fetches what an event has let it see of before, and what another one may have hidden. */
  async #refresh(): Promise<void> {
    const { lists, stale } = this.#own
    if (stale.allTasks) {
      const fresh = await this.#tasks()
      for (const noun of ['tasks', 'reservations'] as const) {
        lists[noun].clear()
        for (const [sid, row] of fresh[noun]) lists[noun].set(sid, row)
      }
    } else if (stale.tasks.size > 0) {
      const fresh = await this.#tasks()
      for (const sid of stale.tasks) {
        const row = fresh.tasks.get(sid)
        if (row) lists.tasks.set(sid, row)
        else this.#own.dropTask(sid)
      }
    }
    for (const sid of stale.conversations) {
      this.#own.dropConversation(sid)
      for (const noun of ['messages', 'participants', 'notes', 'conversations'] as const)
        for (const row of (await this.#conversation(sid))[noun]) lists[noun].set(String(row.sid), row)
    }
    stale.allTasks = false
    stale.tasks.clear()
    stale.conversations.clear()
  }

  get #own(): Folded {
    if (!this.#folded) throw new Error('the desk has not begun')
    return this.#folded
  }

  /** What is folded, with what follows from other rows. */
  shown(): Record<Noun, Row[]> {
    const { lists } = this.#own
    // What was heard while an offer rang is no conversation of one's own.
    for (const noun of ['messages', 'participants', 'notes'] as const)
      for (const [sid, { conversation_sid }] of lists[noun])
        if (!lists.conversations.has(String(conversation_sid))) lists[noun].delete(sid)
    const workers = [...lists.workers.values()].map((row) => {
      const activity = lists.activities.get(String(row.activity_sid))
      return { ...row, activity_name: activity?.friendly_name, available: activity?.available }
    })
    const all = Object.fromEntries(nouns.map((noun) => [noun, [...lists[noun].values()]])) as Record<Noun, Row[]> // one each
    return sorted({ ...all, workers })
  }

  /** The same, fetched. */
  async fresh(): Promise<Record<Noun, Row[]>> {
    const lists = await this.fetched()
    const all = Object.fromEntries(nouns.map((noun) => [noun, [...lists[noun].values()]])) as Record<Noun, Row[]> // one each
    return sorted(all)
  }

  async fetched(): Promise<Lists> {
    const empty = Object.fromEntries(nouns.map((noun) => [noun, new Map()])) as unknown as Record<Noun, Rows> // one each
    const lists: Lists = empty
    const add = (noun: Noun, rows: readonly Row[]) => {
      for (const row of rows) lists[noun].set(String(row.sid), row)
    }
    add('activities', picked(await this.#list('/Activities'), ['sid', 'friendly_name', 'available']))
    add('task_queues', picked(await this.#list('/TaskQueues'), ['sid', 'friendly_name', 'target_workers']))
    add('workflows', picked(await this.#list('/Workflows'), ['sid', 'friendly_name']))
    add('workers', picked(await this.#list('/Workers'), workerFields))
    // Of others an agent sees the names; of itself everything.
    if (this.holder.role === 'agent')
      for (const sid of this.holder.workers ?? [])
        add('workers', picked([(await this.#get(`/Workers/${sid}`)).body], workerFields))
    const { tasks, reservations } = await this.#tasks()
    for (const [sid, row] of tasks) lists.tasks.set(sid, row)
    for (const [sid, row] of reservations) lists.reservations.set(sid, row)
    for (const sid of await this.#conversations()) {
      const found = await this.#conversation(sid)
      for (const noun of ['conversations', 'participants', 'messages', 'notes'] as const) add(noun, found[noun])
    }
    const { canned_responses } = (await this.#get('/ringdown/v1/CannedResponses?PageSize=1000')).body
    add('canned_responses', picked(canned_responses, ['sid', 'section', 'label', 'text']))
    return lists
  }

  async #tasks(): Promise<{ readonly tasks: Rows; readonly reservations: Rows }> {
    const living =
      'AssignmentStatus=pending&AssignmentStatus=reserved&AssignmentStatus=assigned&AssignmentStatus=wrapping'
    const tasks = picked(await this.#list('/Tasks', living), taskFields)
    const reservations: Row[] = []
    for (const { sid } of tasks) {
      const rows = await this.#list(`/Tasks/${sid}/Reservations`)
      const fields = ['sid', 'task_sid', 'worker_sid', 'reservation_status']
      reservations.push(...picked(rows, fields).filter((row) => open.includes(String(row.reservation_status))))
    }
    const bySid = (rows: readonly Row[]) => new Map(rows.map((row) => [String(row.sid), row]))
    return { tasks: bySid(tasks.filter((row) => !ended.has(row.assignment_status))), reservations: bySid(reservations) }
  }

  /** Conversations that are not closed. */
  async #conversations(): Promise<ReadonlySet<string>> {
    const found = new Set<string>()
    const { identities } = this.holder
    const v1 = '/conversations/v1'
    if (identities === undefined) {
      const { conversations } = (await this.#get(`${v1}/Conversations?PageSize=100`)).body
      for (const { sid, state } of conversations) if (state !== 'closed') found.add(sid)
    }
    for (const identity of identities ?? []) {
      const { conversations } = (await this.#get(`${v1}/ParticipantConversations?PageSize=50&Identity=${identity}`))
        .body
      for (const one of conversations) if (one.conversation_state !== 'closed') found.add(one.conversation_sid)
    }
    return found
  }

  async #conversation(sid: string): Promise<Record<'conversations' | 'participants' | 'messages' | 'notes', Row[]>> {
    const path = `/conversations/v1/Conversations/${sid}`
    const answer = await this.#get(path)
    // It may be gone again, or closed.
    if (answer.status !== 200 || answer.body.state === 'closed')
      return { conversations: [], participants: [], messages: [], notes: [] }
    const of = async (name: string, url: string) => (await this.#get(`${url}?PageSize=100`)).body[name] as Row[]
    const members = await of('participants', `${path}/Participants`)
    return {
      conversations: picked([answer.body], ['sid', 'friendly_name', 'unique_name', 'attributes', 'state']),
      participants: members.map(({ messaging_binding, ...row }) => ({
        ...picked([row], ['sid', 'conversation_sid', 'identity', 'attributes', 'last_read_message_index'])[0],
        address: (messaging_binding as { address?: string } | null)?.address ?? null
      })),
      messages: picked(await of('messages', `${path}/Messages`), messageFields),
      notes: picked(await of('notes', `/ringdown/v1/Conversations/${sid}/Notes`), noteFields)
    }
  }

  async #list(path: string, query = ''): Promise<Row[]> {
    const { body } = await this.#get(`${path}?PageSize=1000&${query}`)
    return body[body.meta.key]
  }

  #get(path: string, headers: Record<string, string> = {}) {
    const isWhole = /^\/(?:ringdown|conversations)\//.test(path)
    const whole = isWhole ? path : `/taskrouter/v1/Workspaces/${this.workspace_sid}${path}`
    return this.#here.call(whole, undefined, { headers: { authorization: `Bearer ${this.#token}`, ...headers } })
  }
}

const workerFields = ['sid', 'friendly_name', 'activity_sid', 'activity_name', 'available', 'attributes']
const taskFields = [
  ...['sid', 'assignment_status', 'attributes', 'priority', 'task_queue_sid', 'workflow_sid'],
  ...['task_channel_unique_name', 'addons']
]
const messageFields = ['sid', 'conversation_sid', 'index', 'author', 'body', 'attributes']
const noteFields = ['sid', 'conversation_sid', 'author', 'body', 'mentions']

function picked(rows: readonly Row[], fields: readonly string[]): Row[] {
  return rows.map((row) => Object.fromEntries(fields.map((name) => [name, row[name] ?? null])))
}

function sorted(lists: Record<Noun, Row[]>): Record<Noun, Row[]> {
  const bySid = (a: Row, b: Row) => (String(a.sid) < String(b.sid) ? -1 : 1)
  return Object.fromEntries(nouns.map((noun) => [noun, [...lists[noun]].sort(bySid)])) as Record<Noun, Row[]> // one each
}

/**
 * The feed of a simulated day, folded into what was fetched in the morning, is what is fetched in the evening: for an agent,
 * a supervisor of a team, one of everybody, and an administrator, each within what they may see. Connections break off and
 * go on from their cursor meanwhile, and the server is started anew.
 */
export async function foldedDay(seed: number): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'ringdown-folding-'))
  let here = await world({ data, seed })
  const day = await Day.begin(here, new Dice([seed, 7, 7, 7]))
  const all = undefined
  const team = new Set(day.of('red').map(({ sid }) => sid))
  const desks = [
    new Desk(here, 'ada', day.workspace_sid, {
      role: 'agent',
      workers: new Set([day.worker('ada').sid]),
      identities: new Set(['ada'])
    }),
    new Desk(here, 'eve', day.workspace_sid, {
      role: 'supervisor',
      workers: team,
      identities: new Set(day.of('red').map(({ identity }) => identity))
    }),
    new Desk(here, 'sam', day.workspace_sid, { role: 'head', workers: all, identities: all }),
    new Desk(here, 'nora', day.workspace_sid, { role: 'admin', workers: all, identities: all })
  ]
  const [ada, eve, sam, nora] = desks
  await ada?.signIn(['agent'], day.worker('ada').sid)
  await eve?.signIn(['supervisor'], day.worker('eve').sid)
  await sam?.signIn(['supervisor'], day.worker('sam').sid)
  await nora?.signIn(['admin'], day.worker('nora').sid)
  await day.act(30)
  for (const desk of desks) await desk.begin()
  const agree = async (name: string) => {
    await day.mark(name)
    for (const desk of desks) await desk.reaches(name)
    for (const desk of desks) expect(desk.shown(), `${desk.name} at ${name}`).toEqual(await desk.fresh())
  }
  await agree('as it begins')
  await day.act(60)
  await agree('in the morning')
  for (const desk of desks) desk.disconnect()
  await day.act(40)
  for (const desk of desks) await desk.connect()
  await agree('after a disconnection')
  // The server is stopped while things go on, and its log is read from the store afterwards.
  await day.act(20)
  const at = here.running.clock?.now()
  for (const desk of desks) desk.disconnect()
  await here.close()
  here = await world({ data, at })
  day.goOn(here)
  await day.act(40)
  for (const desk of desks) await desk.connect(here)
  await agree('after a restart')
  await day.act(60)
  await agree('in the evening')
  // It was a day, and nobody saw nothing.
  for (const desk of desks) {
    const { tasks, conversations } = desk.shown()
    expect(tasks.length + conversations.length, desk.name).toBeGreaterThan(0)
  }
  expect(day.refused).toBeLessThan(day.done)
  for (const desk of desks) desk.disconnect()
  await here.close()
  await rm(data, { recursive: true })
}
