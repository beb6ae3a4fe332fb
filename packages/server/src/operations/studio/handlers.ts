import { checkReads } from '@ringdown/engine/studio/check'
import { validateFlow } from '@ringdown/engine/studio/flow'
import type { Handlers } from '../handler.ts'
import { mappedPage, pageOf } from '../listing.ts'
import { executionOf, executionStepOf } from './cold-lookup.ts'
import { contextAfter, representListedFlow } from './representation.ts'

/** Operations of Studio that do not follow the general rules (reference studio 1). */
export const studioHandlers = {
  'studio_v2.ListFlow'({ page }, { state }) {
    const group = { table: state.tables.flow, index: 'account_sid', key: state.account_sid }
    return mappedPage(pageOf(group, page, { descending: true }), representListedFlow)
  },

  async 'studio_v2.UpdateFlowValidate'({ params }, { state, ledger }) {
    const definition = String(params.definition)
    const kept = await Promise.all(
      checkReads(state, definition).map(({ where: { flow_sid = '', revision } }) =>
        ledger.find('flow_revision', { flow_sid, revision: Number(revision) })
      )
    )
    const { valid } = validateFlow(state, { ...params, definition }, kept.flat())
    return { valid }
  },

  async 'studio_v2.FetchExecutionContext'({ path: { flow_sid, execution_sid } }, context) {
    const { account_sid, context: data } = await executionOf(context, flow_sid, execution_sid)
    return { account_sid, flow_sid, execution_sid, context: data }
  },

  async 'studio_v2.FetchExecutionStepContext'({ path }, context) {
    const step = await executionStepOf(context, path, path.step_sid)
    const { account_sid, flow_sid, execution_sid } = step
    const steps = await context.ledger.find('execution_step', { execution_sid })
    const sorted = steps.sort((a, b) => a.seq - b.seq)
    return { account_sid, flow_sid, execution_sid, step_sid: step.sid, context: contextAfter(sorted, step) }
  }
} satisfies Handlers
