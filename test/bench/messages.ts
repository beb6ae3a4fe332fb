import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server as Receiver } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocket } from 'ws'
import { type Answer, Connection, Connections, expected } from './api.ts'
import {
  atLeast,
  atMost,
  count,
  type Measured,
  median,
  ms,
  type Options,
  perSecond,
  quantile,
  say
} from './measured.ts'
import { middleOf, sampleText, usedBy, usedSince } from './processor.ts'
import { account_sid, type Server, startServer } from './server.ts'

const ours = '+37256000001'
const contacts = 200
const agents = 20
/** Messages a second of both sides: each customer's is answered. */
const offered = 540

/** Messages a second that have to be carried. */
const wanted = 500
/** Conversations that wait for an answer, or for its receipt. Where they are more, the server does not keep up. */
const maxUnderWay = 400
const long = 10_000
const short = 100

/** Messages of customers in and agents' answers out, with all who are told; and how long conversations are paged. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const receiver = await Listener.open()
  const server = await startServer({ profile, more: ['--allow-private-destinations'] })
  const floor = await Floor.open(server, receiver)
  await floor.talk(seconds)
  const samples: Awaited<ReturnType<Floor['talk']>>[] = []
  for (let k = 0; k < 3; k++) {
    const one = await floor.talk(seconds)
    samples.push(one)
    say(
      `${perSecond(one.rate)}: agent p50 ${ms(one.heard.p50)}, p99 ${ms(one.heard.p99)}; webhook p99 ${ms(one.told.p99)}; receipt p99 ${ms(one.receipt.p99)}${one.left > 0 ? `, ${count(one.left)} not offered` : ''}`
    )
  }
  floor.close()
  const pages = await paged(server)
  await server.stop()
  receiver.close()
  const middle = (of: (one: (typeof samples)[number]) => number) => median(samples.map(of))
  const left = samples.reduce((sum, one) => sum + one.left, 0)
  return {
    figures: [
      atLeast(
        'messages of contacts, in and out',
        middle(({ rate }) => rate),
        wanted,
        perSecond
      ),
      ...(['heard', 'told', 'receipt'] as const).flatMap((what) => [
        atMost(
          `${names[what]}, p99`,
          middle((one) => one[what].p99),
          60,
          ms
        ),
        { what: 'the same, p50', figure: ms(middle((one) => one[what].p50)) }
      ]),
      {
        what: "answered messages, and the server's processor time of each pair",
        figure: sampleText(middleOf(samples.map(({ used, rate }) => ({ used, rate: rate / 2 }))))
      },
      ...pages.map(({ name, ratio, worst, base }) => ({
        ...atMost(
          `a page of ${count(long)} messages over one of ${count(short)}, ${name}, its slowest tenth`,
          ratio,
          1.5,
          times
        ),
        what: `a page of ${count(long)} messages over one of ${count(short)}, ${name}, its slowest tenth (${ms(worst)} / ${ms(base)})`
      }))
    ],
    how: `One process, SQLite, ${count(contacts)} customers with virtual phones of SMS, whose first message has made each a conversation by the configuration of our address; each has one of ${agents} agents, who follows by a WebSocket of the feed with a token of the own, and a webhook for added messages, to a receiver on the same machine. ${count(offered / 2)} customers' messages a second are due, evenly, whatever is still under way; once an agent hears one, it is answered, and the answer's receipt says delivered when the phone has it. Times run from the request to the arrival. Both directions are counted as messages; each answered one is two requests, a webhook, and four messages on sockets, and all of it is durable before anybody hears it. Median of three samples after one to warm up.${left > 0 ? ` **It did not keep up**: ${count(left)} were not offered because ${maxUnderWay} were under way.` : ''} Pages of 50 by \`next_page_url\`, one after the other; each at the best of three walks; of the long conversation the tenth of its pages that takes longest, medians.`
  }
}

const times = (value: number) => `${value.toFixed(2)}x`

const names = {
  heard: "a customer's message to its agent's socket",
  told: "a customer's message to the webhook",
  receipt: "an agent's answer to its receipt on the socket"
}

/** A receiver of webhooks; `told` is called with the text of each message. */
class Listener {
  readonly #server: Receiver
  told: (body: string) => void = () => {}

  private constructor(server: Receiver) {
    this.#server = server
  }

