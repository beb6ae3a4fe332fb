import { createHmac, timingSafeEqual } from 'node:crypto'
import type { LegDown, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { Actor } from '@ringdown/engine/core/events'
import type { Logger } from 'pino'
import { SoundGone } from '../../voice/sound-process.ts'
import type { DeviceSignaling, Switchboard } from '../../voice/switchboard.ts'
import { type SdkFrame, sdkErrors, textIn } from './frames.ts'

/** What a token lets a device do. */
export interface VoicePermission {
  readonly identity: string
  /** Whether it may be rung. */
  readonly incoming: boolean
  /** The application that it may call, with what is added to the form. */
  readonly outgoing: { readonly application_sid: string; readonly params: Readonly<Record<string, string>> } | undefined
  /** Whether it may begin one more call now; left out for who may begin any. */
  readonly takeCall?: () => boolean
}

/** A page with the SDK, on one socket. */
export interface VoiceDevice {
  /** Of this socket: a page that comes again is another one. */
  readonly id: string
  readonly permission: VoicePermission
  /** Who the log says calls. */
  readonly actor: Actor | undefined
  readonly isRegistered: boolean
  say(type: string, payload: object): void
}

export interface VoiceDevicesOptions {
  readonly account_sid: string
  readonly switchboard: Switchboard
  /** Makes the tokens with which a page gets its call back. */
  readonly reconnectKey: Buffer
  readonly log: Logger
  readonly patience?: Partial<DevicePatience>
}

/** Milliseconds that are waited for a page. */
export interface DevicePatience {
  /** That has lost its socket. */
  readonly away_ms: number
  /** Whose connection has failed before it was used, and afterwards. */
  readonly fresh_ms: number
  readonly failed_ms: number
}

const usual: DevicePatience = { away_ms: 15_000, fresh_ms: 5_000, failed_ms: 15_000 }

/** Devices of one identity that ring together; one more, and the eldest does not. */
const maxOfOne = 10
/** Descriptions are some kilobytes. */
const maxSdp = 32 * 1024
/** A connection that fails within so many milliseconds of the answer has never been one. */
const fresh_ms = 3000

/** Why a call came to an end, where that is an error. */
const endErrors: Partial<Record<LegDown, (typeof sdkErrors)[keyof typeof sdkErrors]>> = {
  busy: sdkErrors.busy,
  declined: sdkErrors.declined,
  failed: sdkErrors.connection
}

/** A call, as far as devices have to do with it. */
interface SdkCall {
  leg: VoiceLeg
  readonly ringing: Set<VoiceDevice>
  /** Whose call it is: it has called, or was the first to answer. */
  holder: VoiceDevice | undefined
  /** Forgets the name that the page gave it which has called. */
  unname: () => void
  /** Whether the holder is the one who has called. */
  isOutgoing: boolean
  /** Our answer to the holder's offer, until it is said. */
  answer: string | null
  isAnswered: boolean
  isRung: boolean
  /** When its connection was described, by `performance`. */
  described_at: number
  /** Ends the call, unless the page comes again. */
  waiting: NodeJS.Timeout | undefined
}

/** The devices of one account: who is there, who rings, and whose call is whose. */
export class VoiceDevices implements DeviceSignaling {
  readonly #options: VoiceDevicesOptions
  readonly #patience: DevicePatience
  readonly #registered = new Map<string, Set<VoiceDevice>>()
  readonly #calls = new Map<string, SdkCall>()
  /** Calls that go on, by the names that devices give them until they are told the real one; null while that is not known. */
  readonly #named = new Map<VoiceDevice, Map<string, string | null>>()

  constructor(options: VoiceDevicesOptions) {
    this.#options = options
    this.#patience = { ...usual, ...options.patience }
  }

  /** How many devices of an identity would ring. */
  present(identity: string): number {
    return this.#registered.get(identity)?.size ?? 0
  }

  close(): void {
    for (const { waiting } of this.#calls.values()) clearTimeout(waiting)
  }

  // What devices say

  register(device: VoiceDevice): void {
    // Whoever is there may be rung at any moment.
    void this.#options.switchboard.need()
    const { identity, incoming } = device.permission
    device.say('ready', {})
    if (!incoming) return
    const devices = this.#registered.get(identity) ?? new Set()
    this.#registered.set(identity, devices)
    if (devices.has(device)) return
    const [eldest] = devices
    if (devices.size >= maxOfOne && eldest) this.unregister(eldest)
    devices.add(device)
    // It has come while somebody calls.
    for (const call of this.#calls.values()) if (isRinging(call, identity)) void this.#ring(call, [device])
  }

  unregister(device: VoiceDevice): void {
    const { identity } = device.permission
    const devices = this.#registered.get(identity)
    devices?.delete(device)
    if (devices?.size === 0) this.#registered.delete(identity)
    device.say('offline', {})
  }

  /** Its socket is closed. Its calls wait for it. */
  leave(device: VoiceDevice): void {
    const devices = this.#registered.get(device.permission.identity)
    devices?.delete(device)
    if (devices?.size === 0) this.#registered.delete(device.permission.identity)
    this.#named.delete(device)
    for (const [call_sid, call] of this.#calls) {
      if (call.ringing.delete(device)) void this.#signal(call_sid, device, { drop: true })
      if (call.holder !== device) continue
      call.holder = undefined
      // A socket alone may be cut; where nothing is heard either, whoever is on the call hears music meanwhile.
      void this.#signal(call_sid, device, { watch: true })
      this.#waitFor(call, this.#patience.away_ms)
    }
  }

  /** Does what a frame asks for; what no frame of the protocol asks for is left out. */
  async take(device: VoiceDevice, { type, payload }: SdkFrame): Promise<void> {
    switch (type) {
      case 'invite':
        return textIn(payload, 'reconnect', 500) === undefined
          ? this.#invite(device, payload)
          : void this.#reconnect(device, payload)
      case 'answer':
        return this.#answer(device, payload)
      case 'reinvite':
        // A connection that has to be waited for keeps nobody from hanging up.
        void this.#reinvite(device, payload)
        return
      case 'reject':
        return this.#reject(device, payload)
      case 'hangup':
        return this.#hangUp(device, payload)
      case 'dtmf':
        return this.#digits(device, payload)
      case 'message': {
        const { callsid, voiceeventsid } = payload
        const error = { ...sdkErrors.general, message: 'Messages on calls are not kept here' }
        return device.say('error', { callsid, voiceeventsid, error })
      }
    }
  }

  // What is wanted of them

  leg(leg: VoiceLeg, wasThere: boolean): void {
    if (!('sdk' in leg.address)) return
    const known = this.#calls.get(leg.call_sid)
    if (leg.wanted === 'down') {
      if (known) this.#end(known, leg)
      return
    }
    const call = known ?? this.#add(leg)
    call.leg = leg
    // Whose call was there before this server was comes again; and so does who is rung.
    if (known) this.#show(call)
    else if (leg.wanted === 'ring' && leg.address.sdk.device === undefined && !wasThere) void this.#ringAll(call)
    else this.#waitFor(call, this.#patience.away_ms)
  }

  soundIsBack(): void {
    // What was offered is worth nothing any more. Who talks notices that nothing comes, and asks for a new connection.
    for (const call of this.#calls.values()) {
      if (call.holder || call.ringing.size === 0) continue
      for (const device of call.ringing) device.say('cancel', { callsid: call.leg.call_sid })
      call.ringing.clear()
      void this.#ringAll(call)
    }
  }

  lost(call_sid: string, device_id: string): void {
    const call = this.#calls.get(call_sid)
    if (call?.holder?.id !== device_id) return
    const isFresh = performance.now() - call.described_at < fresh_ms
    if (isFresh) this.#waitForSound(call)
    else this.#waitFor(call, this.#patience.failed_ms)
  }

  #add(leg: VoiceLeg): SdkCall {
    const call: SdkCall = {
      leg,
      ringing: new Set(),
      holder: undefined,
      unname: () => {},
      isOutgoing: false,
      answer: null,
      isAnswered: false,
      isRung: false,
      described_at: Number.NEGATIVE_INFINITY,
      waiting: undefined
    }
    this.#calls.set(leg.call_sid, call)
    return call
  }

  async #ringAll(call: SdkCall): Promise<void> {
    const { call_sid, address } = call.leg
    const identity = 'sdk' in address ? address.sdk.identity : ''
    const devices = [...(this.#registered.get(identity) ?? [])]
    if (devices.length === 0) {
      this.#options.switchboard.event(call_sid, { type: 'ended', status: 'unreachable', by: 'network' })
      return
    }
    await this.#ring(call, devices)
    if (this.#calls.get(call_sid) !== call || call.holder || call.ringing.size > 0) return
    // Nobody could be offered anything: a dead process of the sound is started again, and rings then.
    if (this.#options.switchboard.on)
      this.#options.switchboard.event(call_sid, { type: 'ended', status: 'failed', by: 'network' })
  }

  async #ring(call: SdkCall, devices: readonly VoiceDevice[]): Promise<void> {
    const { account_sid, switchboard, log } = this.#options
    const { call_sid, from, to, parameters } = call.leg
    const ring = async (device: VoiceDevice) => {
      const sdp = await switchboard.signal(call_sid, device.id, { offer: true })
      if (
        !isRinging(call, device.permission.identity) ||
        !this.#registered.get(device.permission.identity)?.has(device)
      )
        return
      call.ringing.add(device)
      device.say('invite', {
        callsid: call_sid,
        sdp,
        parameters: {
          CallSid: call_sid,
          AccountSid: account_sid,
          ApiVersion: '2010-04-01',
          From: from,
          To: to,
          ...(parameters && { Params: new URLSearchParams(parameters).toString() })
        },
        reconnect: this.#tokenOf(call_sid, device.permission.identity)
      })
      if (call.isRung) return
      call.isRung = true
      switchboard.event(call_sid, { type: 'ringing' })
    }
    await Promise.all(
      devices.map((device) =>
        ring(device).catch((err: unknown) => log.warn({ err, call_sid }, 'a device does not ring'))
      )
    )
  }

  /** Tells the one who calls how far the call is. */
  #show(call: SdkCall): void {
    const { holder, leg, answer } = call
    if (!holder || !call.isOutgoing || call.isAnswered || answer === null) return
    const { call_sid: callsid, wanted } = leg
    if (wanted === 'up') {
      const reconnect = this.#tokenOf(callsid, holder.permission.identity)
      // What was said with the ringing is not said again.
      holder.say('answer', { callsid, ...(answer !== '' && { sdp: answer }), reconnect })
      call.isAnswered = true
      call.answer = ''
    } else if (wanted === 'early' && answer !== '') {
      holder.say('ringing', { callsid, sdp: answer })
      call.answer = ''
    } else if (wanted === 'ring' && !call.isRung) holder.say('ringing', { callsid })
    call.isRung = true
  }

  #end(call: SdkCall, leg: VoiceLeg): void {
    const { call_sid: callsid, reason } = leg
    clearTimeout(call.waiting)
    this.#calls.delete(callsid)
    call.unname()
    for (const device of call.ringing) device.say('cancel', { callsid })
    // What has broken off is told as such: whoever talked did not hang up.
    const error = endErrors[reason ?? 'completed']
    const isTold = reason === 'failed' || !call.isAnswered
    call.holder?.say('hangup', { callsid, ...(error && isTold && { error }) })
  }

  // Frames

  async #invite(device: VoiceDevice, payload: SdkFrame['payload']): Promise<void> {
    const { switchboard, log } = this.#options
    const name = textIn(payload, 'callsid')
    const sdp = textIn(payload, 'sdp', maxSdp)
    if (name === undefined || sdp === undefined) return
    const refuse = (error: { readonly code: number; readonly message: string }) =>
      device.say('hangup', { callsid: name, error })
    const { identity, outgoing, takeCall } = device.permission
    if (!outgoing) return refuse({ ...sdkErrors.declined, message: 'The token may not call' })
    if (!(await switchboard.need())?.webrtc)
      return refuse({ ...sdkErrors.connection, message: 'There is no sound on this server' })
    const names = this.#named.get(device) ?? new Map<string, string | null>()
    this.#named.set(device, names)
    if (names.has(name)) return
    if (names.size >= maxOfOne) return refuse({ ...sdkErrors.busy, message: 'Too many calls at once' })
    // Whoever lets strangers call says how often; and they are on one call at a time, from whatever socket.
    if (takeCall && (this.#isCalling(identity) || !takeCall()))
      return refuse({ ...sdkErrors.busy, message: 'Too many calls: try again later' })
    names.set(name, null)
    try {
      const arrival = {
        arrival: `${device.id}/${name}`,
        from: `client:${identity}`,
        to: '',
        address: { sdk: { identity, device: device.id } },
        application_sid: outgoing.application_sid,
        // What the token says wins over what the page says.
        parameters: { ...paramsOf(payload), ...outgoing.params }
      }
      const call_sid = await switchboard.arrive(arrival, device.actor)
      await this.#connect(device, { call_sid, name, sdp })
    } catch (err) {
      names.delete(name)
      log.warn({ err }, 'a call of a device did not come in')
      refuse(sdkErrors.general)
    }
  }

  /** Whether somebody is on a call that a page of that identity has begun. */
  #isCalling(identity: string): boolean {
    for (const [{ permission }, names] of this.#named)
      if (names.size > 0 && permission.identity === identity) return true
    return false
  }

  /** The call has come in: the device that has called gets its connection. */
  async #connect(
    device: VoiceDevice,
    { call_sid, name, sdp }: { readonly call_sid: string; readonly name: string; readonly sdp: string }
  ): Promise<void> {
    const { switchboard } = this.#options
    const names = this.#named.get(device)
    const hasHungUp = names?.get(name) !== null
    names?.set(name, call_sid)
    const call = this.#calls.get(call_sid)
    if (!call) {
      names?.delete(name)
      return device.say('hangup', { callsid: name })
    }
    call.unname = () => names?.delete(name)
    if (hasHungUp) return switchboard.event(call_sid, { type: 'ended', status: 'canceled', by: 'remote' })
    call.holder = device
    call.isOutgoing = true
    clearTimeout(call.waiting)
    call.described_at = performance.now()
    try {
      call.answer = await switchboard.signal(call_sid, device.id, { answer: sdp })
      this.#show(call)
    } catch (error) {
      switchboard.event(call_sid, { type: 'ended', status: 'failed', by: 'network' })
      throw error
    }
  }

  async #answer(device: VoiceDevice, payload: SdkFrame['payload']): Promise<void> {
    const { switchboard, log } = this.#options
    const call_sid = textIn(payload, 'callsid') ?? ''
    const sdp = textIn(payload, 'sdp', maxSdp)
    const call = this.#calls.get(call_sid)
    // Somebody else was first, or nobody calls any more.
    if (!call?.ringing.has(device) || sdp === undefined) return device.say('hangup', { callsid: call_sid })
    call.ringing.delete(device)
    for (const other of call.ringing) other.say('cancel', { callsid: call_sid })
    call.ringing.clear()
    call.holder = device
    call.isAnswered = true
    call.described_at = performance.now()
    switchboard.event(call_sid, { type: 'answered', device: device.id })
    try {
      await switchboard.signal(call_sid, device.id, { accept: sdp })
    } catch (err) {
      log.warn({ err, call_sid }, 'the answer of a device could not be used')
      this.#waitForSound(call)
    }
  }

  async #reinvite(device: VoiceDevice, payload: SdkFrame['payload']): Promise<void> {
    const call_sid = textIn(payload, 'callsid') ?? ''
    const sdp = textIn(payload, 'sdp', maxSdp)
    const call = this.#calls.get(call_sid)
    if (call?.holder !== device || sdp === undefined) return
    await this.#describe(call, device, 'answer', sdp)
  }

  async #reconnect(device: VoiceDevice, payload: SdkFrame['payload']): Promise<void> {
    const call_sid = textIn(payload, 'callsid') ?? ''
    const sdp = textIn(payload, 'sdp', maxSdp)
    const { identity } = device.permission
    const call = this.#calls.get(call_sid)
    const isOurs = call && 'sdk' in call.leg.address && call.leg.address.sdk.identity === identity
    if (!isOurs || !this.#isToken(textIn(payload, 'reconnect', 500), call_sid, identity) || sdp === undefined)
      return device.say('hangup', { callsid: call_sid, error: sdkErrors.general })
    call.holder = device
    call.isAnswered = true
    await this.#describe(call, device, 'resume', sdp)
  }

  /** Answers a page that has described itself anew. */
  async #describe(call: SdkCall, device: VoiceDevice, how: 'answer' | 'resume', theirs: string): Promise<void> {
    const { call_sid: callsid } = call.leg
    const sdp = await this.#signal(callsid, device, how === 'answer' ? { answer: theirs } : { resume: theirs })
    if (sdp === undefined || this.#calls.get(callsid) !== call || call.holder !== device) return
    clearTimeout(call.waiting)
    call.waiting = undefined
    call.described_at = performance.now()
    const reconnect = this.#tokenOf(callsid, device.permission.identity)
    device.say('answer', { callsid, ...(sdp !== null && { sdp }), reconnect })
  }

  #reject(device: VoiceDevice, payload: SdkFrame['payload']): void {
    const call_sid = textIn(payload, 'callsid') ?? ''
    const call = this.#calls.get(call_sid)
    if (!call?.ringing.delete(device)) return
    for (const other of call.ringing) other.say('cancel', { callsid: call_sid })
    call.ringing.clear()
    this.#options.switchboard.event(call_sid, { type: 'ended', status: 'declined', by: 'remote' })
  }

  #hangUp(device: VoiceDevice, payload: SdkFrame['payload']): void {
    const name = textIn(payload, 'callsid') ?? ''
    const names = this.#named.get(device)
    if (names?.get(name) === null) {
      // It is told when the call is there.
      names.set(name, '')
      return
    }
    const call_sid = names?.get(name) ?? name
    const call = this.#calls.get(call_sid)
    if (call?.holder !== device) return
    const status = call.isAnswered ? 'completed' : 'canceled'
    call.holder = undefined
    clearTimeout(call.waiting)
    this.#options.switchboard.event(call_sid, { type: 'ended', status, by: 'remote' })
  }

  #digits(device: VoiceDevice, payload: SdkFrame['payload']): void {
    const call_sid = textIn(payload, 'callsid') ?? ''
    const call = this.#calls.get(call_sid)
    if (call?.holder !== device) return
    for (const digit of textIn(payload, 'dtmf', 64) ?? '') {
      if (/[0-9*#]/.test(digit)) this.#options.switchboard.event(call_sid, { type: 'digit', digit })
    }
  }

  /** As the switchboard does it; undefined where it cannot be done. */
  async #signal(
    call_sid: string,
    device: VoiceDevice,
    signal: Parameters<Switchboard['signal']>[2]
  ): Promise<string | null | undefined> {
    try {
      return await this.#options.switchboard.signal(call_sid, device.id, signal)
    } catch (err) {
      if (!(err instanceof SoundGone)) this.#options.log.warn({ err, call_sid }, 'a device could not be connected')
      return undefined
    }
  }

  /** A connection that has never been one is made anew by its page, or the call has failed. */
  #waitForSound(call: SdkCall): void {
    this.#waitFor(call, this.#patience.fresh_ms, { never_connected: true })
  }

  /** Ends a call whose page does not come again in time. */
  #waitFor(call: SdkCall, ms: number, how: { readonly never_connected?: true } = {}): void {
    clearTimeout(call.waiting)
    call.waiting = setTimeout(() => {
      const { call_sid } = call.leg
      if (this.#calls.get(call_sid) !== call || call.ringing.size > 0) return
      const lasted = how.never_connected ? 'failed' : 'completed'
      const status = call.leg.wanted === 'up' ? lasted : call.leg.wanted === 'ring' ? 'unreachable' : 'failed'
      this.#options.switchboard.event(call_sid, { type: 'ended', status, by: 'network', ...how })
    }, ms)
  }

  #tokenOf(call_sid: string, identity: string): string {
    return createHmac('sha256', this.#options.reconnectKey).update(`${call_sid}/${identity}`).digest('base64url')
  }

  #isToken(token: string | undefined, call_sid: string, identity: string): boolean {
    const [given, right] = [Buffer.from(token ?? ''), Buffer.from(this.#tokenOf(call_sid, identity))]
    return given.length === right.length && timingSafeEqual(given, right)
  }
}

/** Whether a call rings at an identity, and nobody has answered yet. */
function isRinging({ leg, holder }: SdkCall, identity: string): boolean {
  if (leg.wanted !== 'ring' || holder || !('sdk' in leg.address)) return false
  return leg.address.sdk.identity === identity && leg.address.sdk.device === undefined
}

/** Form fields that a page gives its call: so many, and so long. */
function paramsOf({ twilio }: SdkFrame['payload']): Record<string, string> {
  const text = typeof twilio === 'object' && twilio !== null && 'params' in twilio ? twilio.params : undefined
  if (typeof text !== 'string' || text.length > 8192) return {}
  return Object.fromEntries([...new URLSearchParams(text)].slice(0, 64))
}
