/** The rows that an event is about, as they were when it happened. */
export type RefsOf<K> = { readonly [P in keyof K]?: K[P] | undefined } & {
  /** What no row holds: the previous activity, a reason, … in the API's snake_case names. */
  readonly extra?: Readonly<Record<string, string | number | boolean | null>> | undefined
}

/** Who caused something, by the SID of what signed in; a customer by its identity, a carrier by its own SID. */
export interface Actor {
  readonly type: 'key' | 'user' | 'worker' | 'customer' | 'carrier' | 'system'
  /** Null for `system`: time did it. */
  readonly sid: string | null
  /** The worker in whose place it was done. */
  readonly on_behalf_of?: string | undefined
}

/** Something that happened in a decision. */
export interface EventOf<K, E extends string> {
  readonly seq: number
  /** `EV…` */
  readonly sid: string
  readonly type: E
  readonly at: number
  readonly refs: RefsOf<K>
  /** Undefined for the account itself. */
  readonly actor?: Actor | undefined
}

/** An event as it is stored and read: `data` holds the callback's parameters in snake_case (reference taskrouter 8.4). */
export interface RenderedEvent {
  readonly seq: number
  readonly sid: string
  readonly type: string
  /** Milliseconds. */
  readonly at: number
  readonly workspace_sid?: string | undefined
  readonly description: string
  readonly resource_type: string
  readonly resource_sid: string
  /** Who caused it; undefined for the account itself. */
  readonly actor?: Actor | undefined
  /** A field that is undefined is not there. */
  readonly data: Readonly<Record<string, string | number | boolean | null | undefined>>
}

/** How an event of a type is written. */
export type RenderingOf<K> = (
  refs: RefsOf<K>,
  at: number
) => Omit<RenderedEvent, 'seq' | 'sid' | 'type' | 'at' | 'actor'>

/** The row that events of this type carry: whoever emits one gives it. */
export function refOf<R extends object, N extends keyof R & string>(refs: R, name: N): NonNullable<R[N]> {
  return refs[name] ?? missing(name)
}

function missing(name: string): never {
  throw new Error(`invariant: the event carries its ${name}`)
}
