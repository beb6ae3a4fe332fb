import { Unavailable } from '../commit/ledger.ts'
import type { Held, Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'
import type { DeliveryMark, DeliveryRow, DeliveryRows } from './rows.ts'
import type { SenderOptions, Whole } from './sending.ts'

/** Outcomes of one transaction. */
const maxMarked = 256

/** Where outcomes are written, and for whom. */
interface MarksOptions extends Pick<SenderOptions, 'account'> {
  readonly rows: DeliveryRows
}

/** The outcome of an attempt, and the destination in whose lane it was made. */
interface Mark {
  readonly held: Held
  readonly from: string
  readonly mark: DeliveryMark
}

/**
 * Outcomes of attempts on their way to the store, where they are written in groups. Only what is written leaves its lane:
 * for good, for another try, or for the lane of its fallback.
 */
export class Marks {
  readonly #options: MarksOptions
  readonly #lanes: Lanes
  readonly #whole: Whole
  #marks: Mark[] = []
  #isFlushing = false
  #flushed: Promise<void> = Promise.resolve()

  constructor(options: MarksOptions, lanes: Lanes, whole: Whole) {
    this.#options = options
    this.#lanes = lanes
    this.#whole = whole
  }

  get isFlushing(): boolean {
    return this.#isFlushing
  }

  /** Ends when what is being written is written, or is lost. */
  get flushed(): Promise<void> {
    return this.#flushed
  }

  /** Has it written what became of a delivery, which was `before` when the attempt began. */
  add(held: Held, before: DeliveryRow): void {
    this.#marks.push({ held, from: before.destination, mark: { row: held.row, attempts_before: before.attempts } })
    this.#flushSoon()
  }

  forget(): void {
    this.#marks = []
  }

  #flushSoon(): void {
    if (this.#isFlushing) return
    this.#isFlushing = true
    this.#flushed = new Promise((resolve) => setImmediate(() => void this.#flush().then(resolve)))
  }

  async #flush(): Promise<void> {
    const { rows, account } = this.#options
    const { generation } = this.#lanes
    try {
      while (this.#marks.length > 0 && !generation.isOver) {
        if (!account.isReady) throw new Unavailable('the account is not ours')
        const marks = this.#marks.slice(0, maxMarked)
        const changed = await rows.mark(
          account.account_sid,
          marks.map(({ mark }) => mark)
        )
        if (generation.isOver) break
        if (changed < marks.length) throw new Error('somebody else has marked deliveries')
        this.#marks.splice(0, marks.length)
        this.#written(marks)
      }
    } catch (err) {
      if (!generation.isOver) this.#whole.lost(err)
    }
    this.#isFlushing = false
    if (this.#marks.length > 0) this.#flushSoon()
    this.#whole.changed()
  }

  #written(marks: readonly Mark[]): void {
    const touched = new Set<Lane>()
    for (const { held, from } of marks) {
      const lane = this.#lanes.laneOf(from)
      lane.written(held)
      touched.add(lane)
      const { row, kind } = held
      if (row.due_at === null || row.destination === from) continue
      const next = this.#lanes.laneOf(row.destination)
      next.add(row, kind)
      touched.add(next)
    }
    for (const lane of touched) this.#whole.pump(lane)
  }
}
