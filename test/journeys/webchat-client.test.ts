import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { Webchat, type WebchatState } from '@ringdown/client/webchat'
import type { SocketLike } from '@ringdown/client/webchat-socket'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { type World, world } from '../support/world.ts'

/* The client of web chat as a page uses it, on a network that goes and comes back. */

const page = 'https://shop.example'

let here: World
let network: Network
let key: string
const open: Webchat[] = []

beforeEach(async () => {
  here = await world()
  network = await Network.to(Number(new URL(here.running.url).port))
  const address = await here.call('/conversations/v1/Configuration/Addresses', {
    Type: 'chat',
    Address: 'shop',
    'AutoCreation.Enabled': 'true',
    'AutoCreation.Type': 'default'
  })
  const made = await here.call('/ringdown/v1/Webchat/Deployments', {
    FriendlyName: 'Shop',
    AddressSid: address.body.sid,
    AllowedOrigins: [page],
    Limits: '{"messages_per_second":100,"message_burst":1000}'
  })
  key = made.body.sid
})
afterEach(async () => {
  for (const one of open.splice(0)) one.leave()
  await network.close()
  await here.close()
})

/** Between a page and the server: it can be cut. */
class Network {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  isUp = true

  static async to(port: number): Promise<Network> {
    const network = new Network(port)
    await new Promise<void>((resolve) => network.#server.listen(0, '127.0.0.1', resolve))
    return network
  }

  private constructor(port: number) {
    this.#server = createServer((socket) => {
      if (!this.isUp) return void socket.destroy()
      const out = new (socket.constructor as typeof Socket)()
      out.connect(port, '127.0.0.1')
      for (const one of [socket, out]) {
        this.#sockets.add(one)
        one.on('error', () => {})
        one.on('close', () => {
          this.#sockets.delete(one)
          socket.destroy()
          out.destroy()
        })
      }
      socket.pipe(out).pipe(socket)
    })
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}` // it listens
  }

  cut(): void {
    this.isUp = false
    for (const one of this.#sockets) one.destroy()
  }

  async close(): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}

/** A page of the shop, with what it keeps. */
function visitor(kept: { handle?: string | undefined } = {}): Webchat {
  const asPage: typeof fetch = (url, init) =>
    fetch(url, { ...init, headers: { ...init?.headers, origin: page, connection: 'close' } })
  const chat = new Webchat({
    url: network.url,
    key,
    handles: {
      read: async () => kept.handle,
      write: async (handle) => {
        kept.handle = handle
      }
    },
    fetch: asPage,
    // as: its events bring more than is looked at
    openSocket: (url) => new WebSocket(url, { origin: page }) as unknown as SocketLike
  })
  open.push(chat)
  return chat
}

function until(chat: Webchat, fits: (state: WebchatState) => boolean): Promise<WebchatState> {
  return new Promise((resolve) => {
    if (fits(chat.state)) return resolve(chat.state)
    const stop = chat.follow((state) => {
      if (!fits(state)) return
      stop()
      resolve(state)
    })
  })
}

const bodies = ({ messages }: WebchatState) => messages.map(({ body }) => body)

describe('a page in a chat', () => {
  it('begins with what was asked, hears an answer, types, reads, rates and ends', async () => {
    const chat = visitor()
    await chat.begin({ friendlyName: 'Ana', query: 'Where is it?' })
    const { session } = await until(chat, ({ connection }) => connection === 'live')
    const talk = here.client.conversations.v1.conversations(session?.conversation_sid ?? '')
    await here.client.conversations.v1
      .services(session?.chat_service_sid ?? '')
      .users.create({ identity: 'ada', friendlyName: 'Ada L.' })
    await talk.participants.create({ identity: 'ada' })
    await talk.messages.create({ author: 'ada', body: 'On its way' })
    const state = await until(chat, ({ messages }) => messages.length === 2)
    expect(bodies(state)).toEqual(['Where is it?', 'On its way'])
    expect(state.arrivals).toMatchObject([{ did: 'joined', participant: { identity: 'ada' }, after: 0 }])
    // Her name is on disk alone.
    await until(chat, ({ participants }) => participants.some(({ name }) => name === 'Ada L.'))
    chat.reads(1)
    await until(chat, ({ participants }) =>
      participants.some((one) => one.identity === session?.identity && one.last_read_message_index === 1)
    )
    chat.end()
    await until(chat, ({ phase }) => phase === 'over')
    chat.rate(4, 'Fine')
    expect((await until(chat, (now) => now.session?.rating === 4)).phase).toBe('over')
    await chat.forget()
    expect(chat.state).toMatchObject({ phase: 'idle', messages: [] })
  })

  it('sends each message once, in order, whatever the network does, and files before their messages', async () => {
    const chat = visitor()
    await chat.begin({})
    await until(chat, ({ connection }) => connection === 'live')
    for (let n = 0; n < 20; n++) chat.send(`No. ${n}`)
    chat.send('', new File(['a,b\n'], 'list.csv', { type: 'image/png' }))
    network.cut()
    for (let n = 20; n < 25; n++) chat.send(`No. ${n}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(chat.state.outgoing.length).toBeGreaterThanOrEqual(5)
    network.isUp = true
    const refused = await until(chat, ({ outgoing }) => outgoing.length === 1 && outgoing[0]?.is === 'failed')
    // Its bytes are no picture, and the server says so; everything else has gone out.
    expect(refused.outgoing[0]?.why).toBeTruthy()
    expect(bodies(await until(chat, ({ messages }) => messages.length === 25))).toEqual(
      Array.from({ length: 25 }, (_, n) => `No. ${n}`)
    )
  })

  it('comes back by its handle, on another page too, and shows what was missed', async () => {
    const kept: { handle?: string | undefined } = {}
    const first = visitor(kept)
    await first.begin({ query: 'Hello' })
    const { session } = await until(first, ({ connection }) => connection === 'live')
    first.leave()
    const talk = here.client.conversations.v1.conversations(session?.conversation_sid ?? '')
    await talk.messages.create({ author: 'ada', body: 'Are you there?' })
    const second = visitor(kept)
    expect(await second.resume()).toBe(true)
    expect(bodies(await until(second, ({ messages }) => messages.length === 2))).toEqual(['Hello', 'Are you there?'])
    await here.call(`/ringdown/v1/Webchat/Sessions/${session?.sid}`, undefined, { method: 'DELETE' })
    // Nobody comes in any more: it is said, and the next one begins anew.
    await until(second, ({ phase, connection }) => phase === 'gone' && connection === 'none')
    expect(kept.handle).toBeUndefined()
    expect(await visitor(kept).resume()).toBe(false)
  })

  it('rejects with what the server says: a form that is not complete, an identity that is not true', async () => {
    await here.call(`/ringdown/v1/Webchat/Deployments/${key}`, {
      Form: '{"fields":[{"name":"order","required":true}]}'
    })
    const chat = visitor()
    expect((await chat.deployment()).form).toEqual({ fields: [{ name: 'order', required: true }] })
    await expect(chat.begin({})).rejects.toMatchObject({ status: 400, message: expect.stringContaining('order') })
    await expect(chat.begin({ order: '1' }, 'e30.e30.x')).rejects.toMatchObject({ status: 403 })
    expect(chat.state.phase).toBe('idle')
  })
})
