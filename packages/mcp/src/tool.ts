import type { Backend, BackendKind } from './backend.ts'
import type { Names } from './names.ts'
import type { Outcome } from './results.ts'

/** What an argument or an output field holds, as it is published in JSON Schema. */
export type ArgumentType = 'string' | 'integer' | 'boolean' | 'object' | 'strings' | 'objects'

/** The things that have a SID and a name; an argument with `ref` takes either (see names.ts). */
export type RefKind =
  | 'workspace'
  | 'activity'
  | 'task_queue'
  | 'workflow'
  | 'worker'
  | 'task_channel'
  | 'flex_flow'
  | 'studio_flow'
  | 'conversation'

/** One argument of a tool: what is published, and what is checked when the tool is called. */
export interface Argument {
  readonly type: ArgumentType
  readonly description?: string
  readonly enum?: readonly string[]
  /** Other spellings of enum values that callers send, e.g. `{ webchat: 'web' }`. */
  readonly also?: Readonly<Record<string, string>>
  /** Takes the SID or the name of such a thing; `run` gets the SID. */
  readonly ref?: RefKind
  /** SID prefixes that fit where a plain SID is due; another SID is refused as `wrong_sid`. */
  readonly sid?: readonly string[]
  readonly min?: number
  readonly max?: number
  /** Bounds are the page size's: what is above is cut with a warning instead of refused. */
  readonly cut?: true
  /** An empty string clears the value through the API; elsewhere it means "not given". */
  readonly clearable?: true
}

export type ArgumentTable = Readonly<Record<string, Argument>>

/** A JSON value that was given as an object or as JSON text; `text` is what goes to the API. */
export interface Json {
  readonly text: string
  readonly value: Readonly<Record<string, unknown>>
}

type Value<A extends Argument> = A extends { enum: readonly (infer E)[] }
  ? E
  : A['type'] extends 'string'
    ? string
    : A['type'] extends 'integer'
      ? number
      : A['type'] extends 'boolean'
        ? boolean
        : A['type'] extends 'object'
          ? Json
          : A['type'] extends 'strings'
            ? readonly string[]
            : readonly Readonly<Record<string, unknown>>[]

/** The checked arguments of a call: names resolved, JSON read, absent ones `undefined`. */
export type Values<A extends ArgumentTable> = { readonly [K in keyof A]?: Value<A[K]> | undefined }
type Needed<A extends ArgumentTable, R extends keyof A> = { readonly [K in R]: Value<A[K]> }

/** What a call may use besides its arguments. */
export interface Call {
  readonly tool: Tool
  readonly action: string
  readonly backend: Backend
  readonly names: Names
  /** Tells whether this server lists a tool, so that no hint names one that the caller cannot use. */
  readonly lists: (tool: string) => boolean
  /** The SID of the workspace the call is about, found by the rule of names.ts. */
  workspace(): Promise<string>
  /** Tells a warning with the result, in place of the server's own of these codes. */
  warn(sentence: string, ...inPlaceOf: string[]): void
  readonly pageSize?: number | undefined
  readonly pageToken?: string | undefined
  readonly fields?: readonly string[] | undefined
  /** A hash of tool, action and filters: a page token belongs to it. */
  readonly filters: string
  /** Aborted when the caller wants no answer any more. */
  readonly signal: AbortSignal
  /** Tells a caller who asked for it how far the call is. */
  readonly progress?: Progress | undefined
}

/** Says that `done` of `total` are done, in a sentence. What cannot be told is not missed. */
export type Progress = (done: number, total: number, sentence: string) => void

export interface Action {
  /** Writes are absent from the read-only projection. */
  readonly write: boolean
  readonly required?: readonly string[]
  readonly optional?: readonly string[]
  /** Why an argument of the tool cannot be used by this action. */
  readonly unused?: Readonly<Record<string, string>>
  /** An update that carries none of these would send nothing, and is refused. */
  readonly change?: readonly string[]
  run(values: never, call: Call): Promise<Outcome>
}

export interface Hints {
  readonly readOnlyHint: boolean
  readonly destructiveHint: boolean
  readonly idempotentHint: boolean
  readonly openWorldHint: boolean
}

/** The published shape of a result's field. A list of rows is `[ { … } ]`. */
export type Field = 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'strings' | Fields | readonly [Fields]
export interface Fields {
  readonly [name: string]: Field
}

/** A tool is data: from it come the published definition, the checks, the read-only projection and the snapshot. */
export interface Tool {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly hints: Hints
  readonly arguments: ArgumentTable
  /** Keyed by the value of `action`; a tool without that argument has the one action `call`. */
  readonly actions: Readonly<Record<string, Action>>
  readonly output: Fields
  /** Backends on which there is something to work on; a tool whose every call would be refused is not listed. */
  readonly backends?: readonly BackendKind[]
  /** Names that belong to another tool's habit: alias (folded) → argument. */
  readonly aliases?: Readonly<Record<string, string>>
  /** Arguments of other connectors without effect there or here: name (folded) → the warning. */
  readonly ignored?: Readonly<Record<string, string>>
}

/** Lets the compiler know the arguments of a tool literally, so that `run` gets typed values. */
export function argumentsOf<const A extends ArgumentTable>(table: A): A {
  return table
}

interface ActionSpec<A extends ArgumentTable, R extends keyof A> {
  readonly write: boolean
  readonly required?: readonly R[]
  readonly optional?: readonly (keyof A)[]
  readonly unused?: { readonly [K in keyof A]?: string }
  readonly change?: readonly (keyof A)[]
  run(values: Values<A> & Needed<A, R>, call: Call): Promise<Outcome>
}

/** Makes the actions of a tool with these arguments; what is required is not optional in `run`. */
export function actionsOn<A extends ArgumentTable>(_table: A) {
  return <const R extends keyof A = never>(spec: ActionSpec<A, R>): Action => spec as unknown as Action // the table of actions forgets the argument types; arguments.ts has checked the values against them
}

/** A read-only tool, a write, a destructive one: all four hints are always told. */
export function hints(letters: string): Hints {
  return {
    readOnlyHint: letters.includes('R'),
    destructiveHint: letters.includes('D'),
    idempotentHint: letters.includes('I'),
    openWorldHint: letters.includes('O')
  }
}

type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>
}

/** The object without its undefined members: the SDK's option types know absent, not undefined. */
export function given<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T> // entries lose the key types
}
