/** Callers of one address whom nobody knows: so many are answered at once, and then one in so many milliseconds. */
const atOnce = 20
const apart_ms = 10
/** Whoever would have to wait for longer is not answered at all: what waits holds a connection each. */
const max_ms = 10_000
/** Addresses that are remembered, for as long as somebody of theirs would have to wait. */
const maxAddresses = 10_000

/**
 * The pace at which callers without valid credentials are answered, whatever door they come to. Whoever floods a server
 * with them sends the next one when the last one is answered: what is refused slowly costs others nothing.
 */
export class Strangers {
  /** When the next one of an address has its turn, if nobody comes until then. */
  readonly #turns = new Map<string, number>()

  /** Milliseconds to wait for the turn of one more, undefined when it shall not be answered; `now` as of `performance`. */
  wait(address: string, now = performance.now()): number | undefined {
    const turn = Math.max(this.#turns.get(address) ?? 0, now - (atOnce - 1) * apart_ms)
    const wait = Math.max(0, turn - now)
    if (wait > max_ms) return undefined
    if (this.#turns.size >= maxAddresses && !this.#turns.has(address)) this.#forget(now)
    this.#turns.set(address, turn + apart_ms)
    return wait
  }

  /** Calls back when one more has its turn, at once where it need not wait; hangs up instead where too many wait. */
  inTurn(address: string | undefined, answer: () => void, hangUp: () => void): void {
    const wait = this.wait(address ?? '')
    if (wait === undefined) hangUp()
    else if (wait === 0) answer()
    else setTimeout(answer, wait)
  }

  #forget(now: number): void {
    for (const [address, turn] of this.#turns) if (turn <= now) this.#turns.delete(address)
    if (this.#turns.size >= maxAddresses) this.#turns.clear()
  }
}

/** Those of this process. */
export const strangers = new Strangers()
