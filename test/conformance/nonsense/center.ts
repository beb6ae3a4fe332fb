import { mkdtemp, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type OperationId, operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import { defaultSettings } from '@ringdown/engine/settings'
import { coldKinds } from '@ringdown/server/commit/kinds'
import { implemented } from '@ringdown/server/operations/registry'
import type { StartOptions } from '@ringdown/server/start'
import { expect } from 'vitest'
import { findPostgres, type PostgresPlace, postgresPlace } from '../../store/places.ts'
import { type Receiver, type Reply, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'
import { conforms } from '../conforms.ts'
import { operationOf } from '../observed.ts'

/*
 * What the stories of nonsense share: a center that has one of everything, and the ways to ask it anything, to see
 * whether it has changed, and to look at all that it shows. The seed is fixed, so that a test run tells of the code and
 * not of luck; `NONSENSE_SEED=7 NONSENSE_RUNS=200` looks elsewhere and longer, `NONSENSE_STORE=postgres` on the other
 * store.
 */

export const seed = Number(process.env.NONSENSE_SEED ?? 1)
export const numRuns = Number(process.env.NONSENSE_RUNS ?? 10)
/** A longer run also looks at everything after each accepted write, and not only at what it touched. */
const isThorough = numRuns > 50

export interface Asked {
  readonly method: string
  /**
   * With its query. `~CH` in it stands for the youngest conversation that nonsense has made, and so on; a template
   * between `~~` for the path of something that it has made there.
   */
  readonly path: string
  readonly headers: Readonly<Record<string, string | readonly string[]>>
  readonly body: string
}

export interface Answer {
  /** As it was sent. */
  readonly path: string
  readonly status: number
  readonly text: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
}

/** What may not change when a request is refused. */
type Picture = ReadonlyMap<string, unknown>

/** Nobody listens there. */
export const nowhere = 'http://127.0.0.1:9/x'

/** A center on a store of its own, that can be started anew on what it has stored. */
export class Center {
  place: World
  readonly #folder: string
  readonly #database: PostgresPlace | undefined
  readonly #options: Partial<StartOptions>
  readonly #agent = new Agent({ keepAlive: true })
  /** Takes webhooks and callbacks, and answers them as it is told to. */
  readonly receiver: Receiver
  /** What the next ones who ask are answered. */
  reply: Reply = {}
  /** SIDs of what was there from the beginning, by their letters. */
  readonly present = new Map<string, string[]>()
  /** Paths that lead somewhere, by their templates: `conversations/v1/Conversations/{Sid}`. */
  readonly paths = new Map<string, string[]>()
  /** SIDs of what nonsense has made. */
  readonly #made = new Map<string, string[]>()
  readonly #madePaths = new Map<string, string[]>()

  private constructor(
    place: World,
    folder: string,
    database: PostgresPlace | undefined,
    options: Partial<StartOptions>,
    hearing: Receiver
  ) {
    this.place = place
    this.#folder = folder
    this.#database = database
    this.#options = options
    this.receiver = hearing
  }

  static async open(): Promise<Center> {
    // No stream is anywhere but here.
    const hearing = await receiver({ auth_token: 'nobody checks', onReceived: () => {} })
    Object.assign(process.env, {
      AWS_ENDPOINT_URL_KINESIS: hearing.url,
      AWS_ACCESS_KEY_ID: 'nobody',
      AWS_SECRET_ACCESS_KEY: 'nothing'
    })
    const folder = await mkdtemp(join(tmpdir(), 'ringdown-nonsense-'))
    const found = process.env.NONSENSE_STORE === 'postgres' ? await findPostgres() : undefined
    const database = found === undefined ? undefined : await postgresPlace(found)
    const options: Partial<StartOptions> = {
      data: folder,
      settings: { ...defaultSettings, segment_url: hearing.url },
      ...(database && { database: database.url })
    }
    const center = new Center(await world(options), folder, database, options, hearing)
    hearing.answer('/asks', () => center.reply)
    await center.place.running.account
    await center.#furnish()
    return center
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    await this.place.close()
    await this.#database?.clear()
    await this.receiver.close()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Ends the server and starts it anew on its store. */
  async restart(): Promise<void> {
    await this.place.pass(0)
    await this.place.close()
    this.place = await world(this.#options)
    await this.place.running.account
  }

  // Asking

  async ask({ method, path, headers, body }: Asked): Promise<Answer> {
    const { hostname, port } = new URL(this.place.running.url)
    const sentTo = this.#filled(path).replaceAll(/~([A-Z]{2})/g, (_, prefix: string) => this.#doomed(prefix))
    const content = method === 'GET' || method === 'HEAD' ? '' : body
    return new Promise((resolve, reject) => {
      const sent = request({
        hostname,
        port,
        agent: this.#agent,
        method,
        path: sentTo,
        headers: {
          authorization: this.place.authorization,
          // Node writes the body of a DELETE without saying that there is one.
          ...(content !== '' && { 'content-length': Buffer.byteLength(content) }),
          ...headers
        }
      })
      sent.on('response', (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('end', () =>
          resolve({
            path: sentTo,
            status: response.statusCode ?? 0,
            text: Buffer.concat(parts).toString(),
            headers: response.headers
          })
        )
      })
      sent.on('error', reject)
      sent.end(content)
    })
  }

  get(path: string): Promise<Answer> {
    return this.ask({ method: 'GET', path, headers: {}, body: '' })
  }

  #doomed(prefix: string): string {
    return this.#made.get(prefix)?.at(-1) ?? `${prefix}${'0'.repeat(32)}`
  }

  /** Each path once: nothing is there afterwards. */
  #filled(path: string): string {
    return path.replace(/~~(.*?)~~/, (_, template: string) => this.#madePaths.get(template)?.pop() ?? `/${template}`)
  }

  /** Of nonsense that was taken: what it made may be deleted. */
  remember({
    ttid,
    sid = ttid,
    url
  }: {
    readonly ttid?: unknown
    readonly sid?: unknown
    readonly url?: unknown
  }): void {
    if (typeof sid === 'string') keep(this.#made, sid)
    if (typeof url !== 'string') return
    const { pathname } = new URL(url)
    const template = templateOf(operationOf('GET', pathname))
    this.#madePaths.set(template, [...(this.#madePaths.get(template) ?? []), pathname])
  }

  // Seeing

  /** How much has been decided, and every resident row. */
  async picture(): Promise<Picture> {
    const { state } = await this.place.running.account
    const { decision, next_seq, next_event, tables } = state
    const picture = new Map<string, unknown>(Object.entries({ decision, next_seq, next_event }))
    for (const [kind, table] of Object.entries(tables)) {
      if (coldKinds.has(kind)) continue
      for (const row of table.all()) picture.set(`${kind} ${row.sid}`, row)
    }
    return picture
  }

  /** Rows are never changed in place, so that hardly any has to be looked into. */
  async expectUnchanged(before: Picture): Promise<void> {
    const after = await this.picture()
    expect([...after.keys()].filter((key) => !before.has(key))).toEqual([])
    for (const [key, value] of before) if (after.get(key) !== value) expect([key, after.get(key)]).toEqual([key, value])
  }

  /** What restarts bring back: rows as JSON, which is how they are kept; those of cold kinds that are always in memory. */
  async rows(): Promise<Readonly<Record<string, string>>> {
    const { state } = await this.place.running.account
    const rows: Record<string, string> = {}
    for (const [kind, table] of Object.entries(state.tables)) {
      const resident = coldKinds.has(kind) ? residence(kind) : () => true
      for (const row of table.all()) {
        if (resident(row)) rows[`${kind} ${row.sid}`] = JSON.stringify(row)
      }
    }
    return rows
  }

  /** What was accepted, all that it says leads to it, and the list that it is in: each answers 200 and conforms. */
  async look({ method, path }: Asked, body: unknown): Promise<void> {
    const { url, links } = (body ?? {}) as { url?: string | null; links?: Record<string, string | null> | null }
    const [own = ''] = path.split('?', 1)
    const collection = method === 'DELETE' ? own.replace(/\/[^/]+\/?$/, '') : own
    const paths = [url, ...Object.values(links ?? {})].flatMap((one) => (one ? [new URL(one).pathname] : []))
    for (const target of new Set([...paths, collection])) {
      const operation = operationOf('GET', target)
      if (operation && implemented.has(operation.id)) await this.#lookAt(operation, target)
    }
    if (isThorough && operationOf('GET', collection)) await this.lookAround(operationOf('GET', collection)?.api ?? '')
  }

  /**
   * Everything of an API that can be reached from its roots by `url` and `links`, some rows of each kind: all answer 200
   * and conform. Answers what they said, without the server's address.
   */
  async lookAround(api: string): Promise<ReadonlyMap<string, string>> {
    const seen = new Map<string, string>()
    const often = new Map<string, number>()
    const next = this.#rootsOf(api)
    for (let path = next.shift(); path !== undefined; path = next.shift()) {
      const operation = operationOf('GET', path)
      if (seen.has(path) || !operation || !implemented.has(operation.id)) continue
      const count = often.get(operation.id) ?? 0
      if (count >= maxOfEach) continue
      often.set(operation.id, count + 1)
      const text = await this.#lookAt(operation, path)
      seen.set(path, text.replaceAll(this.place.running.url, ''))
      const body = JSON.parse(text)
      const rows = operation.listKey === null ? [body] : someOf(body[operation.listKey])
      for (const { url, links } of rows)
        for (const target of [url, ...Object.values(links ?? {})])
          if (typeof target === 'string') next.push(new URL(target).pathname)
    }
    return seen
  }

  /** What is listed at once is listed page by page as well, forwards and backwards. */
  async expectPaged(path: string, text: string): Promise<void> {
    const operation = operationOf('GET', path)
    if (!operation?.listKey) return
    const whole: readonly unknown[] = JSON.parse(text)[operation.listKey]
    const size = Math.max(1, Math.ceil(whole.length / 4))
    const pages: (readonly unknown[])[] = []
    const back: (readonly unknown[])[] = []
    let url: string | null = `${path}?PageSize=${size}${this.narrowed(operation)}`
    let way: 'next_page_url' | 'previous_page_url' = 'next_page_url'
    while (url !== null) {
      const { status, text: page } = await this.get(url)
      expect({ url, status }).toEqual({ url, status: 200 })
      const { [operation.listKey]: rows, ...envelope } = JSON.parse(page.replaceAll(this.place.running.url, ''))
      // The API of 2010 has its pages beside the list.
      const { next_page_uri, previous_page_uri } = envelope
      const meta = envelope.meta ?? { next_page_url: next_page_uri, previous_page_url: previous_page_uri }
      if (way === 'next_page_url') pages.push(rows)
      else back.unshift(rows)
      if (meta[way] === null && way === 'next_page_url' && meta.previous_page_url !== null) way = 'previous_page_url'
      url = meta[way]
    }
    // At once are no more than a page may have.
    expect(pages.flat().slice(0, whole.length)).toEqual(whole)
    if (pages.length > 1) expect(back).toEqual(pages.slice(0, -1))
  }

  async #lookAt(operation: Operation, path: string): Promise<string> {
    const query = operation.listKey === null ? '' : `?PageSize=1000${this.narrowed(operation)}`
    const { status, text } = await this.get(path + query)
    expect({ path, status, text: status === 200 ? '' : text }).toEqual({ path, status: 200, text: '' })
    expectConform(operation, JSON.parse(text))
    return text
  }

  /** What a list must be asked with beside its page. */
  narrowed({ id, resource }: Operation): string {
    if (id === 'iam_v1.ListGetKeys') return `&AccountSid=${this.place.running.credentials.account_sid}`
    return narrowed[resource] ?? ''
  }

  #rootsOf(api: string): string[] {
    const roots = operations
      .filter((one) => one.api === api && one.method === 'GET' && !one.path.includes('{'))
      .map((one) => `/${one.product}${one.path}`)
    const flex = (this.present.get('KD') ?? []).map((sid) => `/flex-api/v1/Interactions/${sid}`)
    const instances = (this.present.get('GO') ?? []).map((sid) => `/flex-api/v1/Instances/${sid}/InteractionWebhooks`)
    return api === 'flex_v1' ? [...roots, ...flex, ...instances] : roots
  }

  // Furnishing

  async made(path: string, form: Record<string, string | string[]>): Promise<Readonly<Record<string, string>>> {
    const { status, body } = await this.place.call(path, form)
    if (status >= 300) throw new Error(`${path} answers ${status}: ${JSON.stringify(body)}`)
    return body
  }

  /** One of everything, some of it over already. */
  async #furnish(): Promise<void> {
    const { call } = this.place
    await this.#furnishConversations()
    const { sid } = await this.made('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', Template: 'FIFO' })
    const base = `/taskrouter/v1/Workspaces/${sid}`
    const { activities } = (await call(`${base}/Activities`)).body
    const ActivitySid = activities[2].sid
    await this.made(`${base}/Workers`, { FriendlyName: 'Alice', ActivitySid, Attributes: '{"level":3}' })
    await this.made(`${base}/Workers`, { FriendlyName: 'Zoe\u0308', ActivitySid })
    for (let i = 0; i < 3; i++) await this.made(`${base}/Tasks`, { Attributes: `{"number":${i}}` })
    await this.#furnishEvents()
    await this.#furnishFlex()
    await this.place.pass(0)
    const { state } = await this.place.running.account
    for (const table of Object.values(state.tables)) for (const row of table.all()) keep(this.present, row.sid)
    const { messages } = (await call('/conversations/v1/Conversations/talk/Messages')).body
    const { users } = (await call('/conversations/v1/Users')).body
    const { conversations } = (await call('/conversations/v1/Conversations?State=closed')).body
    const instance = (await call('/flex-api/v1/Configuration')).body.flex_instance_sid
    for (const one of [...messages, ...users, ...conversations, { sid: instance }]) keep(this.present, one.sid)
    const theirs = operations.filter(({ product }) => product !== 'ringdown')
    for (const api of new Set(theirs.map((operation) => operation.api))) {
      for (const path of (await this.lookAround(api)).keys()) {
        const template = templateOf(operationOf('GET', path))
        this.paths.set(template, [...(this.paths.get(template) ?? []), path])
      }
    }
  }

  async #furnishConversations(): Promise<void> {
    const conversations = '/conversations/v1/Conversations'
    const talk = await this.made(conversations, { FriendlyName: 'Talk', UniqueName: 'talk' })
    await this.made(`${conversations}/${talk.sid}/Participants`, { Identity: 'alice' })
    await this.made(`${conversations}/${talk.sid}/Participants`, {
      'MessagingBinding.Address': '+15550001111',
      'MessagingBinding.ProxyAddress': '+15550002222'
    })
    await this.made('/conversations/v1/Users', { Identity: 'bob' })
    await this.made(`${conversations}/${talk.sid}/Participants`, { Identity: 'zoe\u0308' })
    await this.made(conversations, { UniqueName: 'zo\u00eb' })
    await this.made(`${conversations}/${talk.sid}/Messages`, { Body: 'hello', Author: 'alice' })
    await this.made(`${conversations}/${talk.sid}/Webhooks`, {
      Target: 'webhook',
      'Configuration.Url': `${this.receiver.url}/told`,
      'Configuration.Filters': ['onMessageAdded', 'onConversationRemoved']
    })
    const over = await this.made(conversations, { FriendlyName: 'Over', UniqueName: 'over' })
    await this.made(`${conversations}/${over.sid}/Participants`, { Identity: 'alice' })
    await this.made(`${conversations}/${over.sid}/Messages`, { Body: 'bye', Author: 'alice' })
    await this.made(`${conversations}/${over.sid}`, { State: 'closed' })
    const { sid } = await this.made('/conversations/v1/Services', { FriendlyName: 'Another' })
    const other = await this.made(`/conversations/v1/Services/${sid}/Conversations`, { UniqueName: 'talk' })
    await this.made(`/conversations/v1/Services/${sid}/Conversations/${other.sid}/Participants`, { Identity: 'alice' })
    await this.made('/conversations/v1/Configuration/Webhooks', {
      Filters: ['onMessageAdd', 'onConversationUpdate', 'onMessageAdded', 'onUserUpdated'],
      PreWebhookUrl: `${this.receiver.url}/asks`,
      PostWebhookUrl: `${this.receiver.url}/told`
    })
  }

  async #furnishEvents(): Promise<void> {
    const sink = await this.made('/events/v1/Sinks', {
      Description: 'Lake',
      SinkType: 'webhook',
      SinkConfiguration: JSON.stringify({
        destination: `${this.receiver.url}/told`,
        method: 'POST',
        batch_events: false
      })
    })
    const types = ['task.created', 'reservation.created'].map((one) => `com.twilio.taskrouter.${one}`)
    await this.made('/events/v1/Subscriptions', {
      Description: 'Reports',
      SinkSid: sink.sid ?? '',
      Types: types.map((type) => JSON.stringify({ type }))
    })
  }

  /** A contact that an agent has taken, and one that is over. */
  async #furnishFlex(): Promise<void> {
    const { body } = await this.place.call('/flex-api/v1/Configuration')
    const workspace_sid: string = body.taskrouter_workspace_sid
    const base = `/taskrouter/v1/Workspaces/${workspace_sid}`
    const { activities } = (await this.place.call(`${base}/Activities?Available=true`)).body
    const worker = await this.made(`${base}/Workers`, { FriendlyName: 'amelie', ActivitySid: activities[0].sid })
    const workflows = (await this.place.call(`${base}/Workflows`)).body.workflows
    await this.made(`${base}/Workflows/${workflows[0].sid}`, { AssignmentCallbackUrl: `${this.receiver.url}/asks` })
    await this.made(`/flex-api/v1/Instances/${body.flex_instance_sid}/InteractionWebhooks`, {
      WebhookUrl: `${this.receiver.url}/told`,
      WebhookEvents: ['onInteractionCreated', 'onParticipantJoined']
    })
    await this.made('/flex-api/v1/FlexFlows', {
      FriendlyName: 'Web',
      ChatServiceSid: body.chat_service_instance_sid,
      ChannelType: 'web'
    })
    for (const identity of ['dave', 'carol']) {
      const { sid, channel } = (await this.made('/flex-api/v1/Interactions', {
        Channel: JSON.stringify({ type: 'web', initiated_by: 'api', participants: [{ identity }] }),
        Routing: JSON.stringify({ properties: { workspace_sid, attributes: {} } })
      })) as unknown as { sid: string; channel: { sid: string } } // as the contract has it
      const { reservations } = (
        await this.place.call(`${base}/Workers/${worker.sid}/Reservations?ReservationStatus=pending`)
      ).body
      await this.made(`${base}/Workers/${worker.sid}/Reservations/${reservations[0].sid}`, {
        ReservationStatus: 'accepted'
      })
      if (identity === 'dave')
        await this.made(`/flex-api/v1/Interactions/${sid}/Channels/${channel.sid}`, {
          Status: 'closed',
          Routing: '{"status":"closed"}'
        })
    }
  }
}

