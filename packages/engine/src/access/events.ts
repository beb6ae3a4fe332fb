import { refOf } from '../core/events.ts'
import type { Rendering } from '../events.ts'

/** Who may come in, and who may not any more. */
export const accessEvents = {
  'ringdown.key.created': ofKey('created'),
  'ringdown.key.updated': ofKey('updated'),
  'ringdown.key.deleted': ofKey('deleted'),
  'ringdown.flex-user.created': ofUser('created'),
  'ringdown.flex-user.updated': ofUser('updated'),
  'ringdown.flex-user.deleted': ofUser('deleted'),
  'ringdown.session.started': ofSession('signed in'),
  'ringdown.session.ended': ofSession('signed out')
} satisfies Record<string, Rendering>

function ofKey(what: string): Rendering {
  return (refs) => {
    const { sid, friendly_name, key_type } = refOf(refs, 'key')
    return {
      description: `API key ${friendly_name || sid} ${what}`,
      resource_type: 'key',
      resource_sid: sid,
      data: { key_sid: sid, friendly_name, key_type }
    }
  }
}

function ofUser(what: string): Rendering {
  return (refs) => {
    const { sid, username, roles, worker_sid } = refOf(refs, 'flex_user')
    return {
      description: `User ${username} ${what}`,
      resource_type: 'flex-user',
      resource_sid: sid,
      data: { flex_user_sid: sid, username, roles: roles.join(' '), user_worker_sid: worker_sid }
    }
  }
}

function ofSession(what: string): Rendering {
  return (refs) => {
    const { sid } = refOf(refs, 'session')
    const { sid: flex_user_sid, username, worker_sid } = refOf(refs, 'flex_user')
    return {
      description: `User ${username} ${what}`,
      resource_type: 'session',
      resource_sid: sid,
      data: { session_sid: sid, flex_user_sid, username, user_worker_sid: worker_sid, ...refs.extra }
    }
  }
}
