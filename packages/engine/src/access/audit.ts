import type { State } from '../center.ts'
import type { Actor } from '../core/events.ts'
import { refuse } from '../core/refusals.ts'
import type { AuditEntryRow } from './rows.ts'

/** Commands whose row is not named by `sid`: by what they are about. */
const subjects = ['sid', 'reservation_sid', 'task_sid', 'conversation_sid', 'interaction_sid', 'workspace_sid'] as const

/** Somebody erases a customer, which is done where the customer is known: here is kept who did, and not whom. */
export function noteErasure(_state: State, _params: object): Record<string, never> {
  return {}
}

/**
 * Keeps that a key, a person or a customer changed something, in the decision that does it. What time does is nobody's, what
 * carriers bring is in the messages, and what the account does is its own affair.
 */
export function noteChange(state: State, command: { readonly type: string }, actor: Actor): void {
  const { type, sid, on_behalf_of = null } = actor
  // A tool's call is kept by itself.
  if (type === 'system' || type === 'carrier' || sid === null || command.type === 'tool_call.note') return
  const named: Readonly<Record<string, unknown>> = command
  const subject = subjects.map((name) => named[name]).find((value) => typeof value === 'string')
  state.insert('audit_entry', {
    account_sid: state.account_sid,
    actor_type: type,
    actor_sid: sid,
    on_behalf_of,
    command: command.type,
    subject_sid: subject ?? null,
    arguments_hash: null,
    outcome: null
  })
}

/** A call of a tool that writes, as the MCP server tells it. */
export interface NoteToolCall {
  readonly tool: string
  readonly action: string
  readonly arguments_hash: string
  readonly outcome: string
}

/** Keeps that somebody called a tool, whoever it was, and what came of it. */
export function noteToolCall(
  state: State,
  { tool, action, arguments_hash, outcome }: NoteToolCall
): { audit_entry: AuditEntryRow } {
  if (!/^[0-9a-f]{64}$/.test(arguments_hash)) refuse('invalid', 'ArgumentsHash is a SHA-256 in hexadecimal')
  const { actor } = state
  const known =
    actor && actor.type !== 'system' && actor.type !== 'carrier' && actor.sid !== null
      ? { type: actor.type, sid: actor.sid }
      : undefined
  const audit_entry = state.insert('audit_entry', {
    account_sid: state.account_sid,
    actor_type: known?.type ?? 'account',
    actor_sid: known?.sid ?? state.account_sid,
    on_behalf_of: actor?.on_behalf_of ?? null,
    command: `${tool}.${action}`,
    subject_sid: null,
    arguments_hash,
    outcome
  })
  return { audit_entry }
}
