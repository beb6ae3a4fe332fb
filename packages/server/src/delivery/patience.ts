/**
 * How long one attempt may take: until its time is over, or somebody gives it up. Made of a timer and a call, and not of an
 * `AbortSignal`, which costs more than the rest of an attempt; one that lives as long as the server remembers every signal
 * that was made from it.
 */
export class Patience {
  #onOver: () => void = () => {}
  #over: 'late' | 'given up' | undefined
  #timer: NodeJS.Timeout | undefined

  /** Its time begins, in milliseconds. To be followed by `end`, whatever comes of the attempt. */
  begin(ms: number): void {
    this.#timer = setTimeout(() => this.#isOverBy('late'), ms)
  }

  /** Has that called when it is over, and nothing else any more; at once when it is over already. */
  whenOver(call: () => void): void {
    this.#onOver = call
    if (this.isOver) call()
  }

  giveUp(): void {
    this.#isOverBy('given up')
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#onOver = () => {}
  }

  get isOver(): boolean {
    return this.#over !== undefined
  }

  /** Whether it was the time that ended it. */
  get isLate(): boolean {
    return this.#over === 'late'
  }

  #isOverBy(what: 'late' | 'given up'): void {
    if (this.#over !== undefined) return
    this.#over = what
    this.#onOver()
  }
}
