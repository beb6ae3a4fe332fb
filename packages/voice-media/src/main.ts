import { mkdirSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import type { LinkOrder, SoundOn } from '@ringdown/contract/voice-link'
import { Lines } from '@ringdown/contract/voice-link'
import { findWebRtc } from './find-webrtc.ts'
import { FrameClock } from './frame-clock.ts'
import { Legs } from './legs.ts'
import { Link } from './link.ts'
import { secretVariable, type VoiceMediaOptions } from './options.ts'
import { SoundMaker } from './speech.ts'

/*
 * The process of the sound. It waits for the server at its socket, and does what that one orders; when the server is gone it
 * goes on for half a minute, since the next server will want the calls that are under way.
 */

/** Milliseconds without a server after which nobody will come any more. */
const alone_ms = 30_000
async function main(options: VoiceMediaOptions, secret: string): Promise<void> {
  mkdirSync(options.folder, { recursive: true, mode: 0o700 })
  const { webrtc, why } = await findWebRtc(options.webrtc)
  const maker = new SoundMaker()
  const { english, others, why: without } = await maker.voices()
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
  const clock = new FrameClock(legs)
  const stop = async () => {
    server.close()
    clock.stop()
    await legs.close()
    maker.close()
    // Libraries clean up with the process: asked to, one of them ends it by a signal while connections are closing.
    process.exit(0)
  }
  const on = { webrtc: webrtc?.name ?? null, english, other_languages: others, why: [...why, ...without] }
  const server = serverFor({ secret, link, on, obey: obeying({ legs, link, clock, stop }), stop })
  if (!options.socket.startsWith('\\\\')) rmSync(options.socket, { force: true })
  server.listen(options.socket)
  server.on('error', () => process.exit(1))
  process.on('SIGTERM', () => void stop())
}

interface Works {
  readonly legs: Legs
  readonly link: Link
  readonly clock: FrameClock
  readonly stop: () => Promise<void>
}

/** Does what the server orders. */
function obeying({ legs, link, clock, stop }: Works): (order: LinkOrder) => void {
  const acts: { readonly [T in LinkOrder['type']]: (order: Extract<LinkOrder, { readonly type: T }>) => void } = {
    hello() {},
    legs: (order) => legs.updateAll(order.legs),
    leg: (order) => legs.update(order),
    heard: ({ call_sid, number }) => legs.heard(call_sid, number),
    event: ({ call_sid, event }) => legs.event(call_sid, event),
    signal({ id, call_sid, device, signal }) {
      legs.signal(call_sid, device, signal).then(
        (sdp) => link.say({ type: 'signaled', id, sdp }),
        (error: unknown) => link.say({ type: 'signaled', id, error: textOf(error) })
      )
    },
    fetched: (order) => link.fetched(order),
    figures({ id }) {
      const figures = { ...legs.figures, ...clock.figures, memory_bytes: process.memoryUsage().rss }
      link.say({ type: 'figures', id, figures })
    },
    stop: () => void stop()
  }
  return (order) => {
    const act = acts[order.type] as ((order: LinkOrder) => void) | undefined // of the order's own type
    act?.(order)
    clock.run(legs.size > 0)
  }
}

interface ServedBy {
  readonly secret: string
  readonly link: Link
  readonly on: SoundOn
  readonly obey: (order: LinkOrder) => void
  readonly stop: () => Promise<void>
}

/** Waits for the server. Whoever does not begin with the secret is hung up on; where nobody comes for a while, all stops. */
function serverFor({ secret, link, on, obey, stop }: ServedBy): Server {
  let alone = setTimeout(stop, alone_ms)
  return createServer((socket) => {
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
        link.say({ type: 'ready', ...on })
      } else socket.destroy()
    })
    socket.on('data', (text: string) => lines.push(text))
    socket.on('close', () => {
      if (!link.close(socket)) return
      clearTimeout(alone)
      alone = setTimeout(stop, alone_ms)
    })
  })
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const [, , argument] = process.argv
const secret = process.env[secretVariable]
if (argument === undefined || !secret) {
  process.stderr.write('The server starts this process, and gives it its orders.\n')
  process.exit(1)
}
// Where the server's terminal has gone, what is said there is said to nobody.
process.stderr.on('error', () => {})
await main(JSON.parse(argument) as VoiceMediaOptions, secret) // as: it is the server that writes it