/** What the contract lacks: its description has no null for what a flow without an integration shows. */
const unsaid = /: integration_type is null$/

/** An answer has the shape of the contract's response schema. */
export function expectConform({ id }: Operation, body: unknown): void {
  expect(conforms(id as OperationId, body).filter((complaint) => !unsaid.test(complaint))).toEqual([]) // the table's ids are OperationIds
}

/** The same for all operations of a path. */
export function templateOf(operation: Operation | undefined): string {
  return operation ? `${operation.product}${operation.path}` : ''
}

/** Rows of each operation that a look around fetches. */
const maxOfEach = 4

/** The oldest and the youngest. */
function someOf<T>(rows: readonly T[]): readonly T[] {
  return rows.length <= maxOfEach ? rows : [...rows.slice(0, maxOfEach / 2), ...rows.slice(-maxOfEach / 2)]
}

/** Lists that want to know of whom. */
const narrowed: Readonly<Record<string, string>> = {
  participant_conversation: '&Identity=alice',
  service_participant_conversation: '&Identity=alice'
}

function keep(sids: Map<string, string[]>, sid: string): void {
  const prefix = /^(?:[A-Z]{2}|[a-z_]+_)/.exec(sid)?.[0] ?? ''
  sids.set(prefix, [...(sids.get(prefix) ?? []), sid])
}

/** Whether a row of a cold kind is in memory always. */
function residence(kind: string): (row: object) => boolean {
  const resident = coldKinds.get(kind)?.resident // kinds without are never
  return (row) =>
    resident?.values.includes(String(Object.entries(row).find(([name]) => name === resident.column)?.[1])) ?? false
}
