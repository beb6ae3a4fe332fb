import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { errorBody } from '@ringdown/contract/errors'
import type { Actor } from '@ringdown/engine/core/events'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { type WebSocket, WebSocketServer } from 'ws'
import { TokenRefused } from '../../access/token.ts'
import type { TokenCaller, Tokens } from '../../access/tokens.ts'
import { Unavailable } from '../../commit/ledger.ts'
import { answerPings } from '../pongs.ts'
import { onUpgrade, refuseUpgrade } from '../upgrade.ts'
import type { VoiceDevice, VoiceDevices, VoicePermission } from './devices.ts'
import { readSdkFrame, type SdkFrame, sdkErrors, sdkFrame, textIn } from './frames.ts'

export interface SignalOptions {
  readonly tokens: Tokens
  /** The devices of an account; undefined while this process does not own it. */
  readonly devices: (account_sid: string) => VoiceDevices | undefined
  /** What a caller may do with a device; undefined where nothing. */
  readonly permission: (caller: TokenCaller) => VoicePermission | undefined
  readonly machineNow: () => number
  readonly log: Logger
  /** Milliseconds between two heartbeats; without it as the SDK expects them. */
  readonly beat_ms?: number
}

/** The SDK's own path, and the same behind a label, for pages that say where they connect. */
const paths: ReadonlySet<string> = new Set(['/signal', '/voice-sdk/signal'])

/** A description, escaped, and what stands around it. */
const maxPayload = 64 * 1024
/** Sockets in all, and frames that one may send in ten seconds. */
const maxSockets = 20_000
const maxFrames = 200
/** The SDK gives a socket up that has been silent for 15 seconds. */
const beat_ms = 10_000
/** Milliseconds for the first frame. */
const greeting_ms = 10_000
/** Bytes that may wait for who does not read. */
const unread_bytes = 256 * 1024

/**
 * Mounts what `@twilio/voice-sdk` connects to: a WebSocket at `/signal` (reference voice 13). To be called before whoever
 * takes all other sockets is mounted, and before the server listens.
 */
export function mountVoiceSdk(app: FastifyInstance, options: SignalOptions): void {
  const signal = new Signal(options)
  onUpgrade(app.server, {
    takes: ({ url }) => paths.has((url ?? '').split('?', 1)[0] ?? ''),
    upgrade: (request, socket, head) => signal.upgrade(request, socket, head)
  })
  app.addHook('preClose', async () => signal.close())
}

