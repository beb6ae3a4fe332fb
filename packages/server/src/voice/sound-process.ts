import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createConnection, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { LegEvent, LegReport } from '@ringdown/contract/voice-leg'
import {
  type LegOrder,
  Lines,
  type LinkOrder,
  type LinkReport,
  type LinkSignal,
  type SoundFigures,
  type SoundOn
} from '@ringdown/contract/voice-link'
import type { Logger } from 'pino'

export interface SoundOptions {
  /** The folder of the process: its socket, and recordings in progress. */
  readonly folder: string
  /** What the process knows the server by; the same one after a start. */
  readonly secret: string
  readonly ice_servers: readonly string[]
  readonly webrtc?: readonly string[] | undefined
  readonly port?: number | undefined
  readonly log: Logger
}

/** What is done with what the process reports. */
export interface SoundEvents {
  /** It is there, and has to be sent every leg. */
  readonly ready: (on: SoundOn) => void
  /** It is gone. */
  readonly gone: () => void
  readonly report: (report: LegReport) => void
  readonly lost: (call_sid: string, device: string) => void
  /** Resolves with the path of the sound at an address. */
  readonly fetch: (address: string) => Promise<string>
}

/** The process has gone before it has answered. */
export class SoundGone extends Error {
  override name = 'SoundGone'
}

/** Milliseconds for a process to listen. */
const start_ms = 10_000
/** Milliseconds before it is started again; the more often it dies, the longer, up to the last. */
const pauses_ms = [0, 100, 250, 500, 1000]
/** A process that has lived for so long has not failed at once. */
const settled_ms = 10_000
const answer_ms = 10_000
const stop_ms = 3000

/** A question to the process that has no answer yet. */
interface PendingAnswer {
  readonly resolve: (value: never) => void
  readonly reject: (error: Error) => void
  readonly late: NodeJS.Timeout
}

/** The process that has the sound: started, watched, started again, and stopped with the server that needs it. */
export class SoundProcess {
  readonly #options: SoundOptions
  readonly #events: SoundEvents
  readonly #socketPath: string
  readonly #pending = new Map<number, PendingAnswer>()
  #child: ChildProcess | undefined
  #socket: Socket | undefined
  #on: SoundOn | undefined
  #next = 1
  #fails = 0
  #isStopping = false
  #running: Promise<void> | undefined

  constructor(options: SoundOptions, events: SoundEvents) {
    this.#options = options
    this.#events = events
    this.#socketPath = socketOf(resolve(options.folder))
  }

