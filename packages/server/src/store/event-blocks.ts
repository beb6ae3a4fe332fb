import type { Dialect } from './query.ts'
import type { EventWrite } from './store.ts'
import { type Inserts, logName, quote, type Table } from './tables.ts'

/*
 * How the events about one thing (a subject, as the schema names them) are found among many, without an index on its SID: entries
 * of such an index come in no order, so that nearly each of a batch's is on a page of its own, and writing those took as
 * long as all the rest. Instead the log is cut into blocks of some hundred events, and one row for each full block tells
 * whom its events are about. To search is to read those rows, a few bytes for each event, and then the blocks that are not
 * ruled out.
 */

/** Whom the events of each full block are about: their tokens, one after the other; null where they were not all seen. */
export const blockTable: Table = {
  name: 'event_block',
  columns: { account_sid: 'text', block: 'integer', subjects: 'text' },
  key: ['account_sid', 'block'],
  optional: ['subjects']
}

/** Events of one block: block n holds those from n * blockSize + 1 on. */
export const blockSize = 256

/** The number of the block that holds an event. */
export function blockOf(seq: number): number {
  return Math.floor((seq - 1) / blockSize)
}

/**
 * What a block's text holds of a SID. Random SIDs differ in it but for one of 16 million; those that agree, or a token
 * found across two others, cost a look at the block and nothing else, for events are compared by their columns.
 */
export function tokenOf(sid: string): string {
  return `${sid.slice(1, 2)}${sid.slice(-6)}`
}

/** Deletes the blocks all of whose events are gone. Its two values are the account's SID, twice. */
export function pruneBlocksText({ parameter }: Dialect): string {
  return `delete from ${quote(blockTable.name)} where account_sid = ${parameter(1)}
    and block < (select (min(seq) - 1) / ${blockSize} from ${quote(logName)} where account_sid = ${parameter(2)})`
}

interface Open {
  block: number
  /** Of those that were seen; undefined when some were not. */
  tokens: Set<string> | undefined
}

/** The blocks that are being filled, by account. One that was not seen from its first event on is never ruled out. */
export class EventBlocks {
  readonly #subjects: readonly string[]
  readonly #open = new Map<string, Open>()

  /** `subjects` are the members of an event's data that hold a subject's SID. */
  constructor(subjects: readonly string[]) {
    this.#subjects = subjects
  }

  /** What was seen of the account may not be all, or not be there: it was locked anew. */
  forget(account_sid: string): void {
    this.#open.delete(account_sid)
  }

  /** The rows of the blocks that these events leave behind; events come in the order of their numbers. */
  filledBy(account_sid: string, events: readonly EventWrite[]): Inserts | undefined {
    const rows: (string | number | null)[][] = []
    let open = this.#open.get(account_sid)
    for (const { seq, about } of events) {
      const block = blockOf(seq)
      if (open?.block !== block) {
        if (open) rows.push([open.block, open.tokens ? [...open.tokens].join('') : null])
        const isFirst = seq === block * blockSize + 1
        open = { block, tokens: isFirst ? new Set() : undefined }
        this.#open.set(account_sid, open)
      }
      if (!open.tokens || !about) continue
      for (const column of this.#subjects) {
        const sid = about[column]
        if (typeof sid === 'string') open.tokens.add(tokenOf(sid))
      }
    }
    return rows.length > 0 ? { table: blockTable, rows } : undefined
  }
}
