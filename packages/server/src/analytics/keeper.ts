import { type CellKey, finest, type Histograms, type Packed, Sum } from '@ringdown/engine/analytics/rollup'
import { day, joinStayCells, type Stay } from '@ringdown/engine/analytics/stay'
import { memberAt } from '@ringdown/engine/core/member-at'
import { joinChanged } from '@ringdown/engine/insights/insights'
import type { ContactText } from '@ringdown/engine/insights/segment'
import type { Logger } from 'pino'
import { pause } from '../store/pause.ts'
import { Fenced, type StepWrite, type Store } from '../store/store.ts'
import { type CellRow, Cells, cellWrites } from './cells.ts'
import { type OverMinute, type Recent, rowsIn, type Stretch, stretchRows } from './recent.ts'
import { forgetOver, segmentRows, segmentWrites } from './segments.ts'
import { stayCellPlace, stayCellRow } from './stay-cells.ts'

/** Name of the cursor: the last event of a minute that is wholly in the store, with all that was over with it. */
export const statisticsReader = 'statistics'

/**
 * Rows of one transaction, for which decisions wait: a millisecond or two. Where much is behind, more of them have one
 * together, and none rests.
 */
const piece = 32
const largePiece = 500
/** Stretches that may wait for the one that is being written: some seconds' at the most that one process decides. */
const maxBehind = 4
/** Scopes whose hour, or day, is summed at a time: 60 cells each. */
const summedScopes = 16

/** Milliseconds between two pieces, as long as all of a stretch take no longer than half of what it took to come, or of a minute. */
const maxRest_ms = 250
const maxRests_ms = 30_000

/** Milliseconds after which what failed is tried again. */
const again_ms = 1_000

const hour = 3_600_000

export interface KeeperOptions {
  readonly store: Pick<Store, 'dialect' | 'query' | 'advance' | 'forget'>
  readonly account: { readonly account_sid: string; readonly isReady: boolean }
  readonly recent: Recent
  /** A contact's text as it may be kept. */
  readonly keptText: (text: ContactText) => ContactText
  /** Where the cursor is. */
  readonly cursor: number
  /** Whether the log is read to catch up, so that further minutes wait to be read. */
  readonly isCatchingUp: () => boolean
  readonly log: Logger
  /** Called once when the cursor is elsewhere: somebody else writes, or an answer was lost. What is in memory is worth nothing then. */
  readonly onFenced: () => void
}

/**
 * Writes what has become of contacts and workers, stretch by stretch, and the minutes that are over, in small pieces beside
 * decisions; behind a minute the cursor moves, and what was written leaves memory. What is written follows from the log
 * alone. So the pieces need no transaction around them: whoever begins at the cursor again, after a crash, writes the same
 * rows another time.
 */
export class Keeper {
  readonly #options: KeeperOptions
  readonly #cells: Cells
  readonly #abort = new AbortController()
  #cursor: number
  #work: Promise<void> | undefined
  /** When it began, or began to write the last time, as `performance.now()` counts. */
  #began = performance.now()
  #isFailing = false
  /** Seq of the last contact in the store that is over, 0 where there is none: a process before this one may have left some. */
  #lastOver = Number.POSITIVE_INFINITY

  constructor(options: KeeperOptions) {
    this.#options = options
    this.#cells = new Cells(options.store)
    this.#cursor = options.cursor
  }

  /** Resolves when what was there has been written, or could not be. */
  get settled(): Promise<void> {
    return this.#work ?? Promise.resolve()
  }

