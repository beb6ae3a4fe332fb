import { ContentRejected, StoreUnavailable } from './store.ts'
import { messageOf } from './thrown.ts'

/** `code` is SQLite's extended result code, or 0 for an error that is not its own. */
export interface FailedWork {
  readonly message: string
  readonly code: number
}

/** What SQLite, or its driver, could not do. `code` is SQLite's extended result code, or 0 for an error that is not its own. */
export class SqliteFailed extends StoreUnavailable {
  readonly code: number

  constructor(message: string, code: number) {
    super(`SQLite: ${message}`)
    this.code = code
  }
}

/** What a thread's error says, in one line without a full stop. */
export function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/\s*\n\s*/g, ' ')
    .replace(/\.$/, '')
}

/** A transaction was not tried, because of another one's failure. */
export class Refused extends StoreUnavailable {}

/** BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN and PROTOCOL: the same call may succeed later. */
const passing = [5, 6, 7, 10, 13, 14, 15]

/** Whether waiting may help. A thread that died has no code: the next call starts another one. */
export function canPass(error: StoreUnavailable): boolean {
  return !(error instanceof SqliteFailed) || passing.includes(error.code & 0xff)
}

/** SQLite says what is wrong by number: TOOBIG, CONSTRAINT and MISMATCH are about what was to be written. */
const contentCodes = [18, 19, 20]

/** Errors of the content leave the connection as good as it was; after all others a new one is opened. */
export function isContentCode(code: number): boolean {
  return contentCodes.includes(code & 0xff)
}

/** What became of a call, for whoever made it. */
export function sqliteError({ message, code }: FailedWork): Error {
  if (isContentCode(code)) return new ContentRejected(message)
  return new SqliteFailed(message, code)
}
