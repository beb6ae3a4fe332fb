import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { checkLength, cleared, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { given } from './lookup.ts'
import type { CredentialRow } from './rows.ts'

/** Secrets come sealed: nothing here keeps one that can be read, and nothing shows one. */
export interface CredentialParams {
  readonly friendly_name?: string
  readonly sandbox?: boolean
  readonly sealed_certificate?: string
  readonly sealed_private_key?: string
  readonly sealed_api_key?: string
  readonly sealed_secret?: string
}

const credentialTypes = ['apn', 'gcm', 'fcm'] as const

/** What each push service cannot be asked without. */
const required = {
  apn: ['sealed_certificate', 'sealed_private_key'],
  gcm: ['sealed_api_key'],
  fcm: ['sealed_secret']
} as const satisfies Record<CredentialRow['type'], readonly (keyof Secrets)[]>

type Secrets = Pick<CredentialRow, Extract<keyof CredentialRow, `sealed_${string}`>>

const wireNames = {
  sealed_certificate: 'Certificate',
  sealed_private_key: 'PrivateKey',
  sealed_api_key: 'ApiKey',
  sealed_secret: 'Secret'
} as const satisfies Record<keyof Secrets, string>

const noSecrets: Secrets = {
  sealed_certificate: null,
  sealed_private_key: null,
  sealed_api_key: null,
  sealed_secret: null
}

export function createCredential(
  state: State,
  params: CredentialParams & { readonly credential_type: string }
): { credential: CredentialRow } {
  const type = oneOf(credentialTypes, params.credential_type, 'Type')
  checkLength(params.friendly_name, 'FriendlyName', 64)
  const credential = state.insert('credential', {
    account_sid: state.account_sid,
    friendly_name: params.friendly_name || null,
    type,
    sandbox: sandboxOf(type, params.sandbox, null),
    ...checkedSecrets(type, noSecrets, params)
  })
  return { credential }
}

/** Of another type it needs that type's secrets, and forgets those that it had. */
export function updateCredential(
  state: State,
  params: CredentialParams & { readonly sid: string; readonly credential_type?: string }
): { credential: CredentialRow } {
  const before = credentialOf(state, params.sid)
  const type =
    params.credential_type === undefined ? before.type : oneOf(credentialTypes, params.credential_type, 'Type')
  checkLength(params.friendly_name, 'FriendlyName', 64)
  const credential = state.change('credential', before.sid, {
    type,
    ...given({ friendly_name: cleared(params.friendly_name) }),
    sandbox: sandboxOf(type, params.sandbox, before.sandbox),
    ...checkedSecrets(type, type === before.type ? before : noSecrets, params)
  })
  return { credential }
}

/** What was registered with it goes with it. */
export function deleteCredential(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('credential', credentialOf(state, sid).sid)
  return {}
}

export function credentialOf(state: State, sid: string): CredentialRow {
  return state.tables.credential.find(sid) ?? notFound(`/Credentials/${sid}`)
}

function checkedSecrets(type: CredentialRow['type'], before: Secrets, params: CredentialParams): Secrets {
  const needed: readonly (keyof Secrets)[] = required[type]
  const of = (name: keyof Secrets) => (needed.includes(name) ? (params[name] ?? before[name]) : null)
  const after: Secrets = {
    sealed_certificate: of('sealed_certificate'),
    sealed_private_key: of('sealed_private_key'),
    sealed_api_key: of('sealed_api_key'),
    sealed_secret: of('sealed_secret')
  }
  for (const name of needed)
    if (after[name] === null) refuse('invalid', `A Credential of type ${type} needs ${wireNames[name]}`)
  return after
}

/** Only APN has one. */
function sandboxOf(type: CredentialRow['type'], sandbox: boolean | undefined, before: string | null): string | null {
  if (type !== 'apn') return null
  return sandbox === undefined ? (before ?? 'false') : String(sandbox)
}
