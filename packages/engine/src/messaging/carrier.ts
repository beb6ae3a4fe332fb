import type { State } from '../center.ts'
import { oneOf } from '../core/enumeration.ts'
import { nameForm } from '../core/names.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { emitCarrier } from './events.ts'
import { carrierOf, senderAddress } from './lookup.ts'
import { type CarrierCursor, type CarrierRow, carrierTypes } from './rows.ts'
import { noteCarrier } from './status.ts'

/** A carrier's secrets as they are kept: sealed by whoever may open them, and what they are called. */
export interface SealedSecrets {
  readonly names: readonly string[]
  readonly sealed: string | null
}

export interface CarrierParams {
  readonly friendly_name?: string
  /** Addresses of ours; all of them are replaced. */
  readonly senders?: readonly string[]
  /** JSON text of an object. */
  readonly configuration?: string
  readonly secrets?: SealedSecrets
  readonly enabled?: boolean
}

const maxCarriers = 100
const maxSenders = 1000

/** Connects a carrier: from now on it sends for its addresses, and brings what comes to them. */
export function createCarrier(
  state: State,
  params: CarrierParams & { readonly carrier_type: string }
): { carrier: CarrierRow } {
  if (state.tables.carrier.size >= maxCarriers)
    refuse('too_many', `There are ${maxCarriers} carriers; more are not possible`)
  const carrier_type = oneOf(carrierTypes, params.carrier_type, 'Type')
  const { names = [], sealed = null } = params.secrets ?? {}
  const carrier = state.insert('carrier', {
    account_sid: state.account_sid,
    carrier_type,
    friendly_name: nameOf(params.friendly_name) ?? carrier_type,
    senders: sendersOf(state, params.senders ?? []),
    configuration: params.configuration ?? '{}',
    secret_names: names,
    sealed_secrets: sealed,
    state: params.enabled === false ? 'disabled' : 'ready',
    last_error: null,
    last_error_at: null,
    cursor: null
  })
  emitCarrier(state, 'created', carrier)
  return { carrier }
}

/** What is under way is sent by the carrier as it is then. */
export function updateCarrier(state: State, params: CarrierParams & { readonly sid: string }): { carrier: CarrierRow } {
  const before = carrierOf(state, params.sid)
  const { configuration, secrets, enabled } = params
  const after = enabled === undefined ? before.state : enabled ? enabledState(before) : 'disabled'
  const carrier = state.change('carrier', before.sid, {
    friendly_name: nameOf(params.friendly_name),
    senders: params.senders && sendersOf(state, params.senders, before.sid),
    configuration,
    state: after,
    ...(secrets && { secret_names: secrets.names, sealed_secrets: secrets.sealed })
  })
  emitCarrier(state, 'updated', carrier)
  return { carrier }
}

function enabledState({ state }: CarrierRow): CarrierRow['state'] {
  return state === 'disabled' ? 'ready' : state
}

/** What it has not been given yet fails. */
export function deleteCarrier(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const carrier = carrierOf(state, sid)
  emitCarrier(state, 'removed', carrier)
  state.remove('carrier', carrier.sid)
  return {}
}

/** What a test of its connection, or the connection itself, came to; null is well. */
export function noteCarrierTest(
  state: State,
  { sid, error }: { readonly sid: string; readonly error: string | null }
): { carrier: CarrierRow } {
  const before = carrierOf(state, sid)
  const now = before.state === 'disabled' ? 'disabled' : error === null ? 'ready' : 'failing'
  const carrier = state.change('carrier', sid, {
    state: now,
    ...(error !== null && { last_error: error, last_error_at: state.at })
  })
  if (now !== before.state && now !== 'disabled') emitCarrier(state, now, carrier)
  return { carrier }
}

/** What comes in has been read up to there. Nobody is told of it. */
export function noteCarrierCursor(
  state: State,
  { sid, cursor }: { readonly sid: string; readonly cursor: CarrierCursor }
): Record<string, never> {
  state.change('carrier', carrierOf(state, sid).sid, { cursor })
  return {}
}

/** Its network takes nothing now: what it is to be given waits. */
export function noteCarrierTrouble(
  state: State,
  { sid, error }: { readonly sid: string; readonly error: string }
): Record<string, never> {
  noteCarrier(state, sid, error)
  return {}
}

function nameOf(friendly_name: string | undefined): string | undefined {
  if (friendly_name === undefined) return undefined
  if (friendly_name.trim() === '') refuse('invalid', 'FriendlyName of a carrier must not be empty')
  checkLength(friendly_name, 'FriendlyName', 64)
  return friendly_name
}

/** An address has one carrier. */
function sendersOf(state: State, texts: readonly string[], own_sid?: string): readonly string[] {
  if (texts.length > maxSenders) refuse('invalid', `Senders are at most ${maxSenders}`)
  const senders = texts.map((text) => {
    return senderAddress(text) ?? refuse('invalid', `Value '${text}' provided for Senders is no address`)
  })
  const forms = new Set(senders.map(nameForm))
  for (const other of state.tables.carrier.by('account_sid', state.account_sid)) {
    if (other.sid === own_sid) continue
    const taken = other.senders.find((sender) => forms.has(nameForm(sender)))
    if (taken !== undefined) refuse('conflict', `${taken} is a sender of carrier ${other.sid}`)
  }
  return [...new Set(senders)]
}
