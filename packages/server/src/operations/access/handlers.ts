import { randomBytes } from 'node:crypto'
import { InvalidRequest } from '@ringdown/contract/form'
import { permissions } from '@ringdown/contract/generated/permissions'
import { isJsonObject } from '@ringdown/contract/json-text'
import { apiKeyOf } from '@ringdown/engine/access/key'
import type { FlexUserRow, KeyRow, KeyType } from '@ringdown/engine/access/rows'
import type { State } from '@ringdown/engine/center'
import { notFound } from '@ringdown/engine/core/parameters'
import type { Admission } from '../../access/admission.ts'
import { isRight } from '../../access/caller.ts'
import { sealedFor } from '../../access/keyring.ts'
import { TokenRefused } from '../../access/token.ts'
import { type Noun, noun } from '../derived.ts'
import type { Context, Handlers, One } from '../handler.ts'
import { mappedPage, pageOf } from '../listing.ts'

/** Keys, as the API of 2010 and that of identities have them: one list (reference rest-conventions 1). */
const key = noun({
  kind: 'key',
  find: ({ state }, path: One & { readonly account_sid?: string }) => {
    checkAccount(state, path)
    return apiKeyOf(state, path.sid)
  },
  rows: ({ state }, path: { readonly account_sid?: string }) => {
    checkAccount(state, path)
    return { index: 'account_sid', key: state.account_sid }
  }
})

export const accountNouns: Readonly<Record<string, Noun>> = { key, signing_key: key }
export const identityNouns: Readonly<Record<string, Noun>> = { key }

export const accessHandlers = {
  'api_v2010.FetchAccount'({ path: { sid } }, { state }) {
    checkAccount(state, { account_sid: sid })
    return representAccount(state)
  },

  'api_v2010.ListAccount'({ params: { status, friendly_name } }, { state }) {
    const account = representAccount(state)
    const isMeant = (!status || status === 'active') && (!friendly_name || friendly_name === account.friendly_name)
    return { items: isMeant ? [account] : [], next: null, previous: null }
  },

  'api_v2010.CreateNewKey'({ path, params: { friendly_name } }, context) {
    checkAccount(context.state, path)
    return createKey(context, { friendly_name, key_type: 'standard' })
  },

  'api_v2010.CreateNewSigningKey'({ path, params: { friendly_name } }, context) {
    checkAccount(context.state, path)
    return createKey(context, { friendly_name, key_type: 'standard' })
  },

  async 'api_v2010.DeleteKey'({ path }, { state, execute }) {
    checkAccount(state, path)
    await execute({ type: 'key.delete', sid: path.sid })
  },

  async 'api_v2010.DeleteSigningKey'({ path }, { state, execute }) {
    checkAccount(state, path)
    await execute({ type: 'key.delete', sid: path.sid })
  },

  'iam_v1.ListGetKeys'({ params, page }, { state }) {
    checkAccount(state, params)
    const group = { table: state.tables.key, index: 'account_sid', key: state.account_sid }
    return mappedPage(pageOf(group, page), (row) => ({ ...row, flags: flags[row.key_type] }))
  },

  'iam_v1.CreateNewKey'({ params: { account_sid, friendly_name, key_type = 'standard', policy } }, context) {
    checkAccount(context.state, { account_sid })
    return createKey(context, { friendly_name, key_type, policy: policyIn(policy) })
  },

  async 'iam_v1.UpdateKey'({ path: { sid }, params: { friendly_name, policy } }, { execute }) {
    const given = policyIn(policy)
    const { key: row } = await execute({
      type: 'key.update',
      sid,
      ...(friendly_name !== undefined && { friendly_name }),
      ...(given !== undefined && { policy: given })
    })
    return row
  },

  /** A token that is not valid is no failure: it is what was asked (reference flex 16). */
  async 'iam_v1.CreateTokenValidation'({ path, params: { token } }, { state, admission }) {
    checkAccount(state, path)
    if (typeof token !== 'string' || token === '')
      throw new InvalidRequest('Missing required parameter token in the post body', 'token')
    try {
      const { account_sid, expires_at, grants, standing } = await admissionOf(admission).tokens.caller(token)
      const now = standing()
      if (account_sid !== state.account_sid || now?.kind !== 'roles') throw new TokenRefused('issuer')
      const roles = now.roles.flatMap(({ role }): string[] => (role === 'chat' ? [] : [role]))
      return {
        valid: true,
        code: 0,
        message: null,
        worker_sid: now.worker_sid ?? null,
        roles: roles.length > 0 ? roles : ['guest'],
        realm_user_id: grants.identity ?? null,
        identity: now.identity ?? null,
        expiration: expires_at,
        flex_instance_sid: state.find('flex_configuration', state.account_sid)?.flex_instance_sid ?? null
      }
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      return { ...invalidToken, code: error.code, message: error.message }
    }
  }
} satisfies Handlers