  /** Begins to write if there is anything to be written. */
  wake(): void {
    if (this.#work || this.#abort.signal.aborted || this.#options.recent.stretches.length === 0) return
    this.#work = this.#keepAll()
      .catch((error: unknown) => this.#failed(error))
      .finally(() => {
        this.#work = undefined
        this.wake()
      })
  }

  /** Writes no more; resolves when the piece that is under way has ended. */
  async close(): Promise<void> {
    this.#abort.abort()
    await this.#work
  }

  async #failed(err: unknown): Promise<void> {
    const { log, onFenced } = this.#options
    const { signal } = this.#abort
    if (signal.aborted) return
    if (err instanceof Fenced) {
      this.#abort.abort()
      onFenced()
      return
    }
    // Once: as long as nothing can be written it fails again and again.
    if (!this.#isFailing) log.warn({ err }, 'statistics could not be written; it is tried again until it succeeds')
    this.#isFailing = true
    await pause(again_ms, signal).catch(() => {}) // it is closed
  }

  async #keepAll(): Promise<void> {
    for (;;) {
      const stretches = together(this.#options.recent.stretches)
      if (stretches.length === 0) return
      await this.#keep(stretches)
      this.#options.recent.written(stretches.length)
      if (stretches.some(({ over }) => over)) await this.#forgetOver()
      this.#isFailing = false
    }
  }

  async #keep(stretches: readonly Stretch[]): Promise<void> {
    const pace = this.#paceOf(stretches.length)
    await this.#keepSegments(stretches, pace)
    const minutes = stretches.flatMap(({ over }) => over ?? [])
    if (minutes.length > 0) await this.#keepMinutes(minutes, pace)
  }

  #paceOf(many: number): Pace {
    const { recent, isCatchingUp } = this.#options
    const now = performance.now()
    const rests_ms = Math.min(maxRests_ms, (now - this.#began) / 2)
    this.#began = now
    const isBehind = () => isCatchingUp() || recent.stretches.length > many + maxBehind
    return { rests_ms, size: isBehind() ? largePiece : piece, isBehind }
  }

  async #keepMinutes(minutes: readonly OverMinute[], pace: Pace): Promise<void> {
    const { recent } = this.#options
    const { size } = pace
    const { last, ended } = memberAt(minutes, minutes.length - 1) // there is one
    await this.#inPieces([...recent.stays.changed.values()], size, pace, async (stays) => {
      await this.#write(cellWrites([], stays))
      forgetKept(recent, stays)
    })
    const cells = minutes.flatMap(({ minute }) => [...minute.cells()].map((cell) => ({ minute, cell })))
    const rowsOf = (some: typeof cells) =>
      some.map(({ minute: { start }, cell: { scope_sid, task_channel_sid, sum, seconds } }) =>
        rowOf({ scope_sid, task_channel_sid, span: finest, start }, sum, JSON.stringify(seconds))
      )
    // The last piece goes with the cursor, unless there is something to be summed first.
    const lastCells = ended.length === 0 ? cells.splice(-(cells.length % size || size)) : []
    await this.#inPieces(cells, size, pace, (some) => this.#write(cellWrites(rowsOf(some), [])))
    for (const { span, start } of ended) await this.#sumUp(span, start, pace)
    await this.#write(cellWrites(rowsOf(lastCells), []), last)
  }

  /** What has become of contacts and workers: before the cursor moves, and each piece before those that follow from it. */
  async #keepSegments(stretches: readonly Stretch[], pace: Pace): Promise<void> {
    const changed = joinChanged(stretches.map((stretch) => stretch.changed))
    for (const one of changed.open.values())
      if (one.is === 'gone') this.#lastOver = Math.max(this.#lastOver, one.gone.seq)
    await this.#inPieces(segmentRows(changed), pace.size, pace, (some) =>
      this.#write(segmentWrites(some, this.#options.keptText))
    )
  }

  async #forgetOver(): Promise<void> {
    const { store, account } = this.#options
    if (this.#lastOver === 0) return
    let gone = 1
    while (gone > 0 && !this.#abort.signal.aborted) gone = await forgetOver(store, account.account_sid, this.#cursor)
    // What a stretch ahead of the cursor has of them goes with its minute.
    if (this.#lastOver === Number.POSITIVE_INFINITY || this.#lastOver <= this.#cursor) this.#lastOver = 0
  }

  /** Sums an hour from its minutes, or a day from its hours, for everybody who had a part in it. */
  async #sumUp(span: number, start: number, pace: Pace): Promise<void> {
    const { account_sid } = this.#options.account
    const run = { span: span === hour ? finest : hour, start, end: start + span }
    await this.#inPieces(await this.#cells.scopes(account_sid, run), summedScopes, pace, async (scopes) => {
      const texts = await this.#cells.texts(account_sid, { scopes, runs: [run], histograms: true })
      const rows = texts.map(({ scope_sid, task_channel_sid, figures, histograms }) => {
        const sum = new Sum()
        for (const packed of listIn<Packed>(figures)) sum.addPacked(packed)
        for (const waits of listIn<Histograms>(histograms)) sum.addHistograms(waits)
        return rowOf({ scope_sid, task_channel_sid, span, start }, sum, null)
      })
      await this.#write(cellWrites(rows, []))
    })
    if (span === day) await this.#write(cellWrites(await endedIn(this.#cells, account_sid, start), []))
  }

  /** Writes a list a piece at a time, with a rest after each that another one follows. */
  async #inPieces<T>(
    list: readonly T[],
    size: number,
    pace: Pace,
    write: (piece: T[]) => Promise<void>
  ): Promise<void> {
    const { signal } = this.#abort
    const ms = Math.min(maxRest_ms, (pace.rests_ms * size) / list.length)
    for (let at = 0; at < list.length; at += size) {
      if (at > 0 && !pace.isBehind()) await pause(ms, signal)
      await write(list.slice(at, at + size))
    }
  }

  async #write(writes: readonly StepWrite[], to = this.#cursor): Promise<void> {
    const { store, account } = this.#options
    this.#abort.signal.throwIfAborted()
    // Who may not speak for the account any more may be far behind the one who does.
    if (!account.isReady) throw new Error('the account is not ours at the moment')
    const { account_sid } = account
    await store.advance({ account_sid, reader: statisticsReader, from: this.#cursor, to, writes })
    this.#cursor = to
  }
}

