import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { valueIn } from '../core/json.ts'
import { keysOf } from '../core/keys.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkForm } from './form.ts'
import type { WebchatDeploymentRow, WebchatLimits } from './rows.ts'

export interface WebchatDeploymentParams {
  readonly friendly_name?: string
  readonly enabled?: boolean
  readonly address_sid?: string
  /** All of them are replaced. */
  readonly allowed_origins?: readonly string[]
  // JSON texts of objects; "" clears one.
  readonly theme?: string
  readonly texts?: string
  readonly form?: string
  readonly hours?: string
  readonly limits?: string
  readonly rating?: boolean
  /** `AP…`; "" for none. */
  readonly application_sid?: string
}

const maxDeployments = 100
const maxOrigins = 10
/** Of each JSON text. */
const maxText = 32_768

const mib = 1024 * 1024

/** Of a deployment that says nothing else (reference flex 15.2). */
export const defaultLimits: WebchatLimits = {
  chats_per_hour: 10,
  calls_per_hour: 10,
  messages_per_second: 1,
  message_burst: 10,
  message_bytes: 32_768,
  file_bytes: 16 * mib,
  file_types: [
    'image/jpeg',
    'image/png',
    'image/gif',
    'image/webp',
    'application/pdf',
    'audio/mpeg',
    'audio/amr',
    'video/mp4'
  ],
  sockets: 8
}

/** Between which numbers an admin may set them. */
const ranges: Readonly<Record<Exclude<keyof WebchatLimits, 'file_types'>, readonly [number, number]>> = {
  chats_per_hour: [1, 100_000],
  calls_per_hour: [1, 100_000],
  messages_per_second: [0.01, 100],
  message_burst: [1, 1000],
  message_bytes: [1, 32_768],
  file_bytes: [0, 150 * mib],
  sockets: [1, 100]
}

/** Makes a place where customers can write to us. Nobody can until a page's origin is allowed, but from our own pages. */
export function createWebchatDeployment(
  state: State,
  params: WebchatDeploymentParams & { readonly friendly_name: string; readonly address_sid: string }
): { webchat_deployment: WebchatDeploymentRow } {
  const { account_sid } = state
  if (state.tables.webchat_deployment.count('account_sid', account_sid) >= maxDeployments)
    refuse('too_many', `There are ${maxDeployments} deployments; more are not possible`)
  const unset = { theme: '{}', texts: '{}', form: '{}', hours: '{}' }
  const webchat_deployment = state.insert('webchat_deployment', {
    account_sid,
    enabled: true,
    allowed_origins: [],
    rating: true,
    limits: defaultLimits,
    application_sid: null,
    sealed_secret: null,
    ...unset,
    ...changesOf(state, params)
  } as Omit<WebchatDeploymentRow, 'sid' | 'seq' | 'version' | 'date_created' | 'date_updated'>) // a name and an address are given
  state.emit('webchat-deployment.created', { webchat_deployment })
  return { webchat_deployment }
}

/** Chats that are under way go on by the new rules. */
export function updateWebchatDeployment(
  state: State,
  { sid, ...params }: WebchatDeploymentParams & { readonly sid: string }
): { webchat_deployment: WebchatDeploymentRow } {
  deploymentOf(state, sid)
  const webchat_deployment = state.change('webchat_deployment', sid, changesOf(state, params))
  state.emit('webchat-deployment.updated', { webchat_deployment })
  return { webchat_deployment }
}

/** Keeps the secret by which customers' servers say who they are; what was signed with the one before is worth nothing. */
export function sealWebchatSecret(
  state: State,
  { sid, sealed_secret }: { readonly sid: string; readonly sealed_secret: string }
): { webchat_deployment: WebchatDeploymentRow } {
  deploymentOf(state, sid)
  const webchat_deployment = state.change('webchat_deployment', sid, { sealed_secret })
  state.emit('webchat-deployment.updated', { webchat_deployment })
  return { webchat_deployment }
}

/** Refused while customers may still come in by it: to disable it lets nobody begin, and those who are here go on. */
export function deleteWebchatDeployment(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const webchat_deployment = deploymentOf(state, sid)
  const open = state.tables.webchat_session.count('deployment_sid', sid)
  if (open > 0)
    refuse('in_use', `Deployment ${sid} has ${open} sessions that have not ended: disable it until they have`)
  state.emit('webchat-deployment.deleted', { webchat_deployment })
  state.remove('webchat_deployment', sid)
  return {}
}

