import { EventLog } from '../store/event-log.ts'
import { blockOf, blockUpdates, typeToken } from '../store/log-blocks.ts'
import type { Store, StoredEvent } from '../store/store.ts'
import { logSubjects } from './event-subjects.ts'

/** What an event of the log says from now on. */
export interface EventText {
  readonly seq: number
  readonly data: string
}

/**
 * The log is written once and read many times; the one thing that is ever changed in it is that text goes, when what it
 * was about has been removed. Errors are those of `Store.write`, but for Fenced.
 */
export class EventTexts {
  readonly #log: EventLog
  readonly #store: Pick<Store, 'dialect' | 'query' | 'update'>

  constructor(store: Pick<Store, 'dialect' | 'query' | 'update'>) {
    this.#store = store
    this.#log = new EventLog(store)
  }

  /** Events of some types after a cursor up to another one, oldest first. */
  ofTypes(
    account_sid: string,
    query: {
      readonly types: readonly string[]
      readonly after: number
      readonly through: number
      readonly limit: number
    }
  ): Promise<StoredEvent[]> {
    const { types, after, through, limit } = query
    const fits = ({ type }: StoredEvent) => types.includes(type)
    return this.#log.page({ account_sid, first: after + 1, last: through, any: types.map(typeToken), fits, limit })
  }

  /**
   * Puts other data in the place of events' own; their places, SIDs and types stay. Their blocks are made anew, with the
   * subjects that are left. In one transaction.
   */
  async rewrite(account_sid: string, events: readonly EventText[]): Promise<void> {
    const texts = new Map(events.map(({ seq, data }) => [seq, data]))
    const blocks = await this.#log.blocksWith(account_sid, [...texts.keys()])
    const fresh = blocks.map((block) => block.map((event) => ({ ...event, data: texts.get(event.seq) ?? event.data })))
    await this.#store.update(account_sid, ...blockUpdates(fresh.map((block) => blockOf(block, logSubjects))))
  }
}
