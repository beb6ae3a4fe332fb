import type { Call, Device } from '@twilio/voice-sdk'
import { session } from '../app/session.ts'
import { attempt } from '../live/notices.ts'
import { Store } from '../live/store.ts'
import quiet from './quiet.wav'
import { keepEnds, supervising } from './task-call.ts'

/*
 * The desk's phone: the voice SDK as it is published, on this server. It is loaded when the desk stands, and rings nothing
 * by itself: what rings is the offer.
 */

/** A call of this desk. */
export interface PhoneCall {
  /** `CA…` */
  readonly sid: string
  readonly is: 'ringing' | 'talking' | 'reconnecting'
  readonly from: string
  readonly isMuted: boolean
  /** What the SDK warns of, by its own names: `high-rtt`, `low-mos`, `constant-audio-input-level`, … */
  readonly warnings: readonly string[]
  /** How it fares, as measured in the last second; undefined while that is not known. */
  readonly quality: CallQuality | undefined
}

export interface CallQuality {
  /** What people would say of it, from 1 to 4.5 (mean opinion score). */
  readonly score: number
  /** Milliseconds there and back. */
  readonly round_trip_ms: number
  /** Percent of packets. */
  readonly lost: number
}

export interface Phone {
  /** `off`: it is not loaded, or there is no sound here; `ready`: it can be called. */
  readonly is: 'off' | 'ready' | 'lost'
  readonly call: PhoneCall | undefined
  /** Why a call did not come about, in the SDK's words. */
  readonly why: string | undefined
}

export const phone = new Store<Phone>({ is: 'off', call: undefined, why: undefined })

let device: Device | undefined
let current: Call | undefined
/** Until when a call that comes is the one that was just accepted, by the page's own run. */
let expectedUntil = 0

/** How long the center takes to call a desk that has accepted, in milliseconds. */
const patience_ms = 20_000

/** Registers this desk to be called; answers how to stop. */
export async function beginPhone(): Promise<() => void> {
  const made = await deviceOf(await session.token())
  made.on('tokenWillExpire', () => void session.renew().catch(() => {}))
  const stops = [session.onToken((token) => made.updateToken(token)), keepEnds()]
  await made.register().catch((error: unknown) => change({ why: String(error) }))
  return () => {
    for (const stop of stops) stop()
    made.destroy()
    device = undefined
    change({ is: 'off', call: undefined })
  }
}

/** Calls what a deployment of web chat leads to, as a customer does from a page. */
export async function callFrom(key: string): Promise<void> {
  try {
    const token = await callToken(key)
    device?.destroy()
    device = await deviceOf(token)
    follow(await device.connect({ params: {} }))
  } catch (error) {
    change({ why: error instanceof Error ? error.message : String(error) })
  }
}

async function callToken(key: string): Promise<string> {
  const response = await fetch('/ringdown/v1/Webchat/Calls', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key })
  })
  const { token, message } = (await response.json()) as { token?: string; message?: string } // by the contract
  if (token === undefined) throw new Error(message ?? `HTTP ${response.status}`)
  return token
}

const keys = [...'0123456789', 's', 'h'] as const
const sounds: Partial<Record<Device.SoundName, string>> = {
  ...{ incoming: quiet, outgoing: quiet, disconnect: quiet },
  ...Object.fromEntries(keys.map((key) => [`dtmf${key}`, quiet]))
}

async function deviceOf(token: string): Promise<Device> {
  const { Device } = await loaded()
  const made = new Device(token, {
    ...{ logLevel: 'silent', closeProtection: true, codecPreferences: ['pcmu' as Call.Codec.PCMU] },
    ...{ maxCallSignalingTimeoutMs: 30_000, tokenRefreshMs: 30_000, enableImprovedSignalingErrorPrecision: true },
    // The vendor's network is not asked, neither for sounds nor to be told statistics.
    sounds,
    ...{ chunderw: `${location.host}/voice-sdk`, publishEvents: false }
  })
  device = made
  made.on('registered', () => change({ is: 'ready', why: undefined }))
  made.on('unregistered', () => change({ is: 'lost' }))
  made.on('error', (error: Error) => change({ why: error.message }))
  made.on('incoming', (call: Call) => follow(call))
  return made
}

