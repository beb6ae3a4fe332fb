/*
 * What the center and the process of the sound exchange (docs/decisions/046-a-leg-is-a-state.md). The center says what each
 * leg should be doing, as a state with a revision; the process makes it so, however often it gets the same state, and reports
 * what happened, numbered leg by leg. Both are plain JSON.
 */

/**
 * How far a leg is: `ring`: the other end rings, or is to be rung; `early`: sound, though nobody has answered; `up`: there
 * is a connection; `down`: there is none.
 */
export type LegWanted = 'ring' | 'early' | 'up' | 'down'

/** Why a leg is to be `down`. */
export type LegDown = 'completed' | 'busy' | 'declined' | 'canceled' | 'failed'

/** Where the other end of a leg is. */
export type LegAddress =
  /** Devices of an identity. `device` is the one that has called, or has answered; without it all of them ring. */
  | { readonly sdk: { readonly identity: string; readonly device?: string } }
  | { readonly sip: string; readonly from?: string; readonly headers?: Readonly<Record<string, string>> }
  /** A virtual phone (`XP…`), which the center plays by itself: the process of the sound never sees it. */
  | { readonly phone: string }

/** Something that is played. */
export type LegItem =
  | { readonly say: string; readonly voice?: string; readonly language?: string }
  /** The address of a sound, or `ringdown:music` for the music that is there for those who wait. */
  | { readonly play: string }
  | { readonly pause_ms: number }
  | { readonly tone: 'ringback' | 'beep' | 'busy' | 'silence' }
  /** Keys that are pressed for the other end: `0-9*#`, and `w` for half a second. */
  | { readonly digits: string }

/** What a leg is played, in order. */
export interface LegPlays {
  /** Another number means that it begins anew. */
  readonly id: number
  /** How often all of it; 0 is until something else is wanted. */
  readonly loop: number
  readonly items: readonly LegItem[]
  /** A key ends it at once, without asking. */
  readonly stop_on_digit?: boolean
  /** It is heard over what the leg hears, and not in its place. */
  readonly over?: boolean
}

/** What of the other end is reported. */
export interface LegListens {
  readonly digits: boolean
  readonly speech?: {
    readonly language: string
    readonly hints?: string
    /** Silence after which what was said is final. */
    readonly timeout_ms: number
    readonly partial?: boolean
  }
}

/** Something that is recorded. */
export interface LegRecords {
  /** `RE…` */
  readonly sid: string
  /** Two: what the leg says, and what it hears, or all others of `of` say, beside each other. */
  readonly channels: 1 | 2
  readonly trim: boolean
  /** Legs whose sound goes into it (`CA…`), of a conference; without it what the leg says and what it hears. */
  readonly of?: readonly string[]
  /** Whether nothing of what is heard now goes into it; `silence` keeps its time. */
  readonly paused?: 'skip' | 'silence'
  /** Silence after which it is reported to be silent. */
  readonly silence_ms?: number
  readonly max_ms?: number
}

/** What a leg should be doing. */
export interface VoiceLeg {
  /** `CA…` */
  readonly call_sid: string
  /** Larger than that of every earlier state of the same leg. */
  readonly revision: number
  readonly wanted: LegWanted
  readonly reason?: LegDown
  readonly address: LegAddress
  readonly from: string
  readonly to: string
  /** Custom parameters for the SDK's device: `Params`. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly plays: LegPlays | null
  /** Legs whose sound it gets (`CA…`), by `hears` of the engine. */
  readonly hears: readonly string[]
  readonly listens: LegListens | null
  readonly records: readonly LegRecords[]
  /** What the process of the sound wants kept, as it reported last. */
  readonly dialog: string | null
}

/** How a leg that has ended came to an end. */
export type LegEnd = 'completed' | 'busy' | 'declined' | 'no-answer' | 'failed' | 'canceled' | 'unreachable'

/** What happened on a leg. */
export type LegEvent =
  | { readonly type: 'ringing'; readonly early?: boolean }
  /** `device`: which of an identity's devices it was. */
  | { readonly type: 'answered'; readonly device?: string }
  /** One key: `0-9*#`. */
  | { readonly type: 'digit'; readonly digit: string }
  /** All items of what is played with this id are over. */
  | { readonly type: 'played'; readonly id: number }
  | { readonly type: 'play_failed'; readonly id: number; readonly item: number; readonly error: string }
  | { readonly type: 'speech'; readonly text: string; readonly confidence: number; readonly final: boolean }
  | { readonly type: 'speaking'; readonly on: boolean }
  /** The recording is over: `file` is its name among the kept files (`ME…`), null where nothing was heard. */
  | { readonly type: 'recorded'; readonly sid: string; readonly file: string | null; readonly ms: number }
  | { readonly type: 'recording_silent'; readonly sid: string }
  | { readonly type: 'no_sound'; readonly seconds: number }
  | { readonly type: 'sound_again' }
  | { readonly type: 'dialog'; readonly dialog: string }
  /** `never_connected`: it was answered, and no sound has come about. */
  | {
      readonly type: 'ended'
      readonly status: LegEnd
      readonly sip_code?: number
      readonly by: 'remote' | 'network'
      readonly never_connected?: boolean
    }

/** The command `call.report`. A leg's reports are numbered from 1; a number that was heard before changes nothing. */
export interface LegReport {
  readonly call_sid: string
  readonly number: number
  readonly event: LegEvent
}

/**
 * The command `call.arrive`: somebody calls a number of ours, or a device calls an application. `arrival` names the attempt,
 * so that one that is reported twice is one call; its answer is the call, whose leg says what is wanted next.
 */
export interface LegArrival {
  readonly arrival: string
  readonly from: string
  /** A number of ours, or empty where an application is called. */
  readonly to: string
  readonly address: LegAddress
  /** `AP…` */
  readonly application_sid?: string
  /** Form fields that the device, or its token, adds. */
  readonly parameters?: Readonly<Record<string, string>>
  readonly caller_name?: string
  readonly forwarded_from?: string
  readonly dialog?: string
}
