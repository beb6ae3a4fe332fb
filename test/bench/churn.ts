import { setTimeout as delay } from 'node:timers/promises'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import { Connection } from './api.ts'
import { atMost, count, type Figure, type Measured, ms, type Options, quantile, say } from './measured.ts'
import type { PhoneCall } from './sdk-phone.ts'
import { type Server, startServer } from './server.ts'
import { type Pair, pairsOf, soundFigures, talkOf } from './sound.ts'

/** Pairs that call each other all the time. */
const atOnce = 10
/** A call without sound for so long is lost, in milliseconds; and sound is to be back after so many. */
const lost_ms = 20_000
const back_ms = 5000

/** Calls that are made and ended all the time: none may be lost, and the process of the sound may not grow. */
export async function measure({ calls, profile }: Options): Promise<Measured> {
  const { webrtc, why } = await findWebRtc()
  if (!webrtc) throw new Error(`no browser can be connected here: ${why.join('; ')}`)
  const server = await startServer({ profile })
  const pairs = await pairsOf(server, webrtc, atOnce)
  // What the process needs once is not counted.
  const warm = await churn(server, pairs, Math.max(atOnce, Math.floor(calls / 10)))
  const before = await soundFigures(server)
  const done = await churn(server, pairs, calls - warm.calls)
  const after = await soundFigures(server)
  for (const { phones } of pairs) for (const phone of phones) phone.close()
  await server.stop()
  return { figures: figuresOf(warm, done, after.memory_bytes - before.memory_bytes), how: howText(calls) }
}

interface Churned {
  calls: number
  lost: number
  /** Legs whose connection was made anew. */
  remade: number
  /** Milliseconds until both heard each other, of calls of which a leg was made anew. */
  readonly back: number[]
}

function figuresOf(warm: Churned, done: Churned, grown: number): Figure[] {
  const all = warm.calls + done.calls
  const back = [...warm.back, ...done.back]
  const lost = warm.lost + done.lost
  return [
    { what: `calls that were lost, of ${count(all)}`, figure: count(lost), target: '0', met: lost === 0 },
    atMost('legs whose connection was made anew', (100 * (warm.remade + done.remade)) / (2 * all), 1, percent),
    ...(back.length > 0 ? [atMost('sound after that, the longest', quantile(back, 1), back_ms, ms)] : []),
    atMost('memory by which the process of the sound grew, a leg', grown / (2 * done.calls) / 1000, 20, kilobytes)
  ]
}

const percent = (value: number) => `${value.toFixed(2)} %`
const kilobytes = (value: number) => `${value.toFixed(1)} kB`

function howText(calls: number): string {
  return `\`ringdown start\`, and ${atOnce} pairs of phones that speak the voice SDK's frames and WebRTC, in one process beside: each pair is called by REST, hangs up as soon as both have heard each other, and is called again, ${count(calls)} calls in all (\`--calls N\`). A leg to which no packet has come for three seconds describes itself anew, as the SDK does; a call in which one hears nothing for ${lost_ms / 1000} s is lost. Memory: resident, from a tenth of the calls to the end.`
}

async function churn(server: Server, pairs: readonly Pair[], calls: number): Promise<Churned> {
  const done: Churned = { calls: 0, lost: 0, remade: 0, back: [] }
  let begun = 0
  const one = async (pair: Pair) => {
    const connection = await Connection.open(server)
    for (; begun < calls; ) {
      begun++
      await callOf(connection, pair, done)
      if (done.calls % 200 === 0) say(`${count(done.calls)} calls, ${done.remade} legs made anew, ${done.lost} lost`)
    }
    connection.close()
  }
  await Promise.all(pairs.map(one))
  return done
}

async function callOf(connection: Connection, pair: Pair, done: Churned): Promise<void> {
  let both: [PhoneCall, PhoneCall]
  try {
    both = await talkOf(connection, pair)
  } catch {
    done.calls++
    done.lost++
    return
  }
  const accepted_at = Math.max(...both.map((call) => call.accepted_at))
  const heard = Promise.all(both.map((call) => call.heard_at))
  const found = await Promise.race([heard, delay(lost_ms, undefined, { ref: false })])
  const remade = both.reduce((sum, call) => sum + Math.min(1, call.remade()), 0)
  done.calls++
  done.remade += remade
  if (!found) done.lost++
  else if (remade > 0) done.back.push(Math.max(...found) - accepted_at)
  both[0].hangUp()
  await Promise.race([both[1].ended, delay(lost_ms, undefined, { ref: false })])
}
