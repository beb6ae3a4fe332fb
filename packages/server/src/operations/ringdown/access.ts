import { flexUserOf } from '@ringdown/engine/access/flex-user'
import { apiKeyOf } from '@ringdown/engine/access/key'
import type { FlexUserRow, KeyRow } from '@ringdown/engine/access/rows'
import type { State } from '@ringdown/engine/center'
import { hashOfSecret, newSecret, setupLink_ms } from '../../access/sessions.ts'
import { type Noun, noun } from '../derived.ts'
import type { Handlers, One } from '../handler.ts'
import { coldPage } from '../listing.ts'

/** Keys as we show them, without their secrets. */
const key = noun({
  kind: 'key',
  find: ({ state }, { sid }: One) => apiKeyOf(state, sid),
  rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
  represent: representKey
})

/** People who may sign in, without what they sign in by. */
const user = noun({
  kind: 'flex_user',
  find: ({ state }, { sid }: One) => flexUserOf(state, sid),
  rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
  represent: representUser
})

export const accessNouns: Readonly<Record<string, Noun>> = { key, user }

export const userHandlers = {
  async 'ringdown_v1.CreateUserSetupLink'({ path: { user_sid } }, { execute }) {
    const secret = newSecret()
    const { setup_link } = await execute({
      type: 'setup_link.create',
      flex_user_sid: user_sid,
      secret_hash: hashOfSecret(secret),
      life_ms: setupLink_ms
    })
    return { sid: setup_link.sid, user_sid, secret, ends_at: setup_link.ends_at }
  },

  async 'ringdown_v1.DeleteUserSession'({ path: { user_sid } }, { state, execute }) {
    const { sid } = flexUserOf(state, user_sid)
    for (const session of [...state.tables.session.by('flex_user_sid', sid)])
      await execute({ type: 'session.end', sid: session.sid, reason: 'ended' })
  },

  async 'ringdown_v1.CreateToolCall'({ params }, { execute }) {
    return (await execute({ type: 'tool_call.note', ...params })).audit_entry
  },

  'ringdown_v1.ListAuditEntry': ({ params: { actor_sid }, page }, { ledger }) =>
    coldPage(ledger, page, {
      kind: 'audit_entry',
      where: actor_sid === undefined ? [] : [['actor_sid', '=', actor_sid]],
      order: ['seq'],
      descending: true
    })
} satisfies Handlers

function representUser(state: State, { password, subject: _, ...row }: FlexUserRow) {
  const is_signed_in = state.tables.session.count('flex_user_sid', row.sid) > 0
  return { ...row, has_password: password !== null, is_signed_in }
}

function representKey(state: State, { sealed_secret: _, ...row }: KeyRow) {
  return { ...row, date_used: state.find('key_use', row.sid)?.date_used ?? null }
}
