import type { DeliveryKind, Kind } from './delivery.ts'
import type { Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'
import { kindOf } from './queued.ts'
import type { DeliveryRow, DeliveryRows } from './rows.ts'
import type { SenderOptions, Whole } from './sending.ts'

export interface BacklogOptions extends Pick<SenderOptions, 'account' | 'log'> {
  readonly rows: DeliveryRows
  readonly kinds: Readonly<Record<DeliveryKind, Kind>>
  readonly lanes: Lanes
  readonly whole: Whole
  /** A row of a kind that this program does not know. */
  readonly onUnknown: (row: DeliveryRow) => void
}

/** How often it is asked whether the account is ours again, in milliseconds of real time. */
const retryMs = 200

/**
 * What is queued in the store and not in memory: how much that is for each destination, and the next ones of a lane, which
 * are read when it has room. One reading at a time for each lane.
 */
export class Backlog {
  readonly #options: BacklogOptions
  #loading = 0

  constructor(options: BacklogOptions) {
    this.#options = options
  }

  get isLoading(): boolean {
    return this.#loading > 0
  }

  /** What was being read is read again by whoever wants it. */
  forget(): void {
    this.#loading = 0
  }

  /** Counts what is queued, for as long as it takes, and calls back at once; not when nobody wants to know any more. */
  async count(isWanted: () => boolean, onCounted: () => void): Promise<void> {
    const { rows, account, log, lanes } = this.#options
    while (isWanted()) {
      try {
        if (account.isReady) {
          const counts = await rows.queued(account.account_sid)
          if (!isWanted()) return
          lanes.counted(counts)
          onCounted()
          return
        }
      } catch (err) {
        log.warn({ err }, 'deliveries cannot be read yet')
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs).unref())
    }
  }

  /** Reads more of a lane in which so many are ready, where the store has more and the lane has room. */
  more(lane: Lane, now: number, ready: number): void {
    const limit = lane.wanted(now, ready)
    if (limit > 0) void this.#read(lane, now, limit)
  }

  async #read(lane: Lane, now: number, limit: number): Promise<void> {
    const { rows, account, lanes, whole } = this.#options
    const { account_sid } = account
    const { destination } = lane
    const { generation } = lanes
    const seen = lane.news
    lane.loadBegins()
    this.#loading += 1
    try {
      const due = await rows.due(account_sid, { destination, now, besides: lane.sids, limit })
      const next = due.length > 0 ? undefined : await rows.nextDue(account_sid, destination, now)
      if (generation.isOver) return
      lane.isLoading = false
      for (const one of due) {
        // Quicker than whoever wrote it: it is about to be offered, and counted then.
        if (!lanes.has(one.row.sid)) continue
        const kind = kindOf(one.row, this.#options.kinds)
        if (kind) lane.hold(one, kind)
        else this.#options.onUnknown(one.row)
      }
      if (due.length === 0 && lane.news === seen) {
        lane.loads_at = next ?? Number.POSITIVE_INFINITY
        // Counts may be wrong after an answer of the store was lost.
        if (next === undefined && lane.sids.length === 0) lane.queued = 0
      }
      this.#loading -= 1
      whole.pump(lane)
      whole.changed()
    } catch (err) {
      if (!generation.isOver) whole.lost(err)
    }
  }
}
