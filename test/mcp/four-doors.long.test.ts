import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { situations } from '@ringdown/contract/situations'
import { seedOf } from '@ringdown/engine/core/ids'
import { ringdown } from '@ringdown/mcp/twilio-client'
import twilio from 'twilio'
import { expect, it, onTestFinished } from 'vitest'
import { findPostgres, postgresPlace } from '../store/places.ts'
import { Dice } from '../support/dice.ts'
import { credentials, type Started, started } from '../support/process.ts'
import { receiver } from '../support/receiver.ts'

/*
 * Every situation through four doors while the plug is pulled: the tool, polls, streams that go on from their cursor, and
 * webhooks. Afterwards each has told of the same events, by the same SIDs.
 */

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

const { account_sid, auth_token } = credentials
const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
const anything = { '~standard': { version: 1 as const, vendor: 'test', validate: (value: unknown) => ({ value }) } }
const pause = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`
const kills = 3

/** A server whose plug is pulled, and which is there again after a while. */
class Restarting {
  #server: Promise<Started>
  readonly #start: () => Promise<Started>
  /** How often it has been started. */
  lives = 1

  constructor(start: () => Promise<Started>) {
    this.#start = start
    this.#server = start()
  }

  get server(): Promise<Started> {
    return this.#server
  }

  async killed(): Promise<void> {
    const server = await this.#server
    this.#server = server.kill().then(this.#start)
    await this.#server
    this.lives++
  }

  async client() {
    const { url } = await this.#server
    const client = new Client(
      { name: 'test', version: '0.0.0' },
      { versionNegotiation: { mode: { pin: '2026-07-28' } } }
    )
    const transport = new StreamableHTTPClientTransport(new URL(`${url}/mcp`), {
      requestInit: { headers: { authorization } }
    })
    await client.connect(transport)
    return client
  }

  /** Does something until it is answered: whoever is not, asks again. */
  async insisting<T>(act: (url: string) => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      const { url } = await this.#server
      try {
        return await act(url)
      } catch (error) {
        if (tries > 100) throw error
        await pause(50)
      }
    }
  }

  asking(method: string, params: object): Promise<Answer> {
    return this.insisting(async () => {
      const client = await this.client()
      try {
        const answer: Answer = await client.request({ method, params } as never, anything as never)
        // A tool says what was not possible just now in its answer.
        if (answer.isError) throw new Error(answer.content?.[0]?.text)
        return answer
      } finally {
        await client.close()
      }
    })
  }
}

const database = await findPostgres()
const stores = ['SQLite', ...(database === undefined ? [] : ['PostgreSQL'])]

it.each(stores)(
  'tells every situation by tool, poll, stream and webhook with the same SIDs, under kill -9: %s',
  async (name) => {
    const folder = await mkdtemp(join(tmpdir(), 'ringdown-doors-'))
    const there = name === 'PostgreSQL' ? await postgresPlace(String(database)) : undefined
    // Files are kept beside the rows.
    const where = there ? ['--database', there.url, '--media', folder] : ['--data', folder]
    const place = new Restarting(() => started([...where, '--allow-private-destinations']))
    onTestFinished(async () => {
      await (await place.server).kill()
      await there?.clear()
      await rm(folder, { recursive: true, force: true })
    })
    const ear = await receiver({ auth_token })
    onTestFinished(() => ear.close())
    ear.answer('/hook', ({ json }) => (json.type === 'verification' ? { body: { challenge: json.challenge } } : {}))
    const sdk = <T>(act: (client: twilio.Twilio) => Promise<T>): Promise<T> =>
      place.insisting((url) => act(twilio(account_sid, auth_token, { httpClient: ringdown({ url }) })))

    const center = await opened(sdk)
    const watched = situations.map(({ name }) => ({ name, arguments: center.argumentsOf(name) }))
    const { cursor: begin } = await place.asking('events/poll', { ...watched[0], cursor: null })
    for (const one of watched)
      await place.asking('events/subscribe', { ...one, delivery: { url: `${ear.url}/hook`, secret } })
    let isOver = false
    const streams = watched.map(async (one) => {
      const ids = new Set<string>()
      let cursor: string = begin
      while (!isOver) {
        const client = await place.insisting(() => place.client())
        const life = place.lives
        const hangUp = new AbortController()
        const keep = (told: Answer) => {
          if (told.eventId) ids.add(told.eventId)
          cursor = told.cursor
          if (isOver) hangUp.abort()
        }
        for (const what of ['active', 'event', 'heartbeat'])
          client.setNotificationHandler(`notifications/events/${what}`, { params: anything }, keep)
        // The SDK waits on where a stream breaks off: a client that hears no heartbeat begins anew.
        const ended = setInterval(() => (isOver || place.lives !== life) && hangUp.abort(), 100)
        const params = { ...one, cursor }
        await client
          .request({ method: 'events/stream', params } as never, anything as never, {
            signal: hangUp.signal,
            timeout: 600_000
          })
          .catch(() => {}) // the plug was pulled, or all is over
        clearInterval(ended)
        await client.close().catch(() => {}) // its server is gone
        await pause(50)
      }
      return ids
    })
    const tool = followedByTool(place, begin, () => isOver)

    const dice = new Dice(seedOf(7, 0))
    const killing = (async () => {
      for (let kill = 0; kill < kills; kill++) {
        await pause(1_500 + dice.roll(1_500))
        await place.killed()
      }
    })()
    let rounds = 0
    let isKilling = true
    void killing.then(() => {
      isKilling = false
    })
    while (isKilling || rounds < 4) {
      await center.round()
      rounds++
    }
    // Waits of a second are over, and what is told of them has been sent.
    await pause(2_500)
    const polled = await Promise.all(watched.map((one) => allPolled(place, one, begin)))
    const hooked = (name: string) =>
      new Set(ear.to('/hook').flatMap(({ json }) => (json.name === name ? [json.eventId] : [])))
    const last = () => watched.every(({ name }, i) => [...(polled[i] ?? [])].every((id) => hooked(name).has(id)))
    await expect.poll(last, { timeout: 30_000, interval: 200 }).toBe(true)
    isOver = true
    const [streamed, tooled] = await Promise.all([Promise.all(streams), tool])
    for (const [i, { name }] of watched.entries()) {
      const ids = polled[i] ?? new Set()
      expect(ids.size, name).toBeGreaterThan(0)
      expect([...(streamed[i] ?? [])].sort(), `${name} on a stream`).toEqual([...ids].sort())
      expect([...hooked(name)].sort(), `${name} by webhook`).toEqual([...ids].sort())
      expect(
        [...ids].filter((id) => !tooled.has(id)),
        `${name} by the tool`
      ).toEqual([])
    }
  },
  240_000
)

type Sdk = <T>(act: (client: twilio.Twilio) => Promise<T>) => Promise<T>

/** A center in which every situation happens in each round, whatever was made of the last one. */
async function opened(sdk: Sdk) {
  const { taskrouterWorkspaceSid: ws } = await sdk((client) => client.flexApi.v1.configuration().fetch())
  const workspace = (client: twilio.Twilio) => client.taskrouter.v1.workspaces(ws)
  const activities = await sdk((client) => workspace(client).activities.list())
  const activity = (name: string) => activities.find(({ friendlyName }) => friendlyName === name)?.sid ?? ''
  const [workflow] = await sdk((client) => workspace(client).workflows.list())
  const [queue] = await sdk((client) => workspace(client).taskQueues.list())
  const amelie = await sdk((client) =>
    workspace(client).workers.create({ friendlyName: 'amelie', activitySid: activity('Available') })
  )
  const definition = { description: 'ends at once', initial_state: 'Trigger', flags: {}, states: [trigger] }
  const flow = await sdk((client) =>
    client.studio.v2.flows.create({ friendlyName: 'Short', status: 'published', definition })
  )
  let number = 0
  return {
    argumentsOf(name: string): object {
      if (name === 'reservation.offered') return { workerSid: amelie.sid }
      if (name === 'task.waiting') return { afterSeconds: 1 }
      if (name === 'queue.threshold') return { taskQueueSid: queue?.sid, metric: 'waiting', operator: '>=', value: 2 }
      return {}
    },
    async round(): Promise<void> {
      number++
      const attempt = async (act: (client: twilio.Twilio) => Promise<unknown>) => {
        // What was done without an answer is refused when it is done again.
        await sdk((client) => act(client).catch((error: { status?: number }) => void (error.status ?? fail(error))))
      }
      const one = await sdk((client) => workspace(client).tasks.create({ workflowSid: workflow?.sid ?? '' }))
      const two = await sdk((client) => workspace(client).tasks.create({ workflowSid: workflow?.sid ?? '' }))
      const offered = await sdk((client) =>
        workspace(client).workers(amelie.sid).reservations.list({ reservationStatus: 'pending' })
      )
      for (const { sid, taskSid } of offered)
        await attempt((client) =>
          workspace(client).tasks(taskSid).reservations(sid).update({ reservationStatus: 'rejected' })
        )
      await pause(1_100)
      for (const { sid } of [one, two])
        await attempt((client) => workspace(client).tasks(sid).update({ assignmentStatus: 'canceled' }))
      for (const name of ['Offline', 'Available'])
        await attempt((client) =>
          workspace(client)
            .workers(amelie.sid)
            .update({ activitySid: activity(name) })
        )
      const chat = await sdk((client) => client.conversations.v1.conversations.create())
      const room = (client: twilio.Twilio) => client.conversations.v1.conversations(chat.sid)
      await attempt((client) => room(client).messages.create({ author: 'ana', body: `hello ${number}` }))
      await attempt((client) =>
        client.flexApi.v1.interaction.create({
          channel: { type: 'chat', initiated_by: 'customer', properties: { media_channel_sid: chat.sid } },
          routing: { properties: { workspace_sid: ws, workflow_sid: workflow?.sid } }
        })
      )
      await attempt((client) => room(client).update({ state: 'closed' }))
      await attempt((client) =>
        client.studio.v2.flows(flow.sid).executions.create({ to: `+3360000${1000 + number}`, from: '+15005550006' })
      )
    }
  }
}

const trigger = {
  name: 'Trigger',
  type: 'trigger',
  transitions: [{ event: 'incomingMessage' }, { event: 'incomingCall' }, { event: 'incomingRequest' }],
  properties: { offset: { x: 0, y: 0 } }
}

function fail(error: unknown): never {
  throw error
}

/** SIDs of all that the tool tells, call after call from its cursor. */
async function followedByTool(place: Restarting, begin: string, isOver: () => boolean): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  let cursor = begin
  for (;;) {
    const wasOver = isOver()
    const { structuredContent } = await place.asking('tools/call', {
      name: 'wait_for_events',
      arguments: { cursor, waitSeconds: wasOver ? 0 : 1, maxEvents: 100 }
    })
    for (const { eventSid } of structuredContent.events) ids.add(eventSid)
    cursor = structuredContent.cursor
    if (wasOver && !structuredContent.hasMore) return ids
  }
}

async function allPolled(place: Restarting, one: object, begin: string): Promise<ReadonlySet<string>> {
  const ids = new Set<string>()
  let cursor = begin
  for (;;) {
    const told = await place.asking('events/poll', { ...one, cursor })
    for (const { eventId } of told.events) ids.add(eventId)
    cursor = told.cursor
    if (!told.hasMore) return ids
  }
}
