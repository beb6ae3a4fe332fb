import type { Row } from '@ringdown/engine/core/row'
import type { Kind } from '@ringdown/engine/kinds'
import { kinds } from '@ringdown/engine/kinds'
import type { Entry } from './entry.ts'

/** What a read has shown, and found out: who knows that need not wait for decisions that are about other rows. */
export interface Shown {
  /** SIDs of the rows that were looked at. */
  readonly sids: ReadonlySet<string>
  /** Where rows of an index were listed: which. One that was not there yet, or is no more, counts as looked at. */
  readonly group?: ShownGroup | undefined
}

export interface ShownGroup {
  readonly kind: Kind
  readonly index: string
  readonly key: string
}

/** Whether a decision has changed something of what was shown. */
export function hasTouched({ decision }: Pick<Entry, 'decision'>, { sids, group }: Shown): boolean {
  for (const { kind, sid, before, after } of decision.changes) {
    if (sids.has(sid)) return true
    if (group?.kind === kind && (isIn(group, before) || isIn(group, after))) return true
  }
  return false
}

function isIn({ kind, index, key }: ShownGroup, row: Row | undefined): boolean {
  const keyOf: ((row: never) => string | null | undefined) | undefined = kinds[kind].indexes?.[index]
  return row !== undefined && keyOf?.(row as never) === key // as: it is a row of that kind
}
