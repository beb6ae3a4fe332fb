import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { normalized, typeOf } from '../conversations/address.ts'
import type { Read } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import { nameForm } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import type { CarrierRow, ChannelMessageRow, PhoneRow } from './rows.ts'

/** A message on a channel that must have been read. 404 where there is none. */
export function channelMessageOf(state: State, sid: string): ChannelMessageRow {
  return state.tables.channel_message.find(sid) ?? notFound(`/Messages/${sid}`)
}

/** The message with that SID, unless it is in memory. */
export function channelMessageReads(state: State, sid: string): Read[] {
  return state.tables.channel_message.entry(sid) ? [] : [{ kind: 'channel_message', where: { sid } }]
}

export function carrierOf(state: State, sid: string): CarrierRow {
  return state.tables.carrier.find(sid) ?? notFound(`/Carriers/${sid}`)
}

export function phoneOf(state: State, sid: string): PhoneRow {
  return state.tables.phone.find(sid) ?? notFound(`/Phones/${sid}`)
}

/** The virtual phone with an address that is in the form in which addresses are compared. */
export function phoneAt(state: State, address: string): PhoneRow | undefined {
  return state.tables.phone.firstBy('address', nameForm(address))
}

/** The carrier that sends for an address of ours. */
export function carrierFor(state: State, sender: string): CarrierRow | undefined {
  const form = nameForm(sender)
  for (const carrier of state.tables.carrier.by('account_sid', state.account_sid)) {
    if (carrier.state !== 'disabled' && carrier.senders.some((own) => nameForm(own) === form)) return carrier
  }
  return undefined
}

/** What a carrier's configuration says under a name; undefined where it says nothing, or there is none. */
export function settingOf(carrier: CarrierRow | undefined, name: string): unknown {
  const configuration = carrier && valueIn(carrier.configuration)
  return isJsonObject(configuration) ? configuration[name] : undefined
}

/** What sends: an address as `normalized` has it, or on SMS a short code, or a name of up to 11 characters. Null for all else. */
export function senderAddress(text: string): string | null {
  const address = normalized(text)
  if (address !== null) return address
  const sender = text.trim()
  if (/^\d{3,8}$/.test(sender)) return sender
  return typeOf(sender) === 'sms' && /^(?=.*[A-Za-z])[A-Za-z0-9 +&_-]{1,11}$/.test(sender) ? sender : null
}
