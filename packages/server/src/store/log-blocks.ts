import { crc32 } from 'node:zlib'
import { memberAt } from '@ringdown/engine/core/member-at'
import type { Update } from './query.ts'
import type { EventWrite, StoredEvent } from './store.ts'
import type { Cell, Inserts, LogSubjects, Table } from './tables.ts'

/*
 * The log is kept in blocks: the events of a batch, at most some hundred, deflated together. A row of its own, a few bytes
 * for each event, says what a block's events are about; to search is to read those rows and then the blocks that are not
 * ruled out. Nothing in a block ever changes, but that text goes when what it was about has been removed.
 */

/** Where each block is, and whom and what its events are about. */
export const blockTable: Table = {
  name: 'log_block',
  // `first` and `last` are numbers of events, and `at` is the instant of the last one.
  columns: { account_sid: 'text', last: 'integer', first: 'integer', at: 'integer', subjects: 'text' },
  key: ['account_sid', 'last']
}

/** The events of each block, apart, so that those who search read few pages. */
export const textTable: Table = {
  name: 'log_text',
  columns: { account_sid: 'text', last: 'integer', data: 'deflated' },
  key: ['account_sid', 'last']
}

/**
 * A block has no more events, and is no longer (in UTF-16 units) unless one event is: to read one of them is to inflate it.
 * Twice as many take a fiftieth less room, and twice the time to find the newest fifty of a worker among two hundred.
 */
const maxEvents = 128
const maxLength = 1 << 20

/** Bytes that are made room for at a time when a block is inflated: most blocks are shorter, and pieces take twice the time. */
export const inflateChunk = 1 << 18

/** A block as rows of its two tables: their columns without the account. */
export interface Block {
  readonly place: readonly [last: number, first: number, at: number, subjects: string]
  readonly text: readonly [last: number, data: readonly string[]]
}

/** What a block says of its events, one after the other; the texts follow, so that it begins them all. */
interface Heading {
  readonly first: number
  readonly sids: readonly string[]
  readonly types: readonly string[]
  readonly at: readonly number[]
  /** Of their texts, in UTF-16 units. */
  readonly lengths: readonly number[]
}

/**
 * What a block's subjects hold of a SID. Random SIDs differ in it but for one of 16 million; those that agree, or a token
 * found across two others, cost a look at the block and nothing else.
 */
export function tokenOf(sid: string): string {
  return `${sid.slice(1, 2)}${sid.slice(-6)}`
}

/** What they hold of a type. */
export function typeToken(type: string): string {
  const known = typeTokens.get(type)
  if (known !== undefined) return known
  const token = `.${(crc32(type) & 0xfffff).toString(32).padStart(4, '0')}`
  if (typeTokens.size < 1_000) typeTokens.set(type, token)
  return token
}

const typeTokens = new Map<string, string>()

/** Events as blocks, in the order of their numbers. A number that is missing begins a new block. */
export function blocksOf(events: readonly EventWrite[], log: LogSubjects): Block[] {
  const blocks: Block[] = []
  let begun = 0
  let length = 0
  for (const [n, { seq, data }] of events.entries()) {
    const before = events[n - 1]
    length += data.length
    if (n > begun && (n - begun === maxEvents || length > maxLength || before?.seq !== seq - 1)) {
      blocks.push(blockOf(events.slice(begun, n), log))
      begun = n
      length = data.length
    }
  }
  if (begun < events.length) blocks.push(blockOf(events.slice(begun), log))
  return blocks
}

/** Events whose numbers follow each other as one block. */
export function blockOf(events: readonly EventWrite[], log: LogSubjects): Block {
  const [first, last] = [events[0], events.at(-1)]
  if (!first || !last) throw new Error('invariant: a block has events')
  const sids: string[] = []
  const kinds: string[] = []
  const instants: number[] = []
  const lengths: number[] = []
  const subjects = new Set<string>()
  const types = new Set<string>()
  const data: string[] = []
  for (const event of events) {
    sids.push(event.sid)
    kinds.push(event.type)
    instants.push(event.at)
    lengths.push(event.data.length)
    data.push(event.data)
    types.add(event.type)
    for (const sid of log.subjectsOf(event.about ?? log.dataOf(event.data)))
      if (typeof sid === 'string') subjects.add(sid)
  }
  const heading: Heading = { first: first.seq, sids, types: kinds, at: instants, lengths }
  data.unshift(`${JSON.stringify(heading)}\n`)
  let tokens = ''
  for (const sid of subjects) tokens += tokenOf(sid)
  for (const type of types) tokens += typeToken(type)
  return { place: [last.seq, first.seq, last.at, tokens], text: [last.seq, data] }
}

/** The events of a block's text, oldest first. */
export function eventsIn(text: string): StoredEvent[] {
  // JSON has no line that ends before it does.
  const end = text.indexOf('\n')
  const { first, sids, types, at, lengths }: Heading = JSON.parse(text.slice(0, end)) // as blockOf wrote it
  let position = end + 1
  return lengths.map((length, n) => {
    const data = text.slice(position, position + length)
    position += length
    // There are as many of each.
    return { seq: first + n, sid: memberAt(sids, n), type: memberAt(types, n), at: memberAt(at, n), data }
  })
}

/** The rows of some blocks. */
export function blockInserts(blocks: readonly Block[]): Inserts[] {
  const rows = (of: (block: Block) => readonly Cell[]) => blocks.map((block) => [...of(block)])
  return [
    { table: blockTable, rows: rows(({ place }) => place) },
    { table: textTable, rows: rows(({ text }) => text) }
  ]
}

/** What puts blocks in the place of those with the same events. */
export function blockUpdates(blocks: readonly Block[]): Update[] {
  return [
    { table: textTable, set: ['data'], by: ['last'], rows: blocks.map(({ text: [last, data] }) => [data, last]) },
    {
      table: blockTable,
      set: ['subjects'],
      by: ['last'],
      rows: blocks.map(({ place: [last, , , subjects] }) => [subjects, last])
    }
  ]
}
