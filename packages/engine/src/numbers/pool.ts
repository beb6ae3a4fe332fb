import type { State } from '../center.ts'
import { nameForm } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { countryOf } from './country.ts'
import { messagingServiceOf } from './messaging-service.ts'
import { type PooledSenderRow, type PoolType, poolKey, type SenderRow } from './rows.ts'

/** Senders that a pool has at most. */
const maxSenders = 400

type Added = { readonly pooled_sender: PooledSenderRow }

/** Adds a number of the account to a service (reference messaging 3.2). */
export function addPhoneNumber(
  state: State,
  { service_sid, phone_number_sid }: { readonly service_sid: string; readonly phone_number_sid: string }
): Added {
  const number =
    state.tables.incoming_phone_number.find(phone_number_sid) ?? notFound(`/PhoneNumbers/${phone_number_sid}`)
  const { phone_number: address } = number
  return add(state, service_sid, {
    pool_type: 'phone_number',
    sender_type: null,
    address,
    country_code: countryOf(address),
    capabilities: ['SMS', 'MMS', 'Voice'],
    sid: number.sid
  })
}

export function addShortCode(
  state: State,
  { service_sid, short_code_sid }: { readonly service_sid: string; readonly short_code_sid: string }
): Added {
  const sender = state.tables.sender.find(short_code_sid)
  if (sender?.sender_type !== 'ShortCode') notFound(`/ShortCodes/${short_code_sid}`)
  return add(state, service_sid, { ...ofSender(sender), pool_type: 'short_code', capabilities: ['SMS', 'MMS'] })
}

export function addChannelSender(
  state: State,
  { messaging_service_sid, sid }: { readonly messaging_service_sid: string; readonly sid: string }
): Added {
  const sender = state.tables.sender.find(sid)
  if (!sender || sender.sender_type === 'ShortCode') notFound(`/ChannelSenders/${sid}`)
  return add(state, messaging_service_sid, { ...ofSender(sender), pool_type: 'channel_sender', capabilities: [] })
}

/** A name in the place of a number; replies to it arrive nowhere. */
export function addAlphaSender(
  state: State,
  { service_sid, alpha_sender }: { readonly service_sid: string; readonly alpha_sender: string }
): Added {
  return addName(state, service_sid, { alpha_sender, pool_type: 'alpha_sender', country_code: null })
}

/** The same for one country, or for all that have none of their own. */
export function addDestinationAlphaSender(
  state: State,
  params: { readonly service_sid: string; readonly alpha_sender: string; readonly iso_country_code?: string }
): Added {
  const { service_sid, alpha_sender, iso_country_code = '' } = params
  const country_code = iso_country_code.trim().toUpperCase() || null
  if (country_code !== null && !/^[A-Z]{2}$/.test(country_code))
    refuse('invalid', `Value '${iso_country_code}' provided for IsoCountryCode is not two letters as GB`)
  return addName(state, service_sid, { alpha_sender, pool_type: 'destination_alpha_sender', country_code })
}

/** Takes a sender out of the part of a pool under which a path names it. */
export function removedFrom(pool_type: PoolType) {
  return (state: State, params: OfService & { readonly sid: string }): Record<string, never> => {
    state.remove('pooled_sender', pooledSenderOf(state, params, pool_type).sid)
    return {}
  }
}

/** Channel senders' paths have another name for the service. */
export type OfService = { readonly service_sid: string } | { readonly messaging_service_sid: string }

/** SID of the service that a path names. 404 where there is none. */
export function serviceSidIn(state: State, path: OfService): string {
  return messagingServiceOf(state, 'service_sid' in path ? path.service_sid : path.messaging_service_sid).sid
}

export function pooledSenderOf(
  state: State,
  path: OfService & { readonly sid: string },
  pool_type: PoolType
): PooledSenderRow {
  const service_sid = serviceSidIn(state, path)
  const row = state.tables.pooled_sender.find(path.sid)
  const isThere = row?.messaging_service_sid === service_sid && row.pool_type === pool_type
  return isThere ? row : notFound(`/Services/${service_sid}/${collections[pool_type]}/${path.sid}`)
}

const collections = {
  phone_number: 'PhoneNumbers',
  short_code: 'ShortCodes',
  channel_sender: 'ChannelSenders',
  alpha_sender: 'AlphaSenders',
  destination_alpha_sender: 'DestinationAlphaSenders'
} as const satisfies Record<PoolType, string>

interface Candidate
  extends Pick<PooledSenderRow, 'pool_type' | 'sender_type' | 'address' | 'country_code' | 'capabilities'> {
  /** Its own; a name gets one. */
  readonly sid?: string
}

function ofSender({ sid, sender_type, address }: SenderRow): Omit<Candidate, 'pool_type' | 'capabilities'> {
  const [, number] = /^whatsapp:(\+\d+)$/.exec(address) ?? []
  // Short codes are a country's, but nothing says which: ours are for the country of the pool's numbers.
  return { sid, sender_type, address, country_code: number === undefined ? null : countryOf(number) }
}

function addName(
  state: State,
  service_sid: string,
  { alpha_sender, ...candidate }: Pick<Candidate, 'pool_type' | 'country_code'> & { readonly alpha_sender: string }
): Added {
  const address = alpha_sender.trim()
  if (!/^(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}$/.test(address))
    refuse(
      'invalid',
      `Value '${alpha_sender}' provided for AlphaSender must have 1 to 11 letters (one at least), digits, blanks, +, -, _ or &`
    )
  const { pool_type, country_code } = candidate
  const key = poolKey(service_sid, pool_type)
  for (const other of state.tables.pooled_sender.by('pool', key)) {
    const isSame =
      other.country_code === country_code &&
      (pool_type !== 'alpha_sender' || nameForm(other.address) === nameForm(address))
    if (isSame)
      refuse('messaging_service.has_sender', `Service ${service_sid} has ${other.address} already, as ${other.sid}`)
  }
  return add(state, service_sid, { ...candidate, address, sender_type: null, capabilities: ['SMS'] })
}

function add(state: State, service_sid: string, { sid, ...columns }: Candidate): Added {
  const service = messagingServiceOf(state, service_sid)
  const other = state.tables.pooled_sender.find(sid)
  if (other?.messaging_service_sid === service.sid)
    refuse('messaging_service.has_sender', `${columns.address} is in the Messaging Service already`)
  if (other)
    refuse(
      'messaging_service.sender_elsewhere',
      `${columns.address} is in Messaging Service ${other.messaging_service_sid}`
    )
  if (state.tables.pooled_sender.list('messaging_service_sid', service.sid).length >= maxSenders)
    refuse('too_many', `A Messaging Service has at most ${maxSenders} senders`)
  const row = { account_sid: state.account_sid, messaging_service_sid: service.sid, ...columns }
  return { pooled_sender: state.insert('pooled_sender', row, sid) }
}