  static async open(): Promise<Listener> {
    const listener: Listener = new Listener(
      createServer((request, response) => {
        const pieces: Buffer[] = []
        request.on('data', (piece: Buffer) => pieces.push(piece))
        request.on('end', () => {
          response.end()
          listener.told(new URLSearchParams(Buffer.concat(pieces).toString()).get('Body') ?? '')
        })
      })
    )
    listener.#server.keepAliveTimeout = 60_000
    listener.#server.listen(0, '127.0.0.1')
    await once(listener.#server, 'listening')
    return listener
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/` // it listens on a port
  }

  close(): void {
    this.#server.closeAllConnections()
    this.#server.close()
  }
}

interface Contact {
  readonly phone: string
  readonly conversation: string
  readonly agent: string
}

interface Sid {
  readonly sid: string
}

/** What is waited for, by text of a message or by its SID. */
class Arrivals {
  readonly #waiting = new Map<string, () => void>()
  readonly #early = new Set<string>()

  for(key: string): Promise<number> {
    if (this.#early.delete(key)) return Promise.resolve(performance.now())
    return new Promise((resolve) => this.#waiting.set(key, () => resolve(performance.now())))
  }

  came(key: string): void {
    const waiting = this.#waiting.get(key)
    this.#waiting.delete(key)
    if (waiting) waiting()
    else this.#early.add(key)
  }
}

class Floor {
  readonly #connections: Connections
  readonly #server: Server
  readonly #contacts: readonly Contact[]
  readonly #sockets: readonly WebSocket[]
  readonly #heard = new Arrivals()
  readonly #told = new Arrivals()
  readonly #receipts = new Arrivals()
  #n = 0

  private constructor(
    server: Server,
    connections: Connections,
    contacts: readonly Contact[],
    sockets: readonly WebSocket[]
  ) {
    this.#server = server
    this.#connections = connections
    this.#contacts = contacts
    this.#sockets = sockets
  }

  static async open(server: Server, receiver: Listener): Promise<Floor> {
    const connections = await Connections.open(server, 64)
    const post = <T = Sid>(path: string, params: Record<string, string>, status = 201) =>
      connections.with(async (connection) => expected<T>(await connection.post(path, params), status))
    const key = await post<Sid & { secret: string }>(`/2010-04-01/Accounts/${account_sid}/Keys.json`, {})
    await post('/conversations/v1/Configuration/Addresses', {
      Type: 'sms',
      Address: ours,
      'AutoCreation.Enabled': 'true',
      'AutoCreation.Type': 'webhook',
      'AutoCreation.WebhookUrl': receiver.url,
      'AutoCreation.WebhookMethod': 'POST',
      'AutoCreation.WebhookFilters': 'onMessageAdded'
    })
    const made = await Promise.all(
      Array.from({ length: contacts }, async (_, n): Promise<Contact> => {
        const address = `+33600${String(n).padStart(6, '0')}`
        const phone = `/ringdown/v1/Phones/${(await post('/ringdown/v1/Phones', { Address: address })).sid}/Messages`
        await post(phone, { To: ours, Body: 'Hello' })
        const { conversations } = await connections.with(async (connection) =>
          expected<{ conversations: readonly { conversation_sid: string }[] }>(
            await connection.get(`/conversations/v1/ParticipantConversations?Address=${encodeURIComponent(address)}`),
            200
          )
        )
        const conversation = `/conversations/v1/Conversations/${conversations[0]?.conversation_sid}`
        const agent = `agent-${n % agents}`
        await post(`${conversation}/Participants`, { Identity: agent })
        return { phone, conversation: `${conversation}/Messages`, agent }
      })
    )
    const sockets: WebSocket[] = []
    const floor = new Floor(server, connections, made, sockets)
    for (let n = 0; n < agents; n++) sockets.push(await floor.#follow(tokenOf(key, `agent-${n}`)))
    receiver.told = (body) => floor.#told.came(body)
    return floor
  }

  async #follow(token: string): Promise<WebSocket> {
    const types = 'message.added,message.delivery.updated'
    const socket = new WebSocket(
      `ws://${this.#server.host}:${this.#server.port}/ringdown/v1/Events/socket?types=${types}`,
      {
        headers: { authorization: `Bearer ${token}` }
      }
    )
    await once(socket, 'message')
    socket.on('message', (data) => {
      const { events = [] } = JSON.parse(String(data)) as {
        events?: { type: string; data: { body: string; message_sid: string; status: string } }[]
      }
      for (const { type, data: about } of events) {
        if (type === 'message.added') this.#heard.came(about.body)
        else if (about.status === 'delivered') this.#receipts.came(about.message_sid)
      }
    })
    return socket
  }