/** Users of Flex, by its own API (reference flex 16). */
export const flexUserHandlers = {
  'flex_v2.FetchFlexUser': ({ path }, { state }) => representFlexUser(state, flexUserIn(state, path)),

  async 'flex_v2.UpdateFlexUser'({ path, params: { email, locale, user_sid } }, { state, execute }) {
    const { sid } = flexUserIn(state, path)
    const { flex_user } = await execute({
      type: 'flex_user.update',
      sid,
      ...(email !== undefined && { email }),
      ...(locale !== undefined && { locale }),
      ...(user_sid !== undefined && { user_sid })
    })
    return representFlexUser(state, flex_user)
  }
} satisfies Handlers

function flexUserIn(
  state: State,
  { instance_sid, flex_user_sid }: { readonly instance_sid: string; readonly flex_user_sid: string }
): FlexUserRow {
  const own = state.find('flex_configuration', state.account_sid)?.flex_instance_sid
  const user = own === instance_sid ? state.find('flex_user', flex_user_sid) : undefined
  return user ?? notFound(`/Instances/${instance_sid}/Users/${flex_user_sid}`)
}

function representFlexUser(state: State, row: FlexUserRow) {
  const { sid, date_created, date_updated, password: _, subject: __, ...shown } = row
  const { flex_instance_sid = null } = state.find('flex_configuration', state.account_sid) ?? {}
  return {
    ...shown,
    flex_user_sid: sid,
    instance_sid: flex_instance_sid,
    created_date: date_created,
    updated_date: date_updated
  }
}

const invalidToken = {
  valid: false,
  worker_sid: null,
  roles: null,
  realm_user_id: null,
  identity: null,
  expiration: null,
  flex_instance_sid: null
}

/** What IAM says a key is for. */
const flags: Readonly<Record<KeyType, readonly string[]>> = {
  main: ['rest_api', 'signing', 'main'],
  standard: ['rest_api', 'signing'],
  restricted: ['rest_api', 'restricted']
}

/** What another account has does not exist. */
export function checkAccount(state: State, { account_sid }: { readonly account_sid?: string }): void {
  if (account_sid !== undefined && account_sid !== state.account_sid) notFound(`/Accounts/${account_sid}`)
}

/** Makes the secret, which is told in this answer and never again. */
async function createKey(
  { execute, admission, ledger: { account_sid } }: Context,
  {
    friendly_name,
    key_type,
    policy
  }: { readonly friendly_name: string | undefined; readonly key_type: KeyType; readonly policy?: unknown }
): Promise<KeyRow & { readonly secret: string }> {
  const secret = randomBytes(24).toString('base64url')
  const { key: row } = await execute({
    type: 'key.create',
    key_type,
    sealed_secret: admissionOf(admission).sealing.seal(secret, sealedFor(account_sid)),
    ...(friendly_name !== undefined && { friendly_name }),
    ...(policy !== undefined && { policy })
  })
  return { ...row, secret }
}

/** A misspelt right would allow nothing, or deny nothing. */
function policyIn(text: unknown): unknown {
  if (text === undefined) return undefined
  const policy: unknown = typeof text === 'string' ? JSON.parse(text) : text // the contract has parsed it
  const { allow, deny }: Readonly<Record<string, unknown>> = isJsonObject(policy) ? policy : {}
  for (const right of [allow, deny].flat()) {
    if (typeof right === 'string' && !isKnown(right) && !isKnown(right.replace(/\/read$/, '/list')))
      throw new InvalidRequest(`Parameter Policy is invalid: there is no permission ${right.slice(0, 200)}`, 'Policy')
  }
  return policy
}

/** Who may read something may list it, also where it is but listed. */
function isKnown(right: string): boolean {
  return rights.some((known) => isRight(right, known))
}

const rights: readonly string[] = Object.values(permissions).map(({ right }) => right)

function admissionOf(admission: Admission | undefined): Admission {
  if (!admission) throw new Error('invariant: a server with accounts admits others')
  return admission
}

/** The account, whose auth token is shown to nobody. */
function representAccount(state: State) {
  const { account_sid: sid } = state
  const first = state.find('flex_configuration', sid)
  const uri = `/2010-04-01/Accounts/${sid}`
  return {
    auth_token: null,
    date_created: first?.date_created ?? null,
    date_updated: first?.date_created ?? null,
    friendly_name: 'Ringdown',
    owner_account_sid: sid,
    sid,
    status: 'active' as const,
    subresource_uris: { keys: `${uri}/Keys.json`, signing_keys: `${uri}/SigningKeys.json` },
    type: 'Full' as const,
    uri: `${uri}.json`
  }
}