  /**
   * Starts it, or goes on with one that another server has left; resolves when it is there for the first time, with what of
   * sound is on. Rejects where it does not come up in time; it is tried again all the same.
   */
  async start(): Promise<SoundOn> {
    mkdirSync(this.#options.folder, { recursive: true, mode: 0o700 })
    let late: NodeJS.Timeout | undefined
    try {
      return await new Promise<SoundOn>((resolve, reject) => {
        late = setTimeout(() => reject(new SoundGone('the process of the sound does not come up')), start_ms)
        late.unref()
        this.#running = this.#run(resolve).catch((error: unknown) => reject(error))
      })
    } finally {
      clearTimeout(late)
    }
  }

  /** What of sound is on; undefined while the process is not there. */
  get on(): SoundOn | undefined {
    return this.#on
  }

  /** Of the process that was started last, for who watches it. */
  get pid(): number | undefined {
    return this.#child?.pid
  }

  sendLeg(order: LegOrder): void {
    this.#say({ type: 'leg', ...order })
  }

  sendLegs(legs: readonly LegOrder[]): void {
    this.#say({ type: 'legs', legs })
  }

  heard(call_sid: string, number: number): void {
    this.#say({ type: 'heard', call_sid, number })
  }

  event(call_sid: string, event: LegEvent): void {
    this.#say({ type: 'event', call_sid, event })
  }

  /** Does something with a device's connection. Rejects with SoundGone, or with an error that says what is wrong with it. */
  signal(call_sid: string, device: string, signal: LinkSignal): Promise<string | null> {
    return this.#ask((id) => ({ type: 'signal', id, call_sid, device, signal }))
  }

  figures(): Promise<SoundFigures> {
    return this.#ask((id) => ({ type: 'figures', id }))
  }

  /** Leaves it to the next server: it goes on for half a minute. */
  async leave(): Promise<void> {
    this.#isStopping = true
    this.#socket?.end()
    await this.#running
  }

  /** Ends it. Resolves when it has gone. */
  async stop(): Promise<void> {
    this.#isStopping = true
    this.#say({ type: 'stop' })
    const late = setTimeout(() => this.#child?.kill('SIGKILL'), stop_ms)
    await this.#running
    clearTimeout(late)
  }

  async #run(ready: (on: SoundOn) => void): Promise<void> {
    while (!this.#isStopping) {
      const begun = performance.now()
      const socket = (await this.#connected()) ?? (await this.#spawned())
      if (socket) await this.#served(socket, ready)
      if (this.#isStopping) return
      this.#fails = performance.now() - begun > settled_ms ? 0 : this.#fails + 1
      const pause = pauses_ms[Math.min(this.#fails, pauses_ms.length - 1)] ?? 0
      this.#options.log.warn({ again_in_ms: pause }, 'the process that has the sound is gone: it is started again')
      await delay(pause)
    }
  }

  /** Starts the process, and waits until it listens. */
  async #spawned(): Promise<Socket | undefined> {
    const { folder, secret, ice_servers, port, webrtc = ['node-datachannel', 'werift'], log } = this.#options
    const options = { socket: this.#socketPath, folder: resolve(folder), ice_servers, webrtc, port }
    const program = createRequire(import.meta.url).resolve('@ringdown/voice-media/program')
    // It outlives a server that dies, so that people go on talking until the next one is there: nothing of it is the server's.
    const errors = openSync(join(folder, 'errors.txt'), 'w', 0o600)
    const child = spawn(process.execPath, [program, JSON.stringify(options)], {
      detached: true,
      stdio: ['ignore', 'ignore', errors],
      env: { ...process.env, RINGDOWN_VOICE_SECRET: secret }
    })
    child.unref()
    closeSync(errors)
    this.#child = child
    child.on('error', (err) => log.error({ err }, 'the process that has the sound cannot be started'))
    for (const begun = performance.now(); performance.now() - begun < start_ms; await delay(20)) {
      const socket = await this.#connected()
      if (socket) return socket
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return undefined
    }
    child.kill('SIGKILL')
    return undefined
  }

  #connected(): Promise<Socket | undefined> {
    return new Promise((resolve) => {
      const socket = createConnection(this.#socketPath)
      socket.once('connect', () => resolve(socket))
      socket.once('error', () => resolve(undefined))
    })
  }

  /** Resolves when the connection has ended. */
  #served(socket: Socket, ready: (on: SoundOn) => void): Promise<void> {
    socket.setEncoding('utf8')
    socket.write(`${JSON.stringify({ type: 'hello', secret: this.#options.secret } satisfies LinkOrder)}\n`)
    return new Promise((resolve) => {
      const lines = new Lines<LinkReport>((report) => this.#heard(report, socket, ready))
      socket.on('data', (text: string) => lines.push(text))
      socket.on('error', () => {}) // a close follows
      socket.on('close', () => {
        const wasOn = this.#on !== undefined
        this.#socket = undefined
        this.#on = undefined
        for (const { reject, late } of this.#pending.values()) {
          clearTimeout(late)
          reject(new SoundGone('the process that has the sound is gone'))
        }
        this.#pending.clear()
        if (wasOn && !this.#isStopping) this.#events.gone()
        resolve()
      })
    })
  }

  #heard(report: LinkReport, socket: Socket, ready: (on: SoundOn) => void): void {
    switch (report.type) {
      case 'ready': {
        const { webrtc, english, other_languages, why } = report
        const on = { webrtc, english, other_languages, why }
        this.#socket = socket
        this.#on = on
        this.#events.ready(on)
        if (this.#isStopping) this.#say({ type: 'stop' })
        ready(on)
        break
      }
      case 'report': {
        const { call_sid, number, event } = report
        this.#events.report({ call_sid, number, event })
        break
      }
      case 'signaled':
        this.#answer(report.id, 'error' in report ? new Error(report.error) : report.sdp)
        break
      case 'figures':
        this.#answer(report.id, report.figures)
        break
      case 'lost':
        this.#events.lost(report.call_sid, report.device)
        break
      case 'fetch': {
        const { id, address } = report
        this.#events.fetch(address).then(
          (path) => this.#say({ type: 'fetched', id, path }),
          (error: unknown) =>
            this.#say({ type: 'fetched', id, error: error instanceof Error ? error.message : String(error) })
        )
        break
      }
      case 'warning':
        this.#options.log.warn({ from: 'voice-media' }, report.message)
        break
    }
  }

  #ask<T>(order: (id: number) => LinkOrder): Promise<T> {
    if (!this.#socket) return Promise.reject(new SoundGone('the process that has the sound is not there'))
    const id = this.#next++
    return new Promise<T>((resolve, reject) => {
      const late = setTimeout(() => {
        this.#pending.delete(id)
        reject(new SoundGone('the process that has the sound does not answer'))
      }, answer_ms)
      this.#pending.set(id, { resolve, reject, late })
      this.#say(order(id))
    })
  }

  #answer(id: number, value: unknown): void {
    const pending = this.#pending.get(id)
    if (!pending) return
    this.#pending.delete(id)
    clearTimeout(pending.late)
    if (value instanceof Error) pending.reject(value)
    else pending.resolve(value as never) // as: each question knows what its answer is
  }

  #say(order: LinkOrder): void {
    this.#socket?.write(`${JSON.stringify(order)}\n`)
  }
}

/** Paths of sockets are short: where the folder's is not, its name stands in the folder for temporary files. */
function socketOf(folder: string): string {
  const name = `ringdown-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`
  if (process.platform === 'win32') return `\\\\.\\pipe\\${name}`
  const inside = join(folder, 'media.sock')
  return Buffer.byteLength(inside) < 100 ? inside : join(tmpdir(), `${name}.sock`)
}