function change(how: Partial<Phone>): void {
  phone.set({ ...phone.get(), ...how })
}

/** The SDK takes the socket that there is when it is loaded, and always asks for TLS: a page without it is of this machine. */
async function loaded(): Promise<typeof import('@twilio/voice-sdk')> {
  if (location.protocol === 'https:') return import('@twilio/voice-sdk')
  const secure = window.WebSocket
  window.WebSocket = class extends secure {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(String(address).replace(/^wss:/, 'ws:'), protocols)
    }
  }
  try {
    return await import('@twilio/voice-sdk')
  } finally {
    window.WebSocket = secure
  }
}

/** The next call is of an offer that was accepted here: it is not asked for again. */
export function expectCall(): void {
  expectedUntil = performance.now() + patience_ms
}

export function acceptCall(): void {
  current?.accept()
}

export function hangUp(): void {
  if (phone.get().call?.is === 'ringing') current?.reject()
  else current?.disconnect()
}

export function mute(isMuted: boolean): void {
  current?.mute(isMuted)
}

/** Presses a key for the other end: `0-9*#`. */
export function press(key: string): void {
  current?.sendDigits(key)
}

export interface SoundDevice {
  readonly id: string
  readonly label: string
}

/** Microphones and loudspeakers, with the ones that are used. */
export function soundDevices() {
  const { audio } = device ?? {}
  const list = (devices: ReadonlyMap<string, MediaDeviceInfo> | undefined): SoundDevice[] =>
    [...(devices?.values() ?? [])].map(({ deviceId: id, label }) => ({ id, label: label || id }))
  const [speaker] = audio?.speakerDevices.get() ?? []
  return {
    microphones: list(audio?.availableInputDevices),
    speakers: audio?.isOutputSelectionSupported ? list(audio.availableOutputDevices) : [],
    microphone: audio?.inputDevice?.deviceId ?? 'default',
    speaker: speaker?.deviceId ?? 'default'
  }
}

export function chooseMicrophone(id: string): Promise<boolean> {
  return attempt(async () => device?.audio?.setInputDevice(id))
}

export function chooseSpeaker(id: string): Promise<boolean> {
  return attempt(async () => device?.audio?.speakerDevices.set(id))
}

/** Shows how a call fares, until it is over. */
function follow(call: Call): void {
  current = call
  const show = (how: Partial<PhoneCall> | undefined) => {
    if (current !== call) return
    const shown = phone.get().call
    phone.set({ ...phone.get(), call: how && shown ? { ...shown, ...how } : undefined })
    if (!how) {
      current = undefined
      supervising.set(undefined)
    }
  }
  const { CallSid: sid = '', From: from = '' } = call.parameters
  const warnings = new Set<string>()
  phone.set({ ...phone.get(), why: undefined, call: { ...newCall, sid, from } })
  call.on('accept', () => show({ is: 'talking' }))
  call.on('reconnecting', () => show({ is: 'reconnecting' }))
  call.on('reconnected', () => show({ is: 'talking' }))
  call.on('mute', (isMuted: boolean) => show({ isMuted }))
  call.on('sample', (sample: RtcSample) => show({ quality: qualityOf(sample) }))
  call.on('warning', (name: string) => show({ warnings: [...warnings.add(name)] }))
  call.on('warning-cleared', (name: string) => {
    warnings.delete(name)
    show({ warnings: [...warnings] })
  })
  for (const end of ['cancel', 'disconnect', 'reject']) call.on(end, () => show(undefined))
  call.on('error', (error: Error) => phone.set({ ...phone.get(), why: error.message }))
  if (call.direction === 'INCOMING' && performance.now() < expectedUntil) {
    expectedUntil = 0
    call.accept()
  }
}

const newCall = { is: 'ringing', isMuted: false, warnings: [], quality: undefined } as const

/** What the SDK measures each second, as far as it is shown. */
interface RtcSample {
  readonly mos: number | null
  readonly rtt: number
  readonly packetsLostFraction: number
}

function qualityOf({ mos, rtt, packetsLostFraction }: RtcSample): CallQuality | undefined {
  if (typeof mos !== 'number' || mos === 0) return undefined
  return { score: mos, round_trip_ms: Math.round(rtt), lost: Math.round(packetsLostFraction) }
}