  /** Customers write as often as is offered, and are answered. Times in milliseconds. */
  async talk(seconds: number) {
    const heard: number[] = []
    const told: number[] = []
    const receipt: number[] = []
    const post = (path: string, params: Record<string, string>) =>
      this.#connections.with(async (connection) => expected<Sid>(await connection.post(path, params), 201).sid)
    let underWay = 0
    let left = 0
    const one = async ({ phone, conversation, agent }: Contact, Body: string) => {
      const sent = performance.now()
      const told_at = this.#told.for(Body)
      const heard_at = this.#heard.for(Body)
      const written = post(phone, { To: ours, Body })
      heard.push((await heard_at) - sent)
      const answered = performance.now()
      const sid = await post(conversation, { Author: agent, Body: `Re: ${Body}` })
      receipt.push((await this.#receipts.for(sid)) - answered)
      told.push((await told_at) - sent)
      await written
      underWay--
    }
    const pid = this.#server.child.pid as number // it runs
    const before = usedBy(pid)
    const begun = performance.now()
    const all: Promise<void>[] = []
    const rate = offered / 2
    for (let k = 0; k < seconds * rate; k++) {
      const due = begun + (k * 1000) / rate
      while (performance.now() < due) await new Promise((resolve) => setTimeout(resolve, 1))
      if (underWay >= maxUnderWay) {
        left++
        continue
      }
      underWay++
      const n = this.#n++
      const contact = this.#contacts[n % contacts] as Contact // of all
      const talked = one(contact, `No. ${n}`)
      talked.catch(() => {}) // told by Promise.all, as soon as no more are begun
      all.push(talked)
    }
    await Promise.all(all)
    const p = (values: readonly number[]) => ({ p50: median(values), p99: quantile(values, 0.99) })
    return {
      rate: (all.length * 2) / ((performance.now() - begun) / 1000),
      used: usedSince(pid, before, all.length),
      left,
      heard: p(heard),
      told: p(told),
      receipt: p(receipt)
    }
  }

  close(): void {
    for (const socket of this.#sockets) socket.terminate()
    this.#connections.close()
  }
}

/** A chat grant in the layout of Twilio's helper library. */
function tokenOf({ sid, secret }: { readonly sid: string; readonly secret: string }, identity: string): string {
  const now = Math.floor(Date.now() / 1000)
  const claims = {
    ...{ jti: `${sid}-${now}`, iss: sid, sub: account_sid, iat: now, exp: now + 3600 },
    grants: { identity, chat: {} }
  }
  const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signed = `${encoded({ alg: 'HS256', typ: 'JWT', cty: 'twilio-fpa;v=1' })}.${encoded(claims)}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

interface Paging {
  readonly name: string
  readonly ratio: number
  /** Milliseconds of a page. */
  readonly worst: number
  readonly base: number
}

/** A long conversation and a short one, page by page: while they are open, backwards, and once they are closed. */
async function paged(server: Server): Promise<Paging[]> {
  const connections = await Connections.open(server, 32)
  const filled = async (messages: number) => {
    const path = await connections.with(async (connection) => {
      const { sid } = expected<Sid>(await connection.post('/conversations/v1/Conversations', {}), 201)
      return `/conversations/v1/Conversations/${sid}`
    })
    await Promise.all(
      Array.from({ length: messages }, (_, n) =>
        connections.with(async (connection) =>
          expected(await connection.post(`${path}/Messages`, { Author: 'ana', Body: `What was said as No. ${n}` }), 201)
        )
      )
    )
    return path
  }
  const few = await filled(short)
  const many = await filled(long)
  const connection = await Connection.open(server)
  const compared = async (name: string, query: string): Promise<Paging> => {
    await bestOf(connection, few + query)
    const base: number[] = []
    for (let k = 0; k < 10; k++) base.push(...(await bestOf(connection, few + query)))
    const all = await bestOf(connection, many + query)
    if (all.length !== long / 50) throw new Error(`the long conversation has ${all.length} pages`)
    const tenth = all.length / 10
    const worst = Math.max(...Array.from({ length: 10 }, (_, k) => median(all.slice(k * tenth, (k + 1) * tenth))))
    return { name, worst, base: median(base), ratio: worst / median(base) }
  }
  const found = [await compared('open', '/Messages'), await compared('newest first', '/Messages?Order=desc')]
  for (const path of [few, many]) expected(await connection.post(path, { State: 'closed' }), 200)
  found.push(await compared('closed', '/Messages'))
  for (const one of found) say(`${one.name}: ${ms(one.base)} a page of few, ${ms(one.worst)} of many`)
  connection.close()
  connections.close()
  return found
}

/** Milliseconds of each page at the best of three walks: what else the machine does falls on another page each time. */
async function bestOf(connection: Connection, path: string): Promise<number[]> {
  const walks: number[][] = []
  for (let k = 0; k < 3; k++) walks.push(await pagesOf(connection, path))
  return (walks[0] ?? []).map((_, page) => Math.min(...walks.map((walk) => walk[page] ?? Number.NaN)))
}

/** Milliseconds of each page. */
async function pagesOf(connection: Connection, path: string): Promise<number[]> {
  const found: number[] = []
  for (let next: string | null = path; next !== null; ) {
    const begun = performance.now()
    const answer: Answer = await connection.get(next)
    found.push(performance.now() - begun)
    const { meta }: { meta: { next_page_url: string | null } } = expected(answer, 200)
    const url: URL | null = meta.next_page_url === null ? null : new URL(meta.next_page_url)
    next = url && url.pathname + url.search
  }
  return found
}
