import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { Exchange } from '../commit/exchange.ts'

/** An exchange of several requests, until whoever opened it has its answer. */
export interface OpenExchange {
  /** What its requests say in the header `Ringdown-Exchange`; nobody else can guess it. */
  readonly name: string
  end(): void
}

interface Open {
  readonly account_sid: string
  readonly exchange: Exchange
}

/**
 * Exchanges of whoever makes several requests for one answer, as a tool does: what these cause is told when that answer
 * has left (docs/decisions/017-answers-before-events.md).
 */
export class Exchanges {
  readonly #open = new Map<string, Open>()

  /** Opens one, for requests of this account. */
  open(account_sid: string): OpenExchange {
    const name = randomBytes(16).toString('hex')
    const exchange = new Exchange()
    this.#open.set(name, { account_sid, exchange })
    const end = () => {
      this.#open.delete(name)
      exchange.end()
    }
    return { name, end }
  }

  /** Opens one that is over when the response is, and answers its name. */
  openFor(response: ServerResponse, account_sid: string): string {
    const { name, end } = this.open(account_sid)
    response.once('finish', end)
    response.once('close', end)
    return name
  }

  /** The one that a request names; undefined where it names none, one that is over, or another account's. */
  find(name: string | string[] | undefined, account_sid: string): Exchange | undefined {
    const found = typeof name === 'string' ? this.#open.get(name) : undefined
    return found?.account_sid === account_sid ? found.exchange : undefined
  }
}