export function deploymentOf(state: State, sid: string): WebchatDeploymentRow {
  return state.tables.webchat_deployment.find(sid) ?? notFound(`/Webchat/Deployments/${sid}`)
}

type Changes = { -readonly [C in keyof WebchatDeploymentRow]?: WebchatDeploymentRow[C] }

function changesOf(state: State, params: WebchatDeploymentParams): Changes {
  const { friendly_name, enabled, address_sid, allowed_origins, rating, limits } = params
  const changes: Changes = {}
  if (friendly_name?.trim() === '') refuse('invalid', 'FriendlyName must not be empty')
  checkLength(friendly_name, 'FriendlyName', 256)
  if (friendly_name !== undefined) changes.friendly_name = friendly_name
  if (enabled !== undefined) changes.enabled = enabled
  if (rating !== undefined) changes.rating = rating
  if (address_sid !== undefined) changes.address_sid = chatAddress(state, address_sid)
  if (allowed_origins !== undefined) changes.allowed_origins = originsOf(allowed_origins)
  if (params.application_sid !== undefined)
    changes.application_sid = params.application_sid === '' ? null : applicationIn(state, params.application_sid)
  for (const [column, name] of [
    ['theme', 'Theme'],
    ['texts', 'Texts'],
    ['form', 'Form'],
    ['hours', 'Hours']
  ] as const) {
    const text = params[column]
    if (text !== undefined) changes[column] = objectIn(text, name)
  }
  if (changes.form !== undefined) checkForm(changes.form)
  if (limits !== undefined) changes.limits = limitsIn(objectIn(limits, 'Limits'))
  return changes
}

function chatAddress(state: State, sid: string): string {
  const address = state.tables.configuration_address.find(sid)
  if (address?.type === 'chat') return sid
  return refuse('invalid', `Value '${sid}' provided for AddressSid is no address of type chat`)
}

function applicationIn(state: State, sid: string): string {
  return state.tables.application.find(sid)?.sid ?? refuse('invalid', `There is no Application ${sid.slice(0, 64)}`)
}

/** Scheme, host and port, as browsers write them: two that are the same are the same text. */
function originsOf(given: readonly string[]): readonly string[] {
  const origins = [...new Set(given.map((one) => one.trim().toLowerCase().replace(/\/$/, '')))].filter(
    (one) => one !== ''
  )
  if (origins.length > maxOrigins) refuse('invalid', `AllowedOrigins are at most ${maxOrigins}`)
  for (const origin of origins) {
    checkLength(origin, 'AllowedOrigins', 256)
    if (!/^https?:\/\/(?:[a-z0-9.-]+|\[[0-9a-f:]+\])(?::\d{1,5})?$/.test(origin))
      refuse('invalid', `Value '${origin}' provided for AllowedOrigins must be an origin like https://www.example.com`)
  }
  return origins.map((one) => one.replace(/^(https):\/\/(.*):443$|^(http):\/\/(.*):80$/, '$1$3://$2$4'))
}

function objectIn(text: string, name: string): string {
  if (text === '') return '{}'
  checkLength(text, name, maxText)
  return isJsonObject(valueIn(text)) ? text : refuse('invalid', `${name} must be a JSON object`)
}

function limitsIn(text: string): WebchatLimits {
  const given = valueIn(text) as Readonly<Record<string, unknown>> // an object, as just seen
  const { file_types = defaultLimits.file_types, ...numbers } = given
  if (!Array.isArray(file_types) || file_types.length > 50 || !file_types.every(isType))
    return refuse('invalid', 'Limits.file_types must be a list of types like image/png or image/')
  const limits: Record<string, unknown> = { ...defaultLimits, file_types }
  for (const [name, value] of Object.entries(numbers)) {
    if (!keysOf(ranges).some((one) => one === name)) refuse('invalid', `Limits.${name} is not known`)
    const [least, most] = ranges[name as keyof typeof ranges] // as just seen
    if (typeof value !== 'number' || value < least || value > most || (least >= 1 && !Number.isInteger(value)))
      refuse('invalid', `Limits.${name} must be a number from ${least} to ${most}`)
    limits[name] = value
  }
  return limits as unknown as WebchatLimits // each member is one of those, in its range
}

function isType(given: unknown): boolean {
  return typeof given === 'string' && /^[a-z]+\/[a-z0-9.+-]*$/.test(given)
}
