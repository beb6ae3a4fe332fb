import { mkdirSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import type { LinkOrder, LinkReport } from '@ringdown/contract/voice-link'
import { Lines } from '@ringdown/contract/voice-link'
import { findWebRtc } from './find-webrtc.ts'
import { frame_ms } from './g711.ts'
import { Legs } from './legs.ts'
import { secretVariable, type VoiceMediaOptions } from './options.ts'
import type { SoundShelf } from './player.ts'
import { SoundMaker } from './speech.ts'

/*
 * The process that has the sound. It waits for the server at its socket, and is told there what it has to do; when the
 * server is gone it goes on for half a minute, since the next server will want the calls that are under way.
 */

/** Milliseconds without a server after which nobody will come any more. */
const alone_ms = 30_000
/** Milliseconds for a file that was asked for. */
const fetch_ms = 30_000
/** Frames that are made up for at once; what is later than that is lost. */
const maxAtOnce = 5

async function main(options: VoiceMediaOptions, secret: string): Promise<void> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const { webrtc, why } = await findWebRtc(options.webrtc)
  const maker = new SoundMaker()
  const voices = await maker.voices()
  const link = new Link()
  const legs = new Legs({
    webrtc,
    shelf: link.shelf(maker),
    folder: options.folder,
    ice_servers: options.ice_servers,
    port: options.port,
    report: (report) => link.say({ type: 'report', ...report }),
    lost: (call_sid, device) => link.say({ type: 'lost', call_sid, device }),
    warn: (message) => link.say({ type: 'warning', message }),
    now: () => performance.now()
  })
  const clock = new Clock(legs)
  const { english, others, why: without } = voices
  const ready: LinkReport = {
    type: 'ready',
    webrtc: webrtc?.name ?? null,
    english,
    other_languages: others,
    why: [...why, ...without]
  }

  const stop = async () => {
    server.close()
    clock.stop()
    await legs.close()
    maker.close()
    // Libraries clean up with the process: told to, one of them ends it by a signal while connections are closing.
    process.exit(0)
  }
  let alone = setTimeout(stop, alone_ms)
  const obey = (order: LinkOrder): void => {
    switch (order.type) {
      case 'legs':
        legs.tellAll(order.legs)
        break
      case 'leg':
        legs.tell(order)
        break
      case 'heard':
        legs.heard(order.call_sid, order.number)
        break
      case 'event':
        legs.event(order.call_sid, order.event)
        break
      case 'signal': {
        const { id, call_sid, device, signal } = order
        legs.signal(call_sid, device, signal).then(
          (sdp) => link.say({ type: 'signaled', id, sdp }),
          (error: unknown) => link.say({ type: 'signaled', id, error: textOf(error) })
        )
        break
      }
      case 'fetched':
        link.fetched(order)
        break
      case 'figures':
        link.say({
          type: 'figures',
          id: order.id,
          figures: { ...legs.figures, ...clock.figures, memory_bytes: process.memoryUsage().rss }
        })
        break
      case 'stop':
        void stop()
        break
      case 'hello':
        break
    }
    clock.run(legs.size > 0)
  }

  const server = createServer((socket) => {
    let isKnown = false
    socket.setEncoding('utf8')
    socket.on('error', () => {}) // a close follows
    const lines = new Lines<LinkOrder>((order) => {
      if (isKnown) {
        if (link.isOf(socket)) obey(order)
      } else if (order.type === 'hello' && order.secret === secret) {
        isKnown = true
        clearTimeout(alone)
        link.open(socket)
        link.say(ready)
      } else socket.destroy()
    })
    socket.on('data', (text: string) => lines.push(text))
    socket.on('close', () => {
      if (!link.close(socket)) return
      clearTimeout(alone)
      alone = setTimeout(stop, alone_ms)
    })
  })
  if (!options.socket.startsWith('\\\\')) rmSync(options.socket, { force: true })
  server.listen(options.socket)
  server.on('error', () => process.exit(1))
  process.on('SIGTERM', () => void stop())
}

/** What is said to the server that is there; the last one that has come. */
class Link {
  #socket: Socket | undefined
  readonly #asked = new Map<number, (path: string | Error) => void>()
  #next = 1

  isOf(socket: Socket): boolean {
    return this.#socket === socket
  }

  open(socket: Socket): void {
    this.#socket?.destroy()
    this.#socket = socket
  }

  /** Whether it was this one. */
  close(socket: Socket): boolean {
    if (this.#socket !== socket) return false
    this.#socket = undefined
    for (const answer of this.#asked.values()) answer(new Error('nobody fetches it'))
    return true
  }

  say(report: LinkReport): void {
    this.#socket?.write(`${JSON.stringify(report)}\n`)
  }

  fetched(order: LinkOrder & { readonly type: 'fetched' }): void {
    this.#asked.get(order.id)?.('path' in order ? order.path : new Error(order.error))
  }

  shelf(maker: SoundMaker): SoundShelf {
    return {
      say: (text, voice, language) => maker.say(text, voice, language),
      play: async (address) => maker.read(await this.#fetch(address))
    }
  }

  #fetch(address: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const id = this.#next++
      const answer = (path: string | Error) => {
        clearTimeout(late)
        this.#asked.delete(id)
        if (path instanceof Error) reject(path)
        else resolve(path)
      }
      const late = setTimeout(() => answer(new Error('it took too long')), fetch_ms)
      this.#asked.set(id, answer)
      this.say({ type: 'fetch', id, address })
    })
  }
}

/** Calls for a frame every 20 milliseconds, as long as there is anybody to hear it. */
class Clock {
  readonly #legs: Legs
  #timer: NodeJS.Timeout | undefined
  #due = 0
  #ticks = 0
  #late = 0

  constructor(legs: Legs) {
    this.#legs = legs
  }

  get figures(): { readonly ticks: number; readonly late: number } {
    return { ticks: this.#ticks, late: this.#late }
  }

  run(isNeeded: boolean): void {
    if (isNeeded && !this.#timer) {
      this.#due = performance.now()
      this.#tick()
    } else if (!isNeeded) this.stop()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #tick(): void {
    const now = performance.now()
    for (let made = 0; this.#due <= now; made++) {
      if (made === maxAtOnce) {
        const lost = Math.ceil((now - this.#due) / frame_ms)
        this.#late += lost
        this.#due += lost * frame_ms
        break
      }
      if (now - this.#due > frame_ms) this.#late++
      this.#ticks++
      this.#legs.tick(this.#due)
      this.#due += frame_ms
    }
    if (this.#legs.size === 0) this.stop()
    else this.#timer = setTimeout(() => this.#tick(), Math.max(0, this.#due - performance.now()))
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const [, , given] = process.argv
const secret = process.env[secretVariable]
if (given === undefined || !secret) {
  process.stderr.write('The server starts this process, and tells it what to do.\n')
  process.exit(1)
}
// Where the server's terminal has gone, what is said there is said to nobody.
process.stderr.on('error', () => {})
await main(JSON.parse(given) as VoiceMediaOptions, secret) // as: it is the server that writes it
