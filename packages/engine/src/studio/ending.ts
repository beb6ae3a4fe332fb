import type { State } from '../center.ts'
import { moveConversation } from '../conversations/conversation.ts'
import { consequence } from '../conversations/origin.ts'
import type { Read } from '../core/command.ts'
import { oneOf } from '../core/enumeration.ts'
import { notFound } from '../core/parameters.ts'
import { forgotten } from './erasing.ts'
import { emitExecution } from './events.ts'
import { flowOf, settleRevisions } from './revisions.ts'
import type { EndedReason, ExecutionRow } from './rows.ts'

/** Ends an execution that is active: nothing leads it on any more. */
export function endExecution(state: State, sid: string, ended_reason: EndedReason): ExecutionRow {
  const { closes_conversation, conversation_sid, flow_sid, running_flow_sid } = state.tables.execution.need(sid)
  const execution = state.change('execution', sid, {
    ...forgotten(state.tables.execution.need(sid)),
    status: 'ended',
    date_ended: state.at,
    ended_reason,
    widget: null,
    happened: null,
    waits_for: null,
    ticket: null,
    request: null,
    parent: null,
    said_sid: null,
    date_turn: null,
    date_next_turn: null,
    date_timeout: null,
    date_expires: null
  })
  settleRevisions(state, flow_sid)
  if (running_flow_sid !== flow_sid) settleRevisions(state, running_flow_sid)
  emitExecution(state, 'flow.execution.ended', execution)
  const conversation = closes_conversation ? state.resident('conversation', conversation_sid) : undefined
  if (conversation && conversation.state !== 'closed')
    moveConversation(state, conversation.sid, 'closed', { reason: 'API', origin: consequence })
  return execution
}

interface Named {
  readonly flow_sid: string
  readonly sid: string
}

/** Ends an execution; one that has ended stays as it is (reference studio 1.2). */
export function updateExecution(
  state: State,
  params: Named & { readonly status: string }
): { execution: ExecutionRow } {
  const execution = executionOf(state, params)
  const status = oneOf(['active', 'ended'], params.status, 'Status')
  if (status === 'active' || execution.status === 'ended') return { execution }
  return { execution: endExecution(state, execution.sid, 'API') }
}

/** Removes an execution with its steps; one that is active ends first. */
export function deleteExecution(state: State, params: Named): Record<string, never> {
  const execution = executionOf(state, params)
  const ended = execution.status === 'active' ? endExecution(state, execution.sid, 'API') : execution
  emitExecution(state, 'ringdown.flow.execution-removed', ended)
  state.remove('execution', execution.sid)
  return {}
}

/** Thirty days are enough for anybody (reference studio 7). */
export function executionExpired(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  endExecution(state, sid, 'TIMEOUT')
  return {}
}

export function executionReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return state.tables.execution.find(sid) ? [] : [{ kind: 'execution', where: { sid } }]
}

function executionOf(state: State, { flow_sid, sid }: Named): ExecutionRow {
  flowOf(state, flow_sid)
  const execution = state.tables.execution.find(sid)
  return execution?.flow_sid === flow_sid ? execution : notFound(`/Flows/${flow_sid}/Executions/${sid}`)
}
