import type { State } from '../center.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { e164 } from '../core/phone-number.ts'
import { refuse } from '../core/refusals.ts'
import { type CallbackParams, callbacksOf, checkAccountSid, checkApiVersion, noCallbacks } from './callback.ts'
import { areaCodeOf, isTollFree } from './country.ts'
import type { IncomingPhoneNumberRow, NumberType } from './rows.ts'

export interface IncomingPhoneNumberParams extends CallbackParams {
  readonly account_sid?: string
  readonly api_version?: string
  readonly friendly_name?: string
  /** Null takes it away, as it does the other SIDs. */
  readonly sms_application_sid?: string | null
  readonly voice_application_sid?: string | null
  readonly voice_receive_mode?: 'voice' | 'fax'
  readonly trunk_sid?: string | null
  readonly address_sid?: string | null
  readonly identity_sid?: string | null
  readonly bundle_sid?: string | null
  readonly emergency_status?: 'Active' | 'Inactive'
  readonly emergency_address_sid?: string | null
}

export interface ClaimNumber extends IncomingPhoneNumberParams {
  readonly phone_number?: string
  /** Three digits below +1, of which a number is made up. */
  readonly area_code?: string
}

/** Claims a number, of whichever type its digits say (reference messaging 7.1). */
export function createIncomingPhoneNumber(
  state: State,
  params: ClaimNumber
): { incoming_phone_number: IncomingPhoneNumberRow } {
  return claim(state, params, undefined)
}

export function createLocalNumber(state: State, params: ClaimNumber) {
  return claim(state, params, 'local')
}

export function createMobileNumber(state: State, params: ClaimNumber) {
  return claim(state, params, 'mobile')
}

export function createTollFreeNumber(state: State, params: ClaimNumber) {
  return claim(state, params, 'toll-free')
}

export function updateIncomingPhoneNumber(
  state: State,
  params: IncomingPhoneNumberParams & { readonly sid: string }
): { incoming_phone_number: IncomingPhoneNumberRow } {
  checkAccountSid(state, params)
  const before = incomingPhoneNumberOf(state, params.sid)
  checkParams(state, params)
  const incoming_phone_number = state.change('incoming_phone_number', before.sid, {
    ...callbacksOf(params, before),
    friendly_name: params.friendly_name === '' ? nationalForm(before.phone_number) : params.friendly_name,
    sms_application_sid: params.sms_application_sid,
    voice_application_sid: params.voice_application_sid,
    voice_receive_mode: params.voice_receive_mode,
    address_sid: params.address_sid,
    identity_sid: params.identity_sid,
    bundle_sid: params.bundle_sid,
    emergency_address_sid: params.emergency_address_sid
  })
  return { incoming_phone_number }
}

/** Gives a number up: whatever pool it is in loses it. */
export function deleteIncomingPhoneNumber(
  state: State,
  params: { readonly account_sid?: string; readonly sid: string }
): Record<string, never> {
  checkAccountSid(state, params)
  const { sid } = incomingPhoneNumberOf(state, params.sid)
  state.remove('pooled_sender', sid)
  state.remove('incoming_phone_number', sid)
  return {}
}

export function incomingPhoneNumberOf(state: State, sid: string): IncomingPhoneNumberRow {
  return state.tables.incoming_phone_number.find(sid) ?? notFound(`/IncomingPhoneNumbers/${sid}`)
}

/** The account's number with these digits, however they are written. */
export function ownNumber(state: State, phone_number: string): IncomingPhoneNumberRow | undefined {
  const number = e164(phone_number)
  return number === null ? undefined : state.tables.incoming_phone_number.firstBy('phone_number', number)
}

function claim(
  state: State,
  params: ClaimNumber,
  wanted: NumberType | undefined
): { incoming_phone_number: IncomingPhoneNumberRow } {
  checkAccountSid(state, params)
  checkParams(state, params)
  const phone_number = numberFor(state, params)
  const number_type = typeOfNumber(phone_number, wanted)
  const incoming_phone_number = state.insert('incoming_phone_number', {
    account_sid: state.account_sid,
    ...callbacksOf(params, noCallbacks),
    phone_number,
    friendly_name: params.friendly_name || nationalForm(phone_number),
    number_type,
    sms_application_sid: params.sms_application_sid || null,
    voice_application_sid: params.voice_application_sid || null,
    voice_receive_mode: params.voice_receive_mode ?? 'voice',
    address_sid: params.address_sid || null,
    identity_sid: params.identity_sid || null,
    bundle_sid: params.bundle_sid || null,
    emergency_address_sid: params.emergency_address_sid || null
  })
  return { incoming_phone_number }
}

function numberFor(state: State, { phone_number, area_code }: ClaimNumber): string {
  if (phone_number) {
    const number =
      e164(phone_number) ??
      refuse('number.invalid', `PhoneNumber '${phone_number}' is not valid: it is written as +15550100`)
    const owner = ownNumber(state, number)
    if (owner) refuse('number.taken', `PhoneNumber ${number} is not available: it is ${owner.sid} already`)
    return number
  }
  if (!area_code) return refuse('number.invalid', 'PhoneNumber or AreaCode is required')
  if (!/^[2-9]\d\d$/.test(area_code))
    return refuse('number.bad_area_code', `AreaCode '${area_code}' has not three digits as 415`)
  return madeUp(state, area_code)
}

/** The first free number of those that are for fiction, and then of their exchange. */
function madeUp(state: State, area_code: string): string {
  for (const [first, last] of [
    [100, 199],
    [1000, 9999]
  ] as const) {
    for (let line = first; line <= last; line++) {
      const number = `+1${area_code}555${String(line).padStart(4, '0')}`
      if (!ownNumber(state, number)) return number
    }
  }
  return refuse('number.none_left', `No phone numbers are left in area code ${area_code}`)
}

function typeOfNumber(phone_number: string, wanted: NumberType | undefined): NumberType {
  const isFree = isTollFree(phone_number)
  if (wanted === undefined) return isFree ? 'toll-free' : 'local'
  // Elsewhere than below +1 digits do not tell.
  const isKnown = areaCodeOf(phone_number) !== null
  if (isKnown && (wanted === 'toll-free') !== isFree) {
    refuse('number.invalid', `PhoneNumber ${phone_number} is ${isFree ? 'a toll-free number' : 'no toll-free number'}`)
  }
  return wanted
}

/** How a number is shown where nobody has named it: `(415) 555-0100` below +1. */
function nationalForm(phone_number: string): string {
  return phone_number.replace(/^\+1(\d{3})(\d{3})(\d{4})$/, '($1) $2-$3')
}

function checkParams(state: State, params: ClaimNumber): void {
  checkApiVersion(params.api_version)
  checkLength(params.friendly_name, 'FriendlyName', 64)
  for (const sid of [params.sms_application_sid, params.voice_application_sid])
    if (sid && !state.tables.application.find(sid)) refuse('number.no_application', `Application ${sid} was not found`)
  if (params.trunk_sid) refuse('invalid', `TrunkSid ${params.trunk_sid}: trunks are not supported`)
  if (params.emergency_status === 'Active') refuse('invalid', 'EmergencyStatus: emergency calling is not supported')
}
