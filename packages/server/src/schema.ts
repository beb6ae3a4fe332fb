import { cellTable, stayTable } from './analytics/cells.ts'
import { erasureTable } from './analytics/erasures.ts'
import { segmentTables } from './analytics/segments.ts'
import { keptAnswerTable } from './commit/kept-answers.ts'
import { coldKinds } from './commit/kinds.ts'
import { deliveryTable } from './delivery/rows.ts'
import { logSubjects } from './log/event-subjects.ts'
import type { Schema } from './store/tables.ts'

/** What a store of ours keeps. Who brings a table adds it here; its columns and indexes may change without a migration. */
export const schema: Schema = {
  kinds: coldKinds,
  log: logSubjects,
  tables: [cellTable, stayTable, ...segmentTables, erasureTable, deliveryTable, keptAnswerTable]
}
