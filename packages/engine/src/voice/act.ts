import type { State } from '../center.ts'
import type { DocumentFrame, Program, VerbState, VoiceVerb } from './program.ts'
import type { CallRow } from './rows.ts'

/** Something that a running verb may have waited for. */
export type Happening =
  | { readonly type: 'played'; readonly id: number }
  | { readonly type: 'digit'; readonly digit: string }
  | { readonly type: 'speech'; readonly text: string; readonly confidence: number; readonly final: boolean }
  /** The time that the verb has given itself is over. */
  | { readonly type: 'due' }
  | { readonly type: 'recorded'; readonly file: string | null; readonly ms: number }
  | { readonly type: 'recording_silent' }
  /** A call that it has made is answered, and ready to be connected; or it has ended. */
  | { readonly type: 'leg_ready'; readonly call_sid: string }
  | { readonly type: 'leg_ended'; readonly call_sid: string; readonly status: string }
  /** Who it was connected with is gone, or it was taken out of a conference. */
  | { readonly type: 'parted' }
  /** It has left its queue, and nobody has taken it; `isHeard`: and has heard what was said to it for that. */
  | { readonly type: 'dequeued'; readonly result: string; readonly isHeard?: boolean }

/** A question to a program: its answer takes the document's place. */
export interface Question {
  /** The address that is asked, as the document has it. */
  readonly ask: string
  readonly method: string | undefined
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

/** What comes of a verb: it waits, the next one is reached, the call is over, or a program is asked. */
export type Outcome = 'waits' | 'next' | 'over' | Question

/** A verb of a call's document, as it runs. */
export interface VerbAct {
  readonly state: State
  readonly call_sid: string
  /** Index of its document. */
  readonly depth: number
  readonly frame: DocumentFrame
  readonly verb: VoiceVerb
}

/** How a verb runs. */
export interface VerbRule {
  begin(act: VerbAct): Outcome
  /** Undefined where it has not waited for that. */
  on?(act: VerbAct, verb: VerbState, happening: Happening): Outcome | undefined
  /** What the verb's action is asked when the caller has hung up; undefined for nothing. */
  hungUp?(act: VerbAct, verb: VerbState): Question | undefined
}

export function callIn({ state, call_sid }: VerbAct): CallRow {
  return state.tables.call.need(call_sid)
}

/** Keeps what a running verb knows; `due` is when its time is over, null for never. */
export function keep({ state, call_sid, depth }: VerbAct, verb: VerbState, due: number | null = null): 'waits' {
  const { program } = state.tables.call.need(call_sid)
  if (!program) throw new Error(`invariant: call ${call_sid} runs a document`)
  state.change('call', call_sid, { program: withFrame(program, depth, { verb }), verb_due: due })
  return 'waits'
}

/** The program with one of its documents changed, and none above that is not kept. */
export function withFrame(program: Program, depth: number, changes: Partial<DocumentFrame>, isAlone = false): Program {
  const frames = program.frames.flatMap((frame, index) => {
    if (index > depth && isAlone) return []
    return [index === depth ? { ...frame, ...changes } : frame]
  })
  return { ...program, frames }
}

/** The bounds of an attribute, and its value where the document has none that fits. */
interface WholeNumber {
  readonly usual: number
  readonly min: number
  readonly max: number
}

/** An attribute that is a whole number; the usual one where it is none or out of bounds. */
export function wholeIn({ attributes }: VoiceVerb, name: string, { usual, min, max }: WholeNumber): number {
  const text = attributes[name]
  const value = text === undefined || !/^\s*\d+\s*$/.test(text) ? usual : Number(text)
  return value < min || value > max ? usual : value
}

export function flagIn({ attributes }: VoiceVerb, name: string, usual: boolean): boolean {
  const text = attributes[name]?.trim().toLowerCase()
  return text === 'true' ? true : text === 'false' ? false : usual
}

/** A verb's question to its `action`, or to its document's own address. */
export function actionOf({ frame, verb }: VerbAct, parameters: Question['parameters']): Question {
  return { ask: verb.attributes.action || frame.url, method: verb.attributes.method, parameters }
}
