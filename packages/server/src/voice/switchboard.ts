import type { LegArrival, LegEvent, LegReport, VoiceLeg } from '@ringdown/contract/voice-leg'
import type { LegOrder, LinkSignal, SoundOn } from '@ringdown/contract/voice-link'
import type { Actor } from '@ringdown/engine/core/events'
import type { NoteSound } from '@ringdown/engine/voice/sound'
import type { Logger } from 'pino'
import { SoundGone, type SoundOptions, SoundProcess } from './sound-process.ts'

/** The calls of an account, as far as their sound and their devices are concerned. */
export interface VoiceLedger {
  /** The legs of all calls that live. */
  legs(): readonly LegOrder[]
  /** The leg of a call; undefined for one that is not there, or has long been over. */
  leg(call_sid: string): LegOrder | undefined
  /** Keeps a report; resolves when it is durable. Rejects with Unavailable where it is not known whether it is. */
  report(report: LegReport): Promise<void>
  /** Somebody calls; resolves with the call. */
  arrive(arrival: LegArrival, actor: Actor | undefined): Promise<string>
  /** Calls with legs that have changed, when that is durable; undefined where all may have. */
  subscribe(changed: (legs: readonly LegOrder[] | undefined) => void): () => void
  /** Resolves with the path of the sound at an address. */
  fetch(address: string): Promise<string>
  /** Takes in the file of a recording; resolves with its name among the kept files, null where it cannot be kept. */
  keep(path: string): Promise<string | null>
  /** Keeps, as an entry of the debugger, that no call has any sound, or that calls have it again. */
  note(sound: NoteSound): Promise<void>
  /** Whether trying again would come to the same. */
  isRefusal(error: unknown): boolean
}

/** The sockets of devices, which ring and hang up as their legs should. */
export interface DeviceSignaling {
  /** @param wasThere - whether it is a leg of before this server was there. */
  leg(leg: VoiceLeg, wasThere: boolean): void
  /** The process of the sound is there again, without any of the connections that there were. */
  soundIsBack(): void
  lost(call_sid: string, device: string): void
}

export interface SwitchboardOptions {
  readonly ledger: VoiceLedger
  /** Without it, there is no sound, and devices can neither ring nor call. */
  readonly sound: Omit<SoundOptions, 'log'> | undefined
  readonly log: Logger
  /** Milliseconds without the process of the sound, after which nobody is left to wait for it. */
  readonly patience_ms?: number
}

/** A report with the number that the process gave it, or one of the switchboard's own, which comes after all others. */
type OwnReport = Omit<LegReport, 'number'> & { readonly number: number | 'next' }

/** As long as is usually waited for the process of the sound. */
const patience_ms = 10_000
/** Milliseconds before a report that could not be kept is tried again. */
const retry_ms = 500

/**
 * Between the rows of calls and the process of their sound. What a leg should be doing goes out whenever its row has
 * changed; reports come in as commands, leg by leg, in order, and are tried again until they are kept. All reports of a
 * leg are numbered by the process that has its sound, those of its device too: so each has one number, and one alone.
 */
export class Switchboard {
  readonly #options: SwitchboardOptions
  readonly #sound: SoundProcess | undefined
  #devices: DeviceSignaling | undefined
  #unsubscribe: () => void = () => {}
  /** The revision that was sent last, by call. */
  readonly #sent = new Map<string, number>()
  /** The reports of each leg, one after the other. */
  readonly #reports = new Map<string, Promise<void>>()
  /** What devices have done while the process was away. */
  #waiting: { readonly call_sid: string; readonly event: LegEvent }[] = []
  #isClosed = false
  #started: Promise<SoundOn | undefined> | undefined
  #despair: NodeJS.Timeout | undefined
  readonly #sounding = new Set<() => void>()
  #hasBeen = false
  /** Whether the process is gone, and is not waited for. */
  #hasGivenUp = false
  /** Since when the process is away, by `performance`, and whether that was noted. */
  #away: { readonly since: number; isNoted: boolean } | undefined

