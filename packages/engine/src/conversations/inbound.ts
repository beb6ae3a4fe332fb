import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { broughtMedia, mediaReads } from '../media/media.ts'
import { isOwnAddress } from '../numbers/inbound-route.ts'
import { inboundPair, typeOf } from './address.ts'
import { serviceOf } from './configuration.ts'
import { configurationOfAddress } from './configuration-address.ts'
import { addConversation, moveConversation } from './conversation.ts'
import { correspondentOf, cut, type InboundEmail, letterShown, maxSubject, threadWith } from './email.ts'
import { groupOf, maxInGroup } from './group.ts'
import { addMessage, maxBody } from './message.ts'
import type { Origin } from './origin.ts'
import { addOneOf, addParticipant, type ParticipantParams, pairHolder } from './participant.ts'
import type { ConfigurationAddressRow, ConversationRow, MessageRow } from './rows.ts'
import { attachAutoCreation } from './webhook.ts'

/** A message from somebody outside, as its channel brought it. */
export interface Inbound {
  /** The customer's address: `+1…`, `whatsapp:+1…`, `messenger:…`. */
  readonly from: string
  /** Ours, on the same channel. */
  readonly to: string
  /** Of a message to a group MMS: whom else it went to, each once. */
  readonly others?: readonly string[]
  readonly body?: string
  /** SIDs of media that are kept already. */
  readonly media?: readonly string[]
  /** Where it came from, for webhooks; by default what `from` says. */
  readonly source?: string
  /** The customer's name as the channel has it: kept with a participant that is made. */
  readonly profile_name?: string
  /** The message's, as JSON text. */
  readonly attributes?: string
  /** The customer's address, unless a pre-webhook says otherwise. */
  readonly author?: string
  /** Of a conversation that is made; the customer's address, unless a pre-webhook says otherwise. */
  readonly friendly_name?: string
  /** Of an e-mail: what it says of itself, and the conversation that the letters are in which it answers. */
  readonly email?: InboundEmail & { readonly conversation_sid?: string }
}

/** Where a message from outside came to rest. */
export interface Received {
  readonly conversation: ConversationRow
  readonly message: MessageRow
}

/**
 * Takes in a message from outside: into the open conversation that holds the pair of addresses, which wakes when it is
 * inactive, else into one that is made because the address it came to is configured so. Undefined where neither is the
 * case, or where `from` is nobody whom one could answer: then it is an ordinary message (reference conversations 12.2).
 */
export function receiveInbound(state: State, inbound: Inbound): Received | undefined {
  const place = placeOf(state, inbound)
  if (place === undefined) return undefined
  const origin: Origin = { source: inbound.source ?? sourceOf(place.address) }
  const conversation = place.open ?? begun(state, inbound, place, origin)
  const { email } = inbound
  const correspondent = email && correspondentOf(state, conversation, place.address)
  const from = correspondent?.address ?? place.address
  const message = addMessage(
    state,
    conversation,
    {
      ...wordsOf(inbound, from),
      from,
      ...(email?.subject && { subject: cut(email.subject, maxSubject) }),
      media: broughtMedia(state, inbound.media ?? [])
    },
    origin
  )
  if (email && correspondent) {
    const { message_id, subject, reply_to = null } = email
    const email_thread = threadWith(correspondent.email_thread, {
      ...{ message_id, reply_to },
      ...(subject !== undefined && { subject })
    })
    state.change('participant', correspondent.sid, { email_thread })
  }
  return { conversation: state.tables.conversation.need(conversation.sid), message }
}

/** Everything else that a message from outside meets is open, and what is open is in memory. */
export function inboundReads({ media = [] }: Inbound, state: State): readonly Read[] {
  return mediaReads(state, media)
}

interface Place {
  readonly address: string
  readonly proxy_address: string
  /** Of a group. */
  readonly others: readonly string[]
  /** The open conversation that holds the pair, or is of the group. */
  readonly open?: ConversationRow
  /** Without one: the configuration by which it is made. */
  readonly configuration?: ConfigurationAddressRow
}

