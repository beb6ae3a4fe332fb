import { setTimeout as delay } from 'node:timers/promises'
import { findWebRtc } from '@ringdown/voice-media/find-webrtc'
import type { WebRtc } from '@ringdown/voice-media/webrtc'
import { Connection, expected } from './api.ts'
import { atMost, count, type Figure, type Measured, median, ms, type Options, quantile, say } from './measured.ts'
import { type PhoneCall, SdkPhone } from './sdk-phone.ts'
import { account_sid, type Server, startServer } from './server.ts'

/** Calls of two, all at once. */
const calls = 100
/** How many are begun at once. */
const atOnce = 4
/** What the two sides say. */
const says = { caller: 0x10, agent: 0x20 } as const
/** Seconds for a call until both hear each other. */
const patience_s = 15

/** Two phones of the SDK that call each other: how soon they hear each other, and whether a hundred of them do so in time. */
export async function measure({ seconds, profile }: Options): Promise<Measured> {
  const { webrtc, why } = await findWebRtc()
  if (!webrtc) throw new Error(`no browser can be connected here: ${why.join('; ')}`)
  const server = await startServer({ profile })
  const pairs = await pairsOf(server, webrtc, calls)
  const waits: number[] = []
  const talking: PhoneCall[] = []
  const left = [...pairs]
  const one = async () => {
    const connection = await Connection.open(server)
    for (let pair = left.pop(); pair; pair = left.pop()) {
      const [caller, agent] = await talkOf(connection, pair)
      const heard = await Promise.all([caller.heard_at, agent.heard_at])
      waits.push(Math.max(...heard) - agent.accepted_at)
      talking.push(caller)
    }
    connection.close()
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  say(`${count(talking.length)} calls, both heard each other after p50 ${ms(median(waits))}`)
  const before = await soundFigures(server)
  await delay(Math.max(5, seconds * 5) * 1000)
  const after = await soundFigures(server)
  for (const call of talking) call.hangUp()
  for (const { phones } of pairs) for (const phone of phones) phone.close()
  await server.stop()
  return { figures: figuresOf(waits, before, after), how: howText(seconds) }
}

function figuresOf(waits: readonly number[], before: SoundFigures, after: SoundFigures): Figure[] {
  const [late, ticks] = [after.late - before.late, after.ticks - before.ticks]
  return [
    atMost('a call accepted until both hear each other, p99', quantile(waits, 0.99), 500, ms),
    { what: 'the same, p50', figure: ms(median(waits)) },
    {
      what: `frames that were late with ${count(after.legs / 2)} calls of two SDK phones`,
      figure: `${late} of ${count(ticks)}`,
      target: '0',
      met: late === 0 && ticks > 0
    },
    atMost('sound in the mixer, p95', after.mixer_p95_s * 1000, 45, ms),
    { what: 'memory of the process of the sound, with them', figure: `${Math.round(after.memory_bytes / 1e6)} MB` }
  ]
}

function howText(seconds: number): string {
  return `\`ringdown start\` and its process for the sound; ${calls} calls of two phones that speak the voice SDK's frames and WebRTC, all in one process beside, on the same processors. Each call is made by REST (\`Dial\` of a \`Client\`), ${atOnce} at a time; time runs from the agent's \`answer\` to the later of the two first frames in which one hears the other. Then all talk for ${Math.max(5, seconds * 5)} s: a frame is late when it is mixed more than 20 ms after its time.`
}

export interface Pair {
  /** The caller's identity, and the agent's. */
  readonly names: readonly [string, string]
  readonly phones: readonly [SdkPhone, SdkPhone]
}

export async function pairsOf(server: Server, webrtc: WebRtc, many: number): Promise<Pair[]> {
  const pairs: Pair[] = []
  for (let n = 0; n < many; n++) {
    const names = [`caller${n}`, `agent${n}`] as const
    const phones = await Promise.all([
      SdkPhone.register(server, webrtc, names[0], says.caller),
      SdkPhone.register(server, webrtc, names[1], says.agent)
    ])
    pairs.push({ names, phones })
  }
  return pairs
}

/** Has the first one called, and the second one dialed; resolves when both have accepted. */
export async function talkOf(connection: Connection, pair: Pair): Promise<[PhoneCall, PhoneCall]> {
  const { names, phones } = pair
  const called = Promise.all(phones.map((phone) => phone.called()))
  expected(
    await connection.post(`/2010-04-01/Accounts/${account_sid}/Calls.json`, {
      To: `client:${names[0]}`,
      From: 'client:bench',
      Twiml: `<Response><Dial><Client>${names[1]}</Client></Dial></Response>`
    }),
    201
  )
  const late = delay(patience_s * 1000, undefined, { ref: false }).then(() => {
    throw new Error(`${names.join(' and ')} were not both called`)
  })
  return (await Promise.race([called, late])) as [PhoneCall, PhoneCall] // both, as just asked
}

export interface SoundFigures {
  readonly legs: number
  readonly ticks: number
  readonly late: number
  readonly mixer_p95_s: number
  readonly memory_bytes: number
}

/** What the server's metrics say of its process for the sound. */
export async function soundFigures({ host, port }: Server): Promise<SoundFigures> {
  const text = await (await fetch(`http://${host}:${port}/metrics`)).text()
  const value = (name: string) => Number(new RegExp(`^ringdown_sound_${name} (\\S+)$`, 'm').exec(text)?.[1])
  return {
    legs: value('legs'),
    ticks: value('ticks'),
    late: value('late_ticks'),
    mixer_p95_s: value('mixer_p95_seconds'),
    memory_bytes: value('resident_bytes')
  }
}
