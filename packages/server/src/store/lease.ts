/** Slots of the shared memory. Instants are whole milliseconds. */
const slots = { asked: 0, asked_wall: 1, since: 2, beat: 3, gone: 4, turns: 5 } as const

/** A beat that the server has written. */
export interface Beat {
  /** When it was asked, by `monotonicMs` and by the wall clock. */
  readonly asked: number
  readonly wall: number
  /** What the server wrote, by its own clock. */
  readonly beat: number
}

/**
 * What a node knows of its own beats on one connection, in memory that its threads share: the thread of the beats
 * writes it, and whoever decides and answers reads it, however busy the main thread was in between.
 */
export class Lease {
  readonly shared: SharedArrayBuffer
  readonly #slots: BigInt64Array

  constructor(shared = new SharedArrayBuffer(8 * Object.keys(slots).length)) {
    this.shared = shared
    this.#slots = new BigInt64Array(shared)
  }

  /** After a gap longer than `lostMs` the beats count as beginning anew. */
  confirm({ asked, wall, beat }: Beat, lostMs: number): void {
    if (asked - this.#get('asked') > lostMs) this.#set('since', asked)
    this.#set('beat', beat)
    this.#set('asked_wall', wall)
    this.#set('asked', asked)
  }

  /** Another node has ended this one's session, or the server has. */
  lose(): void {
    this.#set('gone', 1)
  }

  get isLost(): boolean {
    return this.#get('gone') === 1
  }

  /** Milliseconds since the last confirmed beat was asked. */
  age(): number {
    return monotonicMs() - this.#get('asked')
  }

  /**
   * Whether nobody can have been told yet that this node is silent. The wall clock is looked at as well, since the other
   * one stands still while a machine is suspended.
   */
  isFresh(lostMs: number): boolean {
    return !this.isLost && this.age() <= lostMs && Date.now() - this.#get('asked_wall') <= lostMs + suspicionMs
  }

  /** Milliseconds for which beats have come without a gap, and the last of them by the server's clock. */
  steady(): { readonly forMs: number; readonly beat: number } {
    return { forMs: this.#get('asked') - this.#get('since'), beat: this.#get('beat') }
  }

  /** The main thread's event loop goes round. */
  turn(): void {
    Atomics.add(this.#slots, slots.turns, 1n)
  }

  get turns(): number {
    return this.#get('turns')
  }

  #get(name: keyof typeof slots): number {
    return Number(Atomics.load(this.#slots, slots[name]))
  }

  #set(name: keyof typeof slots, value: number): void {
    Atomics.store(this.#slots, slots[name], BigInt(value))
  }
}

/** How much further the wall clock may have gone than the other one. */
const suspicionMs = 500

/** Milliseconds on a clock that all threads share, that goes on while the process is stopped, and never goes back. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint() / 1_000_000n)
}