class Signal {
  readonly #options: SignalOptions
  readonly #server = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    autoPong: false,
    maxPayload,
    clientTracking: false
  })
  readonly #sockets = new Set<SignalSocket>()
  readonly #beating: NodeJS.Timeout

  constructor(options: SignalOptions) {
    this.#options = options
    this.#beating = setInterval(() => {
      for (const socket of this.#sockets) socket.beat()
    }, options.beat_ms ?? beat_ms).unref()
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#sockets.size >= maxSockets) {
      const message = 'Too many sockets are open: try again later'
      refuseUpgrade(socket, errorBody({ status: 429, code: 20429, message }), request)
      return
    }
    this.#server.handleUpgrade(request, socket, head, (opened) => {
      answerPings(opened)
      const device = new SignalSocket(opened, this.#options)
      this.#sockets.add(device)
      opened.once('close', () => this.#sockets.delete(device))
    })
  }

  close(): void {
    clearInterval(this.#beating)
    for (const socket of this.#sockets) socket.goAway()
    this.#server.close()
  }
}

/** One page, as long as its socket is open. */
class SignalSocket implements VoiceDevice {
  readonly id = randomUUID()
  readonly #socket: WebSocket
  readonly #options: SignalOptions
  #admitted:
    | { readonly permission: VoicePermission; readonly devices: VoiceDevices; readonly caller: TokenCaller }
    | undefined
  #isRegistered = false
  /** Whether anything has come since the last heartbeat, which the SDK answers. */
  #isAlive = true
  #frames = 0
  /** What it says is done one after the other. */
  #work: Promise<void> = Promise.resolve()
  #hasExpired = false

  constructor(socket: WebSocket, options: SignalOptions) {
    this.#socket = socket
    this.#options = options
    const late = setTimeout(() => {
      if (!this.#admitted) socket.terminate()
    }, greeting_ms)
    socket.on('message', (data, isBinary) => this.#take(isBinary ? '' : String(data)))
    socket.on('error', () => {}) // a close follows
    socket.on('close', () => {
      clearTimeout(late)
      this.#admitted?.devices.leave(this)
    })
  }

  get permission(): VoicePermission {
    if (!this.#admitted) throw new Error('invariant: a device that does anything has been admitted')
    return this.#admitted.permission
  }

  get actor(): Actor | undefined {
    return this.#admitted?.caller.actor
  }

  get isRegistered(): boolean {
    return this.#isRegistered
  }

  say(type: string, payload: object): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return
    if (this.#socket.bufferedAmount > unread_bytes) this.#socket.terminate()
    else this.#socket.send(sdkFrame(type, payload))
  }

  /** Keeps the socket open, and looks after the token. A network that is gone closes nothing by itself. */
  beat(): void {
    if (!this.#isAlive) {
      this.#socket.terminate()
      return
    }
    this.#isAlive = false
    this.#frames = 0
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.send('\n')
    const { caller, devices } = this.#admitted ?? {}
    if (!caller || this.#hasExpired || caller.standing()) return
    // Calls that are under way go on.
    this.#hasExpired = true
    devices?.unregister(this)
    this.#isRegistered = false
    this.say('error', { error: sdkErrors.expired })
  }

  goAway(): void {
    this.#socket.close(1001, 'the server is stopping')
    setTimeout(() => this.#socket.terminate(), 250).unref()
  }

  #take(text: string): void {
    this.#isAlive = true
    this.#frames++
    if (this.#frames > maxFrames) this.#socket.terminate()
    const frame = this.#frames > maxFrames ? undefined : readSdkFrame(text)
    if (!frame) return
    this.#work = this.#work
      .then(() => this.#does(frame))
      .catch((err: unknown) =>
        this.#options.log.warn({ err, frame_type: frame.type.slice(0, 32) }, 'a frame of a device failed')
      )
  }

  async #does(frame: SdkFrame): Promise<void> {
    if (frame.type === 'listen') return this.#listen(frame)
    if (!this.#admitted) {
      // The SDK sends what it has kept beside its token, without waiting whether that is taken.
      return
    }
    const { devices } = this.#admitted
    if (frame.type !== 'register') return devices.take(this, frame)
    const { media } = frame.payload
    const isOn = typeof media === 'object' && media !== null && 'audio' in media && media.audio === true
    this.#isRegistered = isOn && !this.#hasExpired
    if (this.#isRegistered) devices.register(this)
    else if (this.#hasExpired) this.say('error', { error: sdkErrors.expired })
    else devices.unregister(this)
  }

  async #listen({ payload }: SdkFrame): Promise<void> {
    const { tokens, devices: devicesOf, permission: permissionOf, machineNow } = this.#options
    try {
      const caller = await tokens.caller(textIn(payload, 'token', 16 * 1024) ?? '')
      const permission = permissionOf(caller)
      const devices = devicesOf(caller.account_sid)
      if (!devices) throw new Unavailable(`account ${caller.account_sid} is not served here`)
      if (!permission) throw new TokenRefused('grants')
      const before = this.#admitted
      // Another identity is another device.
      if (before && (before.permission.identity !== permission.identity || before.devices !== devices))
        throw new TokenRefused('grants')
      this.#admitted = { permission, devices, caller }
      this.#hasExpired = false
      const ttl = Math.max(0, Math.floor((caller.expires_at - machineNow()) / 1000))
      this.say('connected', {
        region: 'ringdown',
        edge: 'ringdown',
        token: { identity: permission.identity, ttl }
      })
    } catch (error) {
      if (error instanceof TokenRefused) {
        this.say('error', {
          error: error.isExpired ? sdkErrors.expired : { ...sdkErrors.token, message: error.message }
        })
        if (!this.#admitted) this.#socket.close(1000)
        return
      }
      if (!(error instanceof Unavailable)) throw error
      this.say('error', { error: { ...sdkErrors.connection, message: error.message, retryAfter: 2 } })
      this.#socket.close(1013)
    }
  }
}
