import type { State } from '../center.ts'
import type { Json } from '../core/json.ts'
import { valueIn } from '../core/json.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse, refuseWith } from '../core/refusals.ts'
import { fieldsOfContext, sizeOf } from './context.ts'
import { definitionOf } from './definition.ts'
import { emitError, emitExecution } from './events.ts'
import { findRevision, flowOf } from './revisions.ts'
import {
  type ContextChange,
  type ContextData,
  contactKeyOf,
  type ExecutionRow,
  type FlowRow,
  type TriggerEvent
} from './rows.ts'
import { goOn } from './turns.ts'

/** Thirty days (reference studio 7). */
const maxExecution_ms = 30 * 86_400_000

/** What begins an execution. */
export interface Start {
  readonly trigger_event: TriggerEvent
  readonly contact: string
  /** The flow's side. */
  readonly address: string
  readonly conversation_sid?: string
  readonly initiated_by: string | null
  /** Who the contact is, where `contact` does not say: a test user gets the latest revision. */
  readonly person?: string
  /** What stands under `trigger`. */
  readonly trigger: ContextData
  /** What stands under `flow.data`. */
  readonly data?: ContextData
}

/** Starts a flow for a contact over REST (reference studio 1.3). */
export function createExecution(
  state: State,
  params: { readonly flow_sid: string; readonly to: string; readonly from: string; readonly parameters?: string }
): { execution: ExecutionRow } {
  const flow = flowOf(state, params.flow_sid)
  const { to, from } = params
  for (const [name, value] of [
    ['To', to],
    ['From', from]
  ] as const) {
    if (value.trim() === '') refuse('invalid', `Missing required parameter ${name} in the post body`)
    checkLength(value, name, 255)
  }
  const data = parametersIn(params.parameters)
  const active = state.tables.execution.firstBy('contact', contactKeyOf(flow.sid, from, to))
  if (active)
    refuseWith(
      'conflict',
      `Execution ${active.sid} is already active for this contact. End the active Execution before creating a new one`,
      { conflicting_execution_sid: active.sid }
    )
  const execution = startExecution(state, flow, {
    trigger_event: 'incomingRequest',
    contact: to,
    address: from,
    initiated_by: null,
    trigger: { request: { from, to, parameters: data } },
    data
  })
  return { execution: execution ?? refuse('invalid', `Flow ${flow.sid} has no published version`) }
}

function parametersIn(text: string | undefined): ContextData {
  if (!text) return {}
  const value = valueIn(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return refuse('execution.bad_parameters', 'Parameters must be a JSON object')
  return value as ContextData // it was JSON
}

/** Starts a flow that may be started for the contact; undefined where it has no revision for it. */
export function startExecution(state: State, flow: FlowRow, start: Start): ExecutionRow | undefined {
  const { test_users } = flow
  const isTested =
    test_users.includes(start.contact) || (start.person !== undefined && test_users.includes(start.person))
  const version = isTested ? flow.revision : flow.published_revision
  if (version === null) return undefined
  const sid = state.sid('FN')
  const context = contextOf(flow, sid, start)
  const unsaved: readonly ContextChange[] = [[[], context]]
  const revision = findRevision(state, flow.sid, version)
  if (!revision) throw new Error(`invariant: revision ${version} of ${flow.sid} is in memory`)
  const execution = state.insert(
    'execution',
    {
      account_sid: state.account_sid,
      flow_sid: flow.sid,
      flow_version: version,
      status: 'active',
      contact_channel_address: start.contact,
      flow_channel_address: start.address,
      conversation_sid: start.conversation_sid ?? null,
      call_sid: null,
      person: start.person ?? start.contact,
      initiated_by: start.initiated_by,
      trigger_event: start.trigger_event,
      context,
      unsaved,
      context_size: sizeOf(unsaved),
      running_flow_sid: flow.sid,
      running_version: version,
      parent: null,
      widget: definitionOf(revision).initial_state ?? null,
      happened: start.trigger_event,
      waits_for: null,
      ticket: null,
      request: null,
      said_sid: null,
      last_step_sid: null,
      steps: 0,
      turns: 0,
      replies: 0,
      replies_since: state.at,
      closes_conversation: false,
      repeats: 1,
      ended_reason: null,
      forgets: null,
      date_ended: null,
      date_turn: null,
      date_next_turn: null,
      date_timeout: null,
      date_expires: state.at + maxExecution_ms
    },
    sid
  )
  emitExecution(state, 'flow.execution.started', execution)
  return goOn(state, sid)
}

/** Starts a flow because somebody wrote or called; what keeps it from that is told to the debugger. */
export function startByTrigger(state: State, flow_sid: string, start: Start): ExecutionRow | undefined {
  const flow = state.tables.flow.find(flow_sid)
  if (!flow) {
    emitError(
      state,
      {},
      { code: 20404, message: `Flow ${flow_sid}, which ${start.contact} would have begun, does not exist` }
    )
    return undefined
  }
  const execution = startExecution(state, flow, start)
  if (!execution) emitError(state, { flow }, { code: 20001, message: `Flow ${flow_sid} has no published version` })
  return execution
}

function contextOf(flow: FlowRow, sid: string, { address, contact, trigger, data = {} }: Start): ContextData {
  return {
    trigger,
    flow: { sid, flow_sid: flow.sid, channel: { address }, data, variables: {} },
    contact: { channel: { address: contact } },
    widgets: {}
  }
}

/** Values of a form as a context has them: text of JSON that the original reads is read (reference studio 5). */
export function triggerFields(parameters: Readonly<Record<string, string>>): ContextData {
  const read = new Set(['ChannelAttributes', 'AddOns'])
  const fields = Object.entries(parameters).map(([name, value]): [string, Json] => {
    const found = read.has(name) ? valueIn(value) : undefined
    return [name, found === undefined ? value : fieldsOfContext(found as Json)] // it was JSON
  })
  return Object.fromEntries(fields)
}