  constructor(options: SwitchboardOptions) {
    this.#options = options
    const { sound, ledger, log } = options
    this.#sound =
      sound &&
      new SoundProcess(
        { ...sound, log },
        {
          ready: () => this.#ready(),
          gone: () => this.#gone(),
          report: (report) => this.#keep(report),
          lost: (call_sid, device) => this.#devices?.lost(call_sid, device),
          fetch: (address) => ledger.fetch(address)
        }
      )
  }

  /** Begins. The process of the sound is started when somebody needs it: at once where calls are under way. */
  start(devices: DeviceSignaling): void {
    const { ledger } = this.#options
    this.#devices = devices
    this.#unsubscribe = ledger.subscribe((legs) => {
      for (const order of legs ?? ledger.legs()) this.#send(order)
    })
    const legs = ledger.legs()
    for (const order of legs) this.#send(order, true)
  }

  /** Has the process of the sound started, if it was not; resolves with what of sound is on. */
  need(): Promise<SoundOn | undefined> {
    const since = performance.now()
    this.#started ??= (this.#sound?.start() ?? Promise.resolve(undefined)).catch((err: unknown) => {
      this.#options.log.error({ err }, 'there is no sound')
      this.#away ??= { since, isNoted: false }
      this.#giveUp(err instanceof Error ? err.message : String(err))
      return undefined
    })
    return this.#started
  }

  /** What of sound is on at the moment. */
  get on(): SoundOn | undefined {
    return this.#sound?.on
  }

  get sound(): SoundProcess | undefined {
    return this.#sound
  }

  /** Something that a device has done, or that was noticed of it. */
  event(call_sid: string, event: LegEvent): void {
    if (!this.#sound || this.#hasGivenUp) this.#keep({ call_sid, number: 'next', event })
    else if (this.#sound.on) this.#sound.event(call_sid, event)
    else {
      this.#waiting.push({ call_sid, event })
      void this.need()
    }
  }

  /** A device's description; waits for a process that is being started again. Rejects with SoundGone, or an error of what is wrong. */
  async signal(call_sid: string, device: string, signal: LinkSignal): Promise<string | null> {
    if (!this.#sound) throw new SoundGone('there is no sound on this server')
    void this.need()
    if (!this.#sound.on) await this.#sounds()
    return this.#sound.signal(call_sid, device, signal)
  }

  arrive(arrival: LegArrival, actor: Actor | undefined): Promise<string> {
    return this.#options.ledger.arrive(arrival, actor)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    clearTimeout(this.#despair)
    this.#unsubscribe()
    // Calls keep their sound until the next server is there.
    const isTalking = this.#options.ledger.legs().some(({ leg }) => !('phone' in leg.address))
    if (this.#started) await (isTalking ? this.#sound?.leave() : this.#sound?.stop())
    await Promise.all(this.#reports.values())
  }

  #send(order: LegOrder, wasThere = false): void {
    const { leg } = order
    const { call_sid, revision, wanted, address } = leg
    // A virtual phone is played by the center itself.
    if ('phone' in address || (this.#sent.get(call_sid) ?? -1) >= revision) return
    if (wanted === 'down') this.#sent.delete(call_sid)
    else this.#sent.set(call_sid, revision)
    void this.need()
    this.#sound?.sendLeg(order)
    if ('sdk' in address) this.#devices?.leg(leg, wasThere)
  }

  #ready(): void {
    clearTimeout(this.#despair)
    this.#hasGivenUp = false
    this.#sound?.sendLegs(this.#options.ledger.legs().filter(({ leg }) => !('phone' in leg.address)))
    for (const { call_sid, event } of this.#waiting.splice(0)) this.#sound?.event(call_sid, event)
    for (const sounds of this.#sounding) sounds()
    this.#sounding.clear()
    if (this.#hasBeen) this.#devices?.soundIsBack()
    this.#hasBeen = true
    if (this.#away?.isNoted) this.#noteSound('back')
    this.#away = undefined
  }

  #gone(): void {
    clearTimeout(this.#despair)
    this.#away = { since: performance.now(), isNoted: false }
    this.#despair = setTimeout(() => {
      this.#options.log.error('there has been no sound for too long: its calls are ended')
      this.#giveUp()
    }, this.#options.patience_ms ?? patience_ms)
  }

  /** The process is not waited for any more: every call that needs it ends. */
  #giveUp(reason?: string): void {
    const legs = this.#soundingLegs()
    this.#noteSound('gone', { calls: legs.length, ...(reason !== undefined && { reason }) })
    this.#hasGivenUp = true
    this.#waiting = []
    for (const { call_sid } of legs)
      this.#keep({ call_sid, number: 'next', event: { type: 'ended', status: 'failed', by: 'network' } })
  }

  /** Legs that need the process. */
  #soundingLegs(): VoiceLeg[] {
    return this.#options.ledger.legs().flatMap(({ leg }) => ('phone' in leg.address ? [] : [leg]))
  }

  /** Has it kept as an entry of the debugger; tried until it is, as reports are. */
  #noteSound(is: NoteSound['is'], more: Partial<Pick<NoteSound, 'calls' | 'reason'>> = {}): void {
    const { ledger } = this.#options
    if (this.#isClosed || !this.#away) return
    this.#away.isNoted = true
    const seconds = Math.round((performance.now() - this.#away.since) / 1000)
    void this.#tried(() => ledger.note({ is, seconds, calls: 0, ...more }))
  }

  #sounds(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        this.#sounding.delete(sounds)
        reject(new SoundGone('the process that has the sound does not come again'))
      }, patience_ms)
      const sounds = () => {
        clearTimeout(late)
        resolve()
      }
      this.#sounding.add(sounds)
    })
  }

  #keep(report: OwnReport): void {
    const { call_sid } = report
    const before = this.#reports.get(call_sid) ?? Promise.resolve()
    const kept = before.then(() => this.#kept(report))
    this.#reports.set(call_sid, kept)
    void kept.then(() => {
      if (this.#reports.get(call_sid) === kept) this.#reports.delete(call_sid)
    })
  }

  async #kept({ call_sid, number: numbered, event }: OwnReport): Promise<void> {
    const { ledger, log } = this.#options
    // Only now is known what was kept before it.
    const number = numbered === 'next' ? (ledger.leg(call_sid)?.heard ?? 0) + 1 : numbered
    const known = await this.#tried(() => this.#withFile(event))
    if (known) {
      const kept = await this.#tried(async () => {
        await ledger.report({ call_sid, number, event: known })
        return true
      })
      if (!kept && !this.#isClosed) log.warn({ call_sid, event: event.type }, 'a report of a call was refused')
    }
    if (!this.#isClosed) this.#sound?.heard(call_sid, number)
  }

  /** Tries until it is done; undefined where it is refused, or there is nobody any more. */
  async #tried<T>(act: () => Promise<T>): Promise<T | undefined> {
    const { ledger, log } = this.#options
    for (let tries = 0; !this.#isClosed; tries++) {
      try {
        return await act()
      } catch (error) {
        if (ledger.isRefusal(error)) return undefined
        // Once: while the store is away all tries fail alike.
        if (tries === 0) log.warn({ err: error }, 'what happened on a call was not kept: it is tried until it is')
        await new Promise((resolve) => setTimeout(resolve, retry_ms))
      }
    }
    return undefined
  }

  async #withFile(event: LegEvent): Promise<LegEvent> {
    if (event.type !== 'recorded' || event.file === null) return event
    return { ...event, file: await this.#options.ledger.keep(event.file) }
  }
}
