import { notFound } from '@ringdown/engine/core/parameters'
import { flowOf, revisionNamed } from '@ringdown/engine/studio/revisions'
import type { ExecutionRow, ExecutionStepRow, FlowRevisionRow } from '@ringdown/engine/studio/rows'
import type { Context } from '../handler.ts'

/*
 * Revisions that nobody starts with, executions that have ended, and all steps are in the store only. The row in memory is
 * the newer one. Each function refuses with 404 where there is none.
 */

export type OfFlow = { readonly flow_sid: string }
export type OfExecution = OfFlow & { readonly execution_sid: string }

/** A revision by its number, or by what it is the latest of (reference studio 1.1). */
export async function revisionOf({ state, ledger }: Context, sid: string, name: string): Promise<FlowRevisionRow> {
  const path = `/Flows/${sid}/Revisions/${name}`
  const revision = revisionNamed(flowOf(state, sid), name) ?? notFound(path)
  const resident = [...state.tables.flow_revision.by('flow_sid', sid)].find((one) => one.revision === revision)
  const [row] = resident ? [resident] : await ledger.find('flow_revision', { flow_sid: sid, revision })
  return row ?? notFound(path)
}

export async function executionOf({ state, ledger }: Context, flow_sid: string, sid: string): Promise<ExecutionRow> {
  flowOf(state, flow_sid)
  const resident = state.find('execution', sid)
  const [row] = resident ? [resident] : await ledger.find('execution', { sid })
  return row?.flow_sid === flow_sid ? row : notFound(`/Flows/${flow_sid}/Executions/${sid}`)
}

export async function executionStepOf(context: Context, path: OfExecution, sid: string): Promise<ExecutionStepRow> {
  const { sid: execution_sid } = await executionOf(context, path.flow_sid, path.execution_sid)
  const resident = context.state.find('execution_step', sid)
  const [row] = resident ? [resident] : await context.ledger.find('execution_step', { execution_sid, sid })
  return row?.execution_sid === execution_sid
    ? row
    : notFound(`/Flows/${path.flow_sid}/Executions/${execution_sid}/Steps/${sid}`)
}
