import { createHash } from 'node:crypto'
import { InvalidRequest } from '@ringdown/contract/form'

/*
 * A place in an account's log, as text that callers keep and give back: the same through every door of the feed. It says
 * whose log it is and carries a sum of itself, so that what was cut, mixed up or made up is told from what we wrote. It is
 * no secret: who may read the log may begin anywhere in it.
 */

const form = 1
/** Form, account, seq, sum. */
const bytes = 1 + 4 + 6 + 4
const pattern = new RegExp(`^[\\w-]{${(bytes * 4) / 3}}$`)

/** Writes and reads the cursors of one account. */
export class Cursors {
  readonly #account: Buffer

  constructor(account_sid: string) {
    this.#account = createHash('sha256').update(account_sid).digest().subarray(0, 4)
  }

  /** The place after the event with this seq; 0 is the beginning of the log. */
  at(seq: number): string {
    const cursor = Buffer.allocUnsafe(bytes)
    cursor[0] = form
    this.#account.copy(cursor, 1)
    cursor.writeUIntBE(seq, 5, 6)
    cursor.writeUInt32BE(sumOf(cursor), bytes - 4)
    return cursor.toString('base64url')
  }

  /** The seq that a cursor follows. Throws InvalidRequest (400) for another account's, and for what is none. */
  seqOf(text: string): number {
    const cursor = Buffer.from(pattern.test(text) ? text : '', 'base64url')
    if (cursor.length !== bytes || cursor.readUInt32BE(bytes - 4) !== sumOf(cursor) || cursor[0] !== form)
      throw new InvalidRequest(
        'Parameter cursor is invalid: give a cursor as an earlier answer had it, or none and since',
        'cursor'
      )
    if (!cursor.subarray(1, 5).equals(this.#account))
      throw new InvalidRequest('Parameter cursor is invalid: it belongs to the log of another account', 'cursor')
    return cursor.readUIntBE(5, 6)
  }
}

/** FNV-1a of all that stands before the sum. */
function sumOf(cursor: Buffer): number {
  let sum = 0x811c9dc5
  for (let i = 0; i < bytes - 4; i++) sum = Math.imul(sum ^ (cursor[i] ?? 0), 0x01000193)
  return sum >>> 0
}
