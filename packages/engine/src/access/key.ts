import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { type KeyRow, keyTypes, type Policy } from './rows.ts'

/** Rights that one policy may name (reference rest-conventions 1). */
const maxRights = 100

/**
 * Makes a key of a secret that is sealed already: nothing here is a source of secrets, or keeps one that can be read.
 * Refuses a policy where the key is not restricted, and none where it is.
 */
export function createKey(
  state: State,
  params: {
    readonly friendly_name?: string
    readonly key_type: string
    readonly policy?: unknown
    readonly sealed_secret: string
  }
): { key: KeyRow } {
  const { friendly_name = '', sealed_secret, account_sid } = { ...params, account_sid: state.account_sid }
  const key_type = oneOf(keyTypes, params.key_type, 'KeyType')
  const policy = params.policy === undefined ? null : policyOf(params.policy)
  if (key_type === 'restricted' && !policy) refuse('invalid', 'A restricted key needs a Policy')
  if (key_type !== 'restricted' && policy) refuse('invalid', 'Only a restricted key has a Policy')
  checkLength(friendly_name, 'FriendlyName', 64)
  const key = state.insert('key', { account_sid, friendly_name, key_type, policy, sealed_secret })
  state.emit('ringdown.key.created', { key })
  return { key }
}

export function updateKey(
  state: State,
  { sid, friendly_name, policy }: { readonly sid: string; readonly friendly_name?: string; readonly policy?: unknown }
): { key: KeyRow } {
  const before = apiKeyOf(state, sid)
  checkLength(friendly_name, 'FriendlyName', 64)
  if (policy !== undefined && before.key_type !== 'restricted') refuse('invalid', 'Only a restricted key has a Policy')
  const key = state.change('key', sid, {
    friendly_name,
    ...(policy !== undefined && { policy: policyOf(policy) })
  })
  state.emit('ringdown.key.updated', { key })
  return { key }
}

/** Takes a key away, and with it whatever it has signed. */
export function deleteKey(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const key = apiKeyOf(state, sid)
  state.remove('key', key.sid)
  state.remove('key_use', key.sid)
  state.emit('ringdown.key.deleted', { key })
  return {}
}

/** Keeps that a key was used. One that is gone by now was used for the last time. */
export function useKey(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  if (!state.tables.key.find(sid)) return {}
  if (state.tables.key_use.find(sid)) state.change('key_use', sid, { date_used: state.at })
  else state.insert('key_use', { date_used: state.at }, sid)
  return {}
}

export function apiKeyOf(state: State, sid: string): KeyRow {
  return state.tables.key.find(sid) ?? notFound(`/Keys/${sid}`)
}

/** Whether the names of rights are known is asked where they are made. */
function policyOf(given: unknown): Policy {
  if (!isJsonObject(given)) refuse('invalid', 'Policy must be a JSON object')
  const { allow, deny, ...others } = given
  const [other] = Object.keys(others)
  if (other !== undefined) refuse('invalid', `Policy has allow and deny, not ${other.slice(0, 64)}`)
  const rights = { allow: rightsIn(allow ?? [], 'allow'), ...(deny !== undefined && { deny: rightsIn(deny, 'deny') }) }
  const count = rights.allow.length + (rights.deny?.length ?? 0)
  if (count > maxRights) refuse('invalid', `A Policy names at most ${maxRights} permissions, not ${count}`)
  return rights
}

function rightsIn(given: unknown, member: string): readonly string[] {
  const isList = Array.isArray(given) && given.every((one) => typeof one === 'string' && one.startsWith('/'))
  return isList ? given : refuse('invalid', `Policy.${member} must be a list of permissions like /twilio/…/read`)
}
