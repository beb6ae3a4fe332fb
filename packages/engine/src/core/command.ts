/** Rows that may be in the store only, and that a command must see: of a cold kind, named by columns of it. */
export interface Read {
  readonly kind: string
  readonly where: Readonly<Record<string, string>>
}

/** Rows of a kind that have been read for a command so far: they may name others that it must see as well. */
export type Found = (kind: string) => readonly object[]

/**
 * Which rows a command must see that memory does not hold now. What is not there after they were read is absent. It is
 * asked again with what was found, until there is nothing more to read.
 */
export type Reads<S, P> = (params: P, state: S, found: Found) => readonly Read[]

/** A command: how it is decided, and what must have been read before. `S` is the state, `P` its parameters. */
export interface CommandRule<S, P, R> {
  /** Changes the state or refuses, and never waits. */
  readonly decide: (state: S, params: P) => R
  readonly reads?: Reads<S, P>
}
