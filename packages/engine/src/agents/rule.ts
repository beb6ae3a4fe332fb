import { type SituationArguments, situationArguments, situationOf } from '@ringdown/contract/situations'
import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import { refuse, refuseWith } from '../core/refusals.ts'
import { compile } from '../matching/expression/compile.ts'
import { ExpressionError } from '../matching/expression/error.ts'
import { checkRule } from './evaluator.ts'
import type { SituationRuleRow } from './rows.ts'

/** How long a rule stands after somebody has said that it is wanted, in milliseconds. */
export const ruleLife_ms = 86_400_000
/** Rules of one account. */
const maxRules = 500

/** A situation and its arguments, JSON text or an object, as they are checked. */
interface WantedSituation {
  readonly situation: string
  readonly arguments: unknown
}

/**
 * Keeps watch for a situation that no event tells of by itself; who wants the same as somebody else has the same rule.
 * `until`: the instant to which it stands at least; a day from now without it. It begins with what is the case now.
 *
 * Refuses unknown situations, those that need no rule, arguments that do not fit, and more than `maxRules`.
 */
export function keepRule(
  state: State,
  { until = state.at + ruleLife_ms, ...params }: WantedSituation & { readonly until?: number }
): { situation_rule: SituationRuleRow } {
  const { situation, args } = wantedSituation(params)
  if (!situation.ruled) return refuse('invalid', `Situation ${situation.name} needs no rule: its events tell of it`)
  checkArguments(state, args)
  const wanted = JSON.stringify([situation.name, args])
  const known = state.tables.situation_rule.firstBy('wanted', wanted)
  if (known) {
    const ends_at = Math.max(known.ends_at, until)
    return { situation_rule: state.change('situation_rule', known.sid, { ends_at }) }
  }
  if (state.tables.situation_rule.size >= maxRules)
    return refuseWith('too_many', `SituationRules are at most ${maxRules}`, { limit: maxRules })
  const { sid } = state.insert('situation_rule', {
    account_sid: state.account_sid,
    situation: situation.name,
    arguments: args,
    wanted,
    task_queue_sid: typeof args.taskQueueSid === 'string' ? args.taskQueueSid : null,
    check_at: state.at,
    ends_at: until,
    // What waits for long already is told at once.
    looked_at: 0,
    beyond_since: null,
    is_told: false
  })
  return { situation_rule: state.tables.situation_rule.need(sid) }
}

/** Ends a rule; who still wants it makes it anew. */
export function deleteRule(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('situation_rule', situationRuleOf(state, sid).sid)
  return {}
}

export function situationRuleOf(state: State, sid: string): SituationRuleRow {
  return state.tables.situation_rule.find(sid) ?? notFound(`/SituationRules/${sid}`)
}

/** Its time to be looked at. */
export function ruleDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  checkRule(state, state.tables.situation_rule.need(sid))
  return {}
}

/** Nobody has said for long enough that it is wanted. */
export function ruleEnds(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('situation_rule', sid)
  return {}
}

/** The situation and its arguments. Refuses what there is not, and what does not fit. */
export function wantedSituation(params: WantedSituation) {
  const situation = situationOf(params.situation)
  if (!situation) return refuse('invalid', `Situation '${params.situation}' does not exist`)
  const args = situationArguments(situation, objectIn(params.arguments))
  if (typeof args === 'string') return refuse('invalid', `Arguments: ${args}`)
  return { situation, args }
}

function objectIn(given: unknown): Readonly<Record<string, unknown>> {
  let value = given
  if (typeof given === 'string')
    try {
      value = JSON.parse(given)
    } catch {
      value = undefined
    }
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Readonly<Record<string, unknown>> // an object, as just checked
  return refuse('invalid', 'Arguments must be a JSON object')
}

function checkArguments(state: State, { taskQueueSid, expression }: SituationArguments): void {
  if (taskQueueSid !== undefined && !state.tables.task_queue.find(String(taskQueueSid)))
    refuse('invalid', `Arguments: taskQueueSid ${taskQueueSid} is no TaskQueue`)
  if (expression === undefined) return
  try {
    compile(String(expression), 'task')
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    refuse('invalid', `Arguments: expression: ${error.message}`)
  }
}
