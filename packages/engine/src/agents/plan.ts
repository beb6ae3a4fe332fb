import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type ChangePlanRow, changePlanStates } from './rows.ts'

/** How long a plan can be applied, and undone after that, in milliseconds. */
const planLife_ms = 30 * 60_000
/** Plans of an account: the oldest gives way. */
const maxPlans = 200
/** Characters of one. */
const maxPlan = 1_000_000

export function createPlan(state: State, { content }: { readonly content: string }): { change_plan: ChangePlanRow } {
  checkLength(content, 'Content', maxPlan)
  const { account_sid, at } = state
  const [oldest] = state.tables.change_plan.list('account_sid', account_sid)
  if (oldest && state.tables.change_plan.size >= maxPlans) state.remove('change_plan', oldest.sid)
  const row = { account_sid, state: 'planned', content, ends_at: at + planLife_ms } as const
  return { change_plan: state.insert('change_plan', row) }
}

/**
 * Keeps how far a plan has come. `from`: the state that it must be in, so that of two who begin at once one does; its time
 * begins anew when it has been applied.
 */
export function updatePlan(
  state: State,
  params: { readonly sid: string; readonly from?: string; readonly state: string; readonly content?: string }
): { change_plan: ChangePlanRow } {
  const { content, from } = params
  const before = planOf(state, params.sid)
  const next = oneOf(changePlanStates, params.state, 'State')
  if (from !== undefined && before.state !== from)
    return refuse('conflict', `ChangePlan ${before.sid} is ${before.state}, and not ${from}`)
  checkLength(content, 'Content', maxPlan)
  return {
    change_plan: state.change('change_plan', before.sid, {
      state: next,
      ...(content !== undefined && { content }),
      ...(next === 'applied' && { ends_at: state.at + planLife_ms })
    })
  }
}

export function planOf(state: State, sid: string): ChangePlanRow {
  return state.tables.change_plan.find(sid) ?? notFound(`/ChangePlans/${sid}`)
}

/** Its time is over. */
export function planEnds(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('change_plan', sid)
  return {}
}
