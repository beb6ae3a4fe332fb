import type { DestinationStream } from 'pino'

/** Where lines go. */
interface Out {
  write(text: string): unknown
  flushSync(): void
}

/** For how long a line waits for others, in milliseconds, and how many characters do not. */
const wait_ms = 20
const enough = 8_192

/**
 * Gathers lines of the log for a moment and hands them on together. Each write to a file or a pipe is a message to another
 * thread and one back, which costs the main thread more than the line itself: a busy server writes a thousand lines a
 * second. What is gathered when the process ends is written by `flushSync`, which pino calls after a fatal line, too.
 */
export class LogLines implements DestinationStream {
  readonly #out: Out
  #gathered = ''
  #timer: NodeJS.Timeout | undefined

  constructor(out: Out) {
    this.#out = out
  }

  write(line: string): void {
    this.#gathered += line
    if (this.#gathered.length >= enough) this.#pass()
    else this.#timer ??= setTimeout(() => this.#pass(), wait_ms)
  }

  /** Writes what was gathered, and waits for it. */
  flushSync(): void {
    this.#pass()
    this.#out.flushSync()
  }

  #pass(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (this.#gathered === '') return
    const text = this.#gathered
    this.#gathered = ''
    this.#out.write(text)
  }
}
