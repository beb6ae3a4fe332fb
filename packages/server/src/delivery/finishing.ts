import { Unavailable } from '../commit/ledger.ts'
import type { AnswerOrder, Turn } from './answer-order.ts'
import { type Conclusion, conclude, giveUp } from './attempt.ts'
import type { Kind, Outcome } from './delivery.ts'
import { deliveryKinds } from './kinds.ts'
import type { Held, Lane } from './lane.ts'
import type { Lanes } from './lanes.ts'
import type { Marks } from './marks.ts'
import { queuedAbout, queuedMessage } from './queued.ts'
import type { DeliveryRow } from './rows.ts'
import type { Ended } from './running-attempts.ts'
import type { SenderOptions, Whole } from './sending.ts'

export interface FinishingOptions extends Pick<SenderOptions, 'account' | 'log'> {
  readonly lanes: Lanes
  readonly order: AnswerOrder
  readonly marks: Marks
  readonly whole: Whole
}

/**
 * What becomes of a delivery after an attempt, or without one: the breaker and the log hear of it, what an answer means
 * becomes commands, and only then it is written that the delivery has been dealt with. A process that dies in between
 * sends again, and is answered again.
 */
export class Finishing {
  readonly #options: FinishingOptions
  /** Told of every attempt: its kind, and a word for its outcome. */
  readonly onAttempt = new Set<(kind: string, outcome: string) => void>()

  constructor(options: FinishingOptions) {
    this.#options = options
  }

  /** An attempt that began at an instant has ended. */
  ended(
    lane: Lane,
    held: Held,
    { outcome, duration_ms }: Ended,
    began: { readonly at: number; readonly turn: Turn | undefined }
  ): void {
    const { log, whole } = this.#options
    const { row, kind } = held
    const now = whole.now()
    this.#tellBreaker(lane, outcome, now)
    for (const listener of this.onAttempt) listener(row.kind, wordOf(outcome))
    const conclusion = conclude(row, outcome, { kind, now, at: began.at, duration_ms })
    const { end, refusal } = conclusion
    const level = end === 'failed' ? 'warn' : 'debug'
    if (log.isLevelEnabled(level)) {
      const about = { delivery: row.sid, kind: row.kind, destination: row.destination, event_type: row.event_type }
      const logged = { ...about, attempt: row.attempts + 1, end, refusal, ms: duration_ms }
      log[level](logged, end === 'failed' ? 'a delivery was given up' : 'delivery')
    }
    this.#concluded(lane, held, conclusion, { outcome, turn: began.turn })
  }

  /** No attempt is made: its time was over before its destination could be asked. */
  tooLate(lane: Lane, held: Held, now: number): void {
    const reason = `too late: its time was over before ${held.row.destination} could be asked`
    const conclusion = giveUp(held.row, reason, held.kind, now)
    this.#concluded(lane, held, conclusion, { outcome: { failed: 'timeout', reason }, turn: undefined })
  }

  /** No attempt is made: whom it is for is not there any more. */
  unwanted(lane: Lane, held: Held, now: number): void {
    const reason = `${held.row.receiver_sid}, which it was for, has been removed`
    const conclusion = giveUp(held.row, reason, held.kind, now)
    this.#concluded(lane, held, conclusion, { outcome: { failed: 'invalid', reason }, turn: undefined })
  }

  /** A kind that a newer program wrote is given up here: it would be read again and again. */
  leaveUnknown(row: DeliveryRow): void {
    const kind = deliveryKinds.event_stream
    const reason = `${row.kind} is a kind of delivery that this Ringdown does not know`
    const { row: given } = giveUp({ ...row, fallback_url: null }, reason, kind, this.#options.whole.now())
    this.#options.marks.add({ row: given, kind, stage: 'marking' }, row)
  }

  #tellBreaker(lane: Lane, outcome: Outcome, now: number): void {
    const { log } = this.#options
    const wasOpen = lane.breaker.isOpen
    lane.breaker.tell(outcome, now)
    if (lane.breaker.isOpen === wasOpen) return
    const { destination, queued } = lane
    if (wasOpen) log.info({ destination, queued }, 'a destination is back')
    else log.warn({ destination, queued }, 'a destination is away: it is asked with one delivery at a time')
    if (!wasOpen) lane.trim(now)
  }

  /** What its answer means is decided first; then it is written that the delivery has been dealt with. */
  #concluded(
    lane: Lane,
    held: Held,
    { row, end }: Conclusion,
    { outcome, turn }: { readonly outcome: Outcome; readonly turn: Turn | undefined }
  ): void {
    const { lanes, order, marks, whole } = this.#options
    const { row: before, kind } = held
    const { generation } = lanes
    lane.concluded(held)
    const mark = () => {
      held.row = row
      marks.add(held, before)
    }
    if (!kind.answered) {
      mark()
      return
    }
    const isFinal = end === 'delivered' || end === 'failed'
    const answer = async () => {
      if (isFinal) await this.#answer(before, kind, outcome, end === 'delivered')
      if (!generation.isOver) mark()
    }
    order.take(turn, answer, () => {
      whole.pump(lane)
      whole.changed()
    })
  }

  /** Throws what is worth another attempt: the outcome of a command that nobody knows. */
  async #answer(row: DeliveryRow, kind: Kind, outcome: Outcome, isDelivered: boolean): Promise<void> {
    const { account, log } = this.#options
    const first = row.first_refusal === null ? {} : { first_refusal: row.first_refusal }
    try {
      const [about, message] = [queuedAbout(row), queuedMessage(row, kind)]
      await kind.answered?.({ about, message, outcome, isDelivered, ...first }, account)
    } catch (err) {
      if (err instanceof Unavailable) throw err
      // What was asked about may be over by now; that is the answer's misfortune, and no reason to ask again.
      log.warn({ err, delivery: row.sid, kind: row.kind }, 'an answer could not be used')
    }
  }
}

/** For the metrics: the status's class, or why there was none. */
function wordOf(outcome: Outcome): string {
  return 'failed' in outcome ? outcome.failed : `${Math.floor(outcome.status / 100)}xx`
}