interface Pace {
  /** All rests of one list together, in milliseconds. */
  readonly rests_ms: number
  /** Rows of one transaction. */
  readonly size: number
  /** Whether much waits already: then nobody rests. */
  isBehind(): boolean
}

/** The oldest stretches, up to one with which an hour ends, as long as their rows are not too many. */
function together(stretches: readonly Stretch[]): readonly Stretch[] {
  let many = 0
  for (let [cells, rows] = [0, 0]; many < stretches.length; ) {
    const { over, changed } = memberAt(stretches, many)
    cells += over?.minute.size ?? 0
    rows += rowsIn(changed)
    many++
    if ((over?.ended.length ?? 0) > 0 || cells >= largePiece || rows >= stretchRows) break
  }
  return stretches.slice(0, many)
}

/** Stays that are in the store as they are now are no longer known as changed. */
function forgetKept({ stays: { changed } }: Recent, kept: readonly Stay[]): void {
  for (const stay of kept) if (changed.get(stay.seq) === stay) changed.delete(stay.seq)
}

/** Rows of the stays that ended in a day, which is read an hour at a time. */
async function endedIn(kept: Cells, account_sid: string, start: number): Promise<CellRow[]> {
  const found = []
  for (let from = start; from < start + day; from += hour)
    found.push(await kept.endedStays(account_sid, from, from + hour))
  const cells = joinStayCells(...found)
  const activities = new Set(cells.map(({ activity_sid }) => activity_sid))
  return [...activities].map((activity_sid) => stayCellRow(stayCellPlace(activity_sid, start), cells))
}

function rowOf(place: CellKey, sum: Sum, seconds: string | null): CellRow {
  return { ...place, figures: JSON.stringify(sum.packed), histograms: JSON.stringify(sum.histograms), seconds }
}

/** Texts of cells, one after the other, as they were written. */
export function listIn<T>(texts: string): T[] {
  return JSON.parse(`[${texts}]`) // as they were written
}
