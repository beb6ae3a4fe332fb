import { createHmac, timingSafeEqual } from 'node:crypto'

/** How long a link opens a file, in milliseconds (reference conversations 8.6). */
export const link_ms = 5 * 60_000

/** The parts of a link that opens one file for whoever has it. */
export interface Link {
  /** Seconds since the epoch. */
  readonly expires: number
  readonly signature: string
}

/** Signs links. Each is of one file of one account, and has an end. */
export class Links {
  readonly #key: Buffer
  readonly #account_sid: string

  constructor(key: Buffer, account_sid: string) {
    this.#key = key
    this.#account_sid = account_sid
  }

  /** `now`, and how long it opens the file, are in milliseconds. */
  to(media_sid: string, now: number, ms = link_ms): Link {
    const expires = Math.ceil((now + ms) / 1000)
    return { expires, signature: this.#sign(media_sid, expires).toString('base64url') }
  }

  /** Whether a link is one that was signed here, and has not come to its end. */
  opens(media_sid: string, expires: string, signature: string, now: number): boolean {
    if (!/^\d{1,12}$/.test(expires) || Number(expires) * 1000 <= now) return false
    const right = this.#sign(media_sid, Number(expires))
    const given = Buffer.from(signature, 'base64url')
    return given.length === right.length && timingSafeEqual(given, right)
  }

  #sign(media_sid: string, expires: number): Buffer {
    return createHmac('sha256', this.#key).update(`${this.#account_sid}\n${media_sid}\n${expires}`).digest()
  }
}
