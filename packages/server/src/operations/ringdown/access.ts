import { apiKeyOf } from '@ringdown/engine/access/key'
import type { KeyRow } from '@ringdown/engine/access/rows'
import type { State } from '@ringdown/engine/center'
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

export const accessNouns: Readonly<Record<string, Noun>> = { key }

export const auditHandlers = {
  'ringdown_v1.ListAuditEntry': ({ params: { actor_sid }, page }, { ledger }) =>
    coldPage(ledger, page, {
      kind: 'audit_entry',
      where: actor_sid === undefined ? [] : [['actor_sid', '=', actor_sid]],
      order: ['seq'],
      descending: true
    })
} satisfies Handlers

function representKey(state: State, { sealed_secret: _, ...row }: KeyRow) {
  return { ...row, date_used: state.find('key_use', row.sid)?.date_used ?? null }
}
