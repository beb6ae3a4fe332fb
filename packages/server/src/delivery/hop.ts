import type { Dispatcher } from 'undici'
import type { Patience } from './patience.ts'

/** How much of an answer is read. Whoever says more has said nothing that we know. */
export const bodyLimit = 64 * 1024

export interface HopAnswer {
  readonly status: number
  /** By their names in lower case; what came more than once is joined by commas. */
  readonly headers: Readonly<Record<string, string>>
  /** At most `bodyLimit` bytes of it; nothing where it was not wanted. */
  readonly body: string
  /** Whether there was more, or it broke off. */
  readonly end: 'whole' | 'too long' | 'broken off'
}

/** What is asked, and whether the body of an answer is wanted, by its status and headers; one that is not is not read. */
export interface HopRequest {
  readonly request: Dispatcher.DispatchOptions
  wantsBody(status: number, headers: Readonly<Record<string, string>>): boolean
}

/**
 * Sends one request; resolves with its answer. Rejects with what the network, or undici, had against it, or with anything
 * when the patience, which has begun, is over.
 *
 * Undici's own `request` makes a stream of each answer and listens to a signal for each attempt, which costs as much again
 * as the request.
 */
export function ask(dispatcher: Dispatcher, question: HopRequest, patience: Patience): Promise<HopAnswer> {
  return new Promise((resolve, reject) => {
    const hop = new Hop(question, resolve, reject)
    patience.whenOver(() => hop.giveUp(new Error('given up')))
    dispatcher.dispatch(question.request, hop)
  })
}

class Hop implements Dispatcher.DispatchHandler {
  readonly #question: HopRequest
  readonly #resolve: (answer: HopAnswer) => void
  readonly #reject: (error: Error) => void
  #controller: Dispatcher.DispatchController | undefined
  #status = 0
  #headers: Record<string, string> = {}
  readonly #parts: Buffer[] = []
  #size = 0
  #isOver = false

  constructor(question: HopRequest, resolve: (answer: HopAnswer) => void, reject: (error: Error) => void) {
    this.#question = question
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Hangs up. A connection that is only being made is let go of when it is there. */
  giveUp(error: Error): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#reject(error)
    this.#controller?.abort(error)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller
    if (this.#isOver) controller.abort(new Error('given up'))
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>
  ): void {
    if (this.#isOver || status < 200) return
    this.#status = status
    for (const [name, value] of Object.entries(headers))
      this.#headers[name] = Array.isArray(value) ? value.join(', ') : (value ?? '')
    if (!this.#question.wantsBody(status, this.#headers)) this.#breakOff(controller, 'whole')
  }

  onResponseData(controller: Dispatcher.DispatchController, part: Buffer): void {
    if (this.#isOver) return
    this.#parts.push(part)
    this.#size += part.length
    if (this.#size > bodyLimit) this.#breakOff(controller, 'too long')
  }

  onResponseEnd(): void {
    this.#answer('whole')
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#isOver) return
    // The status may have been said.
    if (this.#status > 0) this.#answer('broken off')
    else {
      this.#isOver = true
      this.#reject(error)
    }
  }

  /** The rest of the answer is not waited for: its connection is of no more use. */
  #breakOff(controller: Dispatcher.DispatchController, end: HopAnswer['end']): void {
    this.#answer(end)
    controller.abort(new Error('the rest is not wanted'))
  }

  #answer(end: HopAnswer['end']): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#resolve({ status: this.#status, headers: this.#headers, body: this.#text(), end })
  }

  #text(): string {
    const [first, ...others] = this.#parts
    if (first === undefined) return ''
    const bytes = others.length === 0 ? first : Buffer.concat(this.#parts)
    return bytes.toString('utf8', 0, Math.min(bytes.length, bodyLimit))
  }
}
