import { State } from '@ringdown/engine/center'
import { Insights } from '@ringdown/engine/insights/insights'
import { Recent } from '@ringdown/server/analytics/recent'
import { contactTextTable, segmentTable } from '@ringdown/server/analytics/segments'
import type { Statistics } from '@ringdown/server/analytics/statistics'
import { Questions } from '@ringdown/server/insights/questions'
import type { Store } from '@ringdown/server/store/store'
import { insertsOf } from '@ringdown/server/store/tables'

/* Contacts that have nothing in common, by the thousand: each has a number of its own. */

export const account_sid = `AC${'7'.repeat(32)}`
export const day = 86_400_000
export const now = Date.parse('2026-03-02T09:00:00Z')

/** Contacts of sixty days, the oldest first, evenly. */
export class Many {
  readonly contacts: number

  constructor(contacts: number) {
    this.contacts = contacts
  }

  beganAt(n: number): number {
    return now - 60 * day + Math.floor((n * 60 * day) / this.contacts)
  }

  async into(store: Store): Promise<void> {
    const reader = 'size'
    let cursor = await store.cursor(account_sid, reader)
    for (let first = 0; first < this.contacts; first += 3_000) {
      const numbers = Array.from({ length: Math.min(3_000, this.contacts - first) }, (_, k) => first + k)
      const writes = [
        insertsOf(
          segmentTable,
          numbers.map((n) => this.#segment(n))
        ),
        insertsOf(
          contactTextTable,
          numbers.map((n) => this.#text(n))
        )
      ]
      await store.advance({ account_sid, reader, from: cursor, to: cursor + 1, writes })
      cursor++
    }
  }

  /** A question about all of them. */
  asked(more: object) {
    return { from: new Date(this.beganAt(0)).toISOString(), to: new Date(now).toISOString(), ...more }
  }

  #segment(n: number) {
    const began_at = this.beganAt(n)
    return {
      began_at,
      seq: n + 1,
      kind: 'conversation',
      ended_at: began_at + 60_000,
      result: 'completed',
      talk_ms: 1_000 * (n % 90),
      wrap_up_ms: 0,
      responses: 0,
      response_ms: 0,
      workspace_sid: sid('WS', 1),
      worker_sid: sid('WK', n % 7),
      channel: 'chat',
      direction: 'inbound',
      task_sid: sid('WT', n),
      conversation_id: sid('WT', n)
    }
  }

  #text(n: number) {
    return {
      task_sid: sid('WT', n),
      at: this.beganAt(n),
      attributes: JSON.stringify({ order: `o${n}`, mixed: n % 2 === 0 ? n : `${n}-b` }),
      customers: '[]'
    }
  }
}

/** Who answers questions about what a store has. */
export function questionsOf(store: Store): Questions {
  const account = { state: new State(account_sid), account_sid, reading: <T>(work: () => Promise<T>) => work() }
  const statistics = {
    account,
    upToDate: async () => new Recent(0, [], new Insights()),
    keptText: <T>(text: T) => text
  }
  return new Questions({ store, statistics: statistics as unknown as Statistics, query_s: 120 }) // as: no more of it is asked
}

const sid = (prefix: string, n: number) => prefix + n.toString(16).padStart(32, '0')
