import type { State } from '../center.ts'
import type { Actor } from '../core/events.ts'

/** Commands whose row is not named by `sid`: by what they are about. */
const subjects = ['sid', 'reservation_sid', 'task_sid', 'conversation_sid', 'interaction_sid', 'workspace_sid'] as const

/**
 * Keeps that a key, a person or a customer changed something, in the decision that does it. What time does is nobody's, and
 * what the account does is its own affair.
 */
export function noteChange(state: State, command: { readonly type: string }, actor: Actor): void {
  const { type, sid, on_behalf_of = null } = actor
  if (type === 'system' || sid === null) return
  const named: Readonly<Record<string, unknown>> = command
  const subject = subjects.map((name) => named[name]).find((value) => typeof value === 'string')
  state.insert('audit_entry', {
    account_sid: state.account_sid,
    actor_type: type,
    actor_sid: sid,
    on_behalf_of,
    command: command.type,
    subject_sid: subject ?? null
  })
}