function placeOf(state: State, inbound: Inbound): Place | undefined {
  const { from, to, email, others = [] } = inbound
  const pair = inboundPair(from, to)
  if (pair === undefined) return undefined
  const place = { ...pair, others: typeOf(pair.address) === 'sms' ? others : [] }
  const open = email
    ? state.resident('conversation', email.conversation_sid)
    : openFor(state, { from: pair.address, to: pair.proxy_address, others: place.others })
  if (open && open.state !== 'closed') return { ...place, open }
  const configuration = configurationOfAddress(state, pair.proxy_address)
  const isWanted = configuration?.auto_creation_enabled && configuration.type === typeOf(pair.proxy_address)
  return isWanted && place.others.length + 2 <= maxInGroup ? { ...place, configuration } : undefined
}

/** The open conversation that a message belongs to by its addresses: its pair holds it, or it is of the group of them all. */
export function openFor(
  state: State,
  { from, to, others }: { readonly from: string; readonly to: string; readonly others: readonly string[] }
): ConversationRow | undefined {
  const holder = others.length === 0 ? pairHolder(state, from, to) : undefined
  return holder ? state.tables.conversation.need(holder.conversation_sid) : groupOf(state, [from, to, ...others])
}

/**
 * The conversation that a first message makes, with whoever wants to be told of it already attached and the customer in it
 * (reference conversations 12.2, step 3).
 */
function begun(state: State, inbound: Inbound, place: Place, origin: Origin): ConversationRow {
  const { address, proxy_address, configuration, others } = place
  const { email } = inbound
  const isGroup = others.length > 0
  if (configuration === undefined)
    throw new Error('invariant: a message without an open conversation has a configuration')
  const { sid: address_configuration_sid, auto_creation_conversation_service_sid: service_sid } = configuration
  const params = {
    friendly_name: inbound.friendly_name || (email?.subject && cut(email.subject, maxSubject)) || address,
    ...(email && { bindings_email_address: proxy_address }),
    came_by: {
      address_configuration_sid,
      told: {
        ...(isGroup
          ? { messaging_binding_author_address: address, messaging_binding_projected_address: proxy_address }
          : { messaging_binding_address: address, messaging_binding_proxy_address: proxy_address }),
        message_body: inbound.body ?? null
      }
    },
    ...(isGroup && { is_initializing: true })
  }
  const conversation = addConversation(state, serviceOf(state, service_sid ?? undefined), params, origin)
  attachAutoCreation(state, conversation, configuration)
  if (isGroup) {
    const members = [{ messaging_binding_address: address, ...profileOf(inbound) }, ...others.map(memberAt(state))]
    for (const one of [{ messaging_binding_projected_address: proxy_address }, ...members])
      addOneOf(state, conversation, one, origin)
    // Now it is known of all of them, and can be changed.
    return moveConversation(state, conversation.sid, 'active', { reason: 'EVENT', origin })
  }
  // A letter's sender holds no pair: there may be several threads with one address.
  const customer = {
    messaging_binding_address: address,
    ...(email
      ? {
          messaging_binding_level: 'from',
          ...(email.from_name && { messaging_binding_name: cut(email.from_name, 128) })
        }
      : { messaging_binding_proxy_address: proxy_address }),
    ...profileOf(inbound)
  }
  addParticipant(state, conversation, customer, origin)
  return state.tables.conversation.need(conversation.sid)
}

/** Another address of a group: somebody's, or one more of ours. */
function memberAt(state: State): (address: string) => ParticipantParams {
  return (address) =>
    isOwnAddress(state, address) || configurationOfAddress(state, address)
      ? { messaging_binding_projected_address: address }
      : { messaging_binding_address: address }
}

/** The name is the customer's own word: it stands with the participant, and goes with it. */
function profileOf({ profile_name }: Inbound): { attributes?: string } {
  return profile_name ? { attributes: JSON.stringify({ profile_name: cut(profile_name, maxName) }) } : {}
}

const maxName = 256

function wordsOf({ author, body, attributes, email }: Inbound, address: string) {
  const shown = attributes ?? (email && letterShown(email))
  // What is too long is taken as far as it goes: nobody is there who could be told to write less.
  return {
    author: author || address,
    body: cut(body ?? '', maxBody),
    ...(shown !== undefined && { attributes: shown })
  }
}

/** What webhooks know the channel as (reference conversations 17.2, U9). */
function sourceOf(address: string): string {
  const type = typeOf(address)
  return type === 'sms' ? 'SMS' : type
}
