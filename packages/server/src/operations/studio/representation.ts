import type { State } from '@ringdown/engine/center'
import { withChanges } from '@ringdown/engine/studio/context'
import { latestRevision } from '@ringdown/engine/studio/revisions'
import type {
  ContextData,
  ExecutionRow,
  ExecutionStepRow,
  FlowRevisionRow,
  FlowRow
} from '@ringdown/engine/studio/rows'
import { shownJson } from '../shown-json.ts'

/* Rows as the API shows them (reference studio 1.1 and 1.2). */

/** Where messages and calls for a flow go; on Twilio that is a host of its own. */
function webhookUrlOf({ account_sid, sid }: FlowRow): string {
  return `https://webhooks.twilio.com/v1/Accounts/${account_sid}/Flows/${sid}`
}

export function representFlow(state: State, row: FlowRow) {
  const { definition, errors, warnings } = latestRevision(state, row)
  return {
    ...row,
    ...dates(row),
    definition: shownJson<unknown>(definition),
    errors,
    warnings,
    webhook_url: webhookUrlOf(row)
  }
}

/** Lists leave out what is long. */
const unlisted = { definition: null, commit_message: null, valid: null, errors: null, warnings: null } as const

export function representListedFlow(row: FlowRow) {
  return { ...row, ...dates(row), ...unlisted, webhook_url: webhookUrlOf(row) }
}

export function representRevision(row: FlowRevisionRow) {
  return { ...row, sid: row.flow_sid, ...dates(row), definition: shownJson<unknown>(row.definition) }
}

export function representListedRevision(row: FlowRevisionRow) {
  return { ...row, sid: row.flow_sid, ...dates(row), ...unlisted }
}

/** The context has a resource of its own. */
export function representExecution(_state: State, row: ExecutionRow) {
  return { ...row, ...dates(row), context: {} }
}

export function representStep(_state: State, row: ExecutionStepRow) {
  return { ...row, ...dates(row), context: {} }
}

/** What the context was after a step: what all steps up to it have set. They are in their order. */
export function contextAfter(steps: readonly ExecutionStepRow[], { seq }: ExecutionStepRow): ContextData {
  return withChanges(
    {},
    steps.filter((step) => step.seq <= seq).flatMap(({ changes }) => changes)
  )
}

/** What was never changed has no date of that. */
function dates({ version, date_created, date_updated }: FlowRow | FlowRevisionRow | ExecutionRow | ExecutionStepRow) {
  return { date_created, date_updated: version === 0 ? null : date_updated }
}
