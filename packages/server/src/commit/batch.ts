import { memberAt } from '@ringdown/engine/core/member-at'
import { render } from '@ringdown/engine/events'
import type { Kind } from '@ringdown/engine/kinds'
import type { Batch, EventWrite, JournalEntry, Removal, RowWrite } from '../store/store.ts'
import { insertsOf } from '../store/tables.ts'
import { actorOf, type Entry, seedText } from './entry.ts'
import { type KeptAnswer, keptAnswerTable } from './kept-answers.ts'
import { cascades, coldKinds } from './kinds.ts'

/**
 * Joins decisions into what is written in one transaction. A row that several of them changed is written once, as the last
 * one left it. Cold rows are kept by their SID and resident ones by their seq: where a resident row was deleted and another
 * was made with the same SID, the old one is deleted and the new one is written beside it.
 */
export function batchOf(account_sid: string, epoch: number, entries: readonly Entry[], journaled: boolean): Batch {
  const rows = new Map<Kind, Map<number | string, RowWrite>>()
  const events: EventWrite[] = []
  const journal: JournalEntry[] = []
  const removals: Removal[] = []
  const kept: KeptAnswer[] = []
  for (const entry of entries) {
    const { command, at, seed, fetched, decision, head, kept: answer } = entry
    if (answer) kept.push(answer)
    for (const { kind, sid, before, after } of decision.changes) {
      let written = rows.get(kind)
      if (!written) {
        written = new Map()
        rows.set(kind, written)
      }
      const isCold = coldKinds.has(kind)
      if (after) written.set(isCold ? sid : after.seq, { kind, sid, seq: after.seq, row: after })
      if (before && before.seq !== after?.seq && !(isCold && after))
        written.set(isCold ? sid : before.seq, { kind, sid, seq: before.seq, row: null })
      // Cold rows that go with their parent: most of them were never in memory.
      if (!after)
        for (const child of cascades.get(kind) ?? [])
          removals.push({ kind: child.kind, where: { [child.column]: sid } })
    }
    for (const event of decision.events) {
      // Named one by one: what a rest pattern gathers costs more to make and to write than the event itself.
      const { seq, sid, type, at, workspace_sid, description, resource_type, resource_sid, actor, data } = render(event)
      const text = JSON.stringify({
        workspace_sid,
        description,
        resource_type,
        resource_sid,
        actor_type: actor?.type,
        actor_sid: actor?.sid ?? undefined,
        on_behalf_of: actor?.on_behalf_of,
        data
      })
      events.push({ seq, sid, type, at, about: data, data: text })
    }
    if (journaled) {
      const actor = actorOf(entry)
      const data = JSON.stringify({ command, fetched, actor })
      journal.push({ decision: head.decision, at, seed: seedText(seed), data })
    }
  }
  const last = memberAt(entries, entries.length - 1) // a batch has entries
  return {
    account_sid,
    epoch,
    head: last.head,
    rows: [...rows.values()].flatMap((of) => [...of.values()]),
    removals,
    events,
    journal,
    ...(kept.length > 0 && { writes: [insertsOf(keptAnswerTable, kept)] })
  }
}
