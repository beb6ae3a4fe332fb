import type { State } from '../center.ts'
import { nameKey } from '../core/names.ts'
import { emitUser } from './events.ts'
import type { Origin } from './origin.ts'
import type { UserRow } from './rows.ts'

/**
 * The user of an identity, made when it is the first time that the service hears of it (reference conversations 7.4,
 * rule 5). The commit layer has fetched the user for the command when there is one (`reads.ts`).
 */
export function ensureUser(state: State, chat_service_sid: string, identity: string, origin: Origin): UserRow {
  const present = state.tables.user.firstBy('identity', nameKey(chat_service_sid, identity))
  return present ?? addUser(state, chat_service_sid, identity, origin)
}

/** A user of an identity that nobody has, such as one that is just being made up. */
export function addUser(state: State, chat_service_sid: string, identity: string, origin: Origin): UserRow {
  const user = state.insert('user', {
    chat_service_sid,
    role_sid: state.tables.chat_service.need(chat_service_sid).default_chat_service_role_sid,
    identity,
    friendly_name: null,
    attributes: '{}'
  })
  emitUser(state, 'user.added', user, origin)
  return user
}
