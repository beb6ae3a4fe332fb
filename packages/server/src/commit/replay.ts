import { State } from '@ringdown/engine/center'
import type { Actor } from '@ringdown/engine/core/events'
import { Refusal } from '@ringdown/engine/core/refusals'
import { type Decision, decide } from '@ringdown/engine/decide'
import { defaultSettings, type Settings } from '@ringdown/engine/settings'
import { centerTools } from '../rendering/tools.ts'
import type { JournalEntry, Store } from '../store/store.ts'
import { type Entry, seedFrom } from './entry.ts'

/**
 * Decides an account's journal anew from nothing and answers the state that it gives: what the account's rows must be.
 * Nothing is evicted, so cold rows stand in the state too.
 */
export async function replay(store: Store, account_sid: string, settings: Settings = defaultSettings): Promise<State> {
  const state = new State(account_sid, settings, centerTools)
  const gone = new Set<string>()
  for (let after = 0; ; ) {
    const entries = await store.journal(account_sid, after, 1000)
    for (const entry of entries) {
      for (const { kind, sid, after: row } of again(state, entry, gone).changes) if (!row) gone.add(`${kind}/${sid}`)
    }
    const last = entries[entries.length - 1]
    if (!last) return state
    after = last.decision
  }
}

/** An entry's data, as `batch.ts` writes it. */
type Journaled = Pick<Entry, 'command' | 'fetched'> & { readonly actor?: Actor }

function again(state: State, { decision, at, seed, data }: JournalEntry, gone: ReadonlySet<string>): Decision {
  const { command, fetched, actor }: Journaled = JSON.parse(data)
  // What had been deleted, and was not gone from the store yet, was read all the same; memory knew better.
  for (const { kind, row } of fetched)
    if (!state.find(kind, row.sid) && !gone.has(`${kind}/${row.sid}`)) state.admit(kind, row)
  try {
    const decided = decide(state, { at, seed: seedFrom(seed), command, actor })
    if (state.decision !== decision) throw new Error(`the journal skips from decision ${state.decision} to ${decision}`)
    return decided
  } catch (error) {
    if (error instanceof Refusal)
      throw new Error(`decision ${decision} is refused on replay: ${error.message}`, { cause: error })
    throw error
  }
}
