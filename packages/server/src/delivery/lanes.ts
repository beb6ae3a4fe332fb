import type { DeliveryKind, Kind } from './delivery.ts'
import { Lane, Room } from './lane.ts'
import { kindOf } from './queued.ts'
import type { DeliveryRow } from './rows.ts'

/** Memory between two times at which it was forgotten. What began in one that is over counts no more. */
export interface Generation {
  isOver: boolean
}

/** How much is queued in the store. */
export interface Counts {
  readonly destinations: readonly { readonly destination: string; readonly queued: number }[]
  /** SID of the last delivery that was counted. */
  readonly through: string
}

const noSids: ReadonlySet<string> = new Set()

/**
 * The lanes of all destinations that something is queued for: all that the sender has in memory of deliveries.
 *
 * - A delivery is counted once: in `counted`, if its SID is not above `#through`, or else in `offer`. SIDs are in the
 *   order of the events that they are sent for; one that is sent of an earlier event is counted in any case, and the store is
 *   asked in vain where it was counted already. What is offered before anything was counted waits until that has happened.
 * - A lane is there while anything is queued, held or under way for its destination. Nobody keeps a lane over a wait
 *   without looking whether its generation is over.
 */
export class Lanes implements Iterable<Lane> {
  readonly #kinds: Readonly<Record<DeliveryKind, Kind>>
  readonly #lanes = new Map<string, Lane>()
  readonly #held: number | undefined
  #room: Room
  #isCounted = false
  #through = ''
  /** Written while the store was asked. */
  #unseen: { readonly sid: string; readonly destination: string; readonly isBackdated: boolean }[] = []
  #generation: Generation = { isOver: false }

  /** `held` is how many deliveries a lane may have in memory to be sent. */
  constructor(kinds: Readonly<Record<DeliveryKind, Kind>>, held?: number) {
    this.#kinds = kinds
    this.#held = held
    this.#room = new Room(held)
  }

  /** All of them, as they are now: lanes may come and go meanwhile. */
  [Symbol.iterator](): IterableIterator<Lane> {
    return [...this.#lanes.values()].values()
  }

  get generation(): Generation {
    return this.#generation
  }

  /** Whether a delivery is counted here; else it is about to be offered. */
  has(sid: string): boolean {
    return sid <= this.#through
  }

  /** The lane of a destination; a new one where there was none. */
  laneOf(destination: string): Lane {
    let lane = this.#lanes.get(destination)
    if (!lane) {
      lane = new Lane(destination, this.#room)
      this.#lanes.set(destination, lane)
    }
    return lane
  }

  /**
   * What was just written by the reader of the log. `backdated` names those of events that happened before somebody asked for
   * them: they stand among what is counted, and are not. Answers the lanes that have more now.
   */
  offer(rows: readonly DeliveryRow[], backdated: ReadonlySet<string> = noSids): Iterable<Lane> {
    if (!this.#isCounted) {
      // Whether they are counted is known when the store has answered.
      for (const { sid, destination } of rows) this.#unseen.push({ sid, destination, isBackdated: backdated.has(sid) })
      return []
    }
    const fresh = rows.filter(({ sid }) => !this.has(sid))
    const touched = new Set<Lane>()
    // Perhaps it is counted already: then the store is asked in vain.
    for (const { sid, destination } of rows)
      if (backdated.has(sid) && this.has(sid)) {
        const lane = this.laneOf(destination)
        lane.addUnseen(1)
        touched.add(lane)
      }
    for (const { sid } of fresh) if (!this.has(sid)) this.#through = sid
    for (const row of fresh) {
      const kind = kindOf(row, this.#kinds)
      if (!kind) continue
      const lane = this.laneOf(row.destination)
      lane.add(row, kind)
      touched.add(lane)
    }
    return touched
  }

  /** The store has said what is queued there. */
  counted({ destinations, through }: Counts): void {
    for (const { destination, queued } of destinations) this.laneOf(destination).addUnseen(queued)
    this.#through = through
    for (const { sid, destination, isBackdated } of this.#unseen.splice(0)) {
      if (sid <= through && !isBackdated) continue
      this.laneOf(destination).addUnseen(1)
      if (!this.has(sid)) this.#through = sid
    }
    this.#isCounted = true
  }

  /** Lets go of a lane that has nothing left. */
  dropEmpty(lane: Lane): void {
    if (lane.isEmpty && this.#lanes.get(lane.destination) === lane) this.#lanes.delete(lane.destination)
  }

  /** Sets off no alarm any more. */
  cancelAlarms(): void {
    for (const lane of this.#lanes.values()) lane.cancelAlarm()
  }

  /** Begins anew, with nothing. */
  forget(): void {
    this.#generation.isOver = true
    this.#generation = { isOver: false }
    this.#isCounted = false
    this.cancelAlarms()
    this.#lanes.clear()
    this.#room = new Room(this.#held)
  }
}
