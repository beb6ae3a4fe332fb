import { isJsonObject, unquoted, valueAt } from '@ringdown/contract/json-text'
import { normalized } from '../conversations/address.ts'
import { spelled } from '../core/enumeration.ts'
import { valueIn, worded } from '../core/json.ts'
import { type RefusalCode, refuse } from '../core/refusals.ts'
import { type ChannelType, channelTypes } from './rows.ts'

/** Somebody outside, as `participants` and `MediaProperties` describe them (reference flex 4.1 and 7). */
export interface Media {
  readonly identity?: string
  readonly address?: string
  readonly proxy_address?: string
  readonly name?: string
  readonly level?: string
}

/** The `Channel` parameter (reference flex 4.1). */
export interface ChannelParameter {
  readonly type: ChannelType
  readonly initiated_by: 'customer' | 'agent' | 'api'
  readonly media_channel_sid: string | undefined
  readonly from_name: string | undefined
  readonly participants: readonly Media[]
  /** A channel that exists already. */
  readonly sid: string | undefined
}

/** The `properties` of the `Routing` parameter (reference flex 4.2). */
export interface RoutingParameter {
  readonly workspace_sid: string
  readonly workflow_sid: string | undefined
  readonly queue_sid: string | undefined
  readonly worker_sid: string | undefined
  readonly task_channel: string | undefined
  readonly attributes: Readonly<Record<string, unknown>>
  /** The same as they were given, JSON text. */
  readonly attributes_text: string
  readonly priority: number | undefined
  readonly timeout: number | undefined
}

type Fields = Readonly<Record<string, unknown>>

const badChannel = 'interaction.bad_channel'
const badParticipant = 'interaction.bad_participant'

export function channelParameter(value: unknown): ChannelParameter {
  const channel = objectOf(value, 'Channel', badChannel)
  const known = wordOf(channel, 'type', channelTypes)
  const initiated_by = wordOf(channel, 'initiated_by', initiators)
  const properties =
    channel.properties === undefined ? {} : objectOf(channel.properties, 'Channel: properties', badChannel)
  const media_channel_sid = textOf(properties, 'media_channel_sid', badChannel)
  const sid = textOf(channel, 'sid', badChannel)
  const isVoice = known === 'voice'
  if (initiated_by === 'customer' && !sid && !media_channel_sid && !isVoice) {
    refuse(badChannel, 'Channel: properties.media_channel_sid is missing')
  }
  const listed = participantsOf(channel.participants, known)
  if (initiated_by === 'agent' && !sid && !isVoice && listed.length === 0)
    refuse(badParticipant, 'Channel: participants are missing')
  return {
    type: known,
    initiated_by,
    media_channel_sid,
    from_name: textOf(properties, 'from_name', badChannel),
    participants: listed.length > 0 || initiated_by !== 'api' ? listed : outbound(properties, known),
    sid
  }
}

const initiators = ['customer', 'agent', 'api'] as const

function wordOf<T extends string>(channel: Fields, name: string, values: readonly T[]): T {
  const text = channel[name]
  return (
    spelled(values, text) ?? refuse(badChannel, `Channel: ${name} '${worded(text)}' is not one of ${values.join(', ')}`)
  )
}

function participantsOf(value: unknown, type: ChannelType): Media[] {
  if (value === undefined || value === null) return []
  const list: unknown = typeof value === 'string' ? parsed(value, 'Channel: participants', badParticipant) : value
  if (!Array.isArray(list)) return refuse(badParticipant, 'Channel: participants must be an array')
  return list.map((one) => mediaOf(one, 'Channel: participants', type))
}

/** Generic clients name the customer by `to` and the business by `from` (reference flex 24). */
function outbound(properties: Fields, type: ChannelType): Media[] {
  const { to, from } = properties
  if ((type !== 'sms' && type !== 'whatsapp') || typeof to !== 'string' || typeof from !== 'string') return []
  return to && from ? [mediaOf({ address: to, proxy_address: from }, 'Channel: properties', type)] : []
}

/** Reads one description; addresses on WhatsApp, Messenger, Instagram and GBM may come without their prefix. Refuses what is none on its channel. */
export function mediaOf(value: unknown, parameter: string, type: ChannelType): Media {
  const fields = objectOf(value, parameter, badParticipant)
  const media: Record<string, string> = {}
  for (const name of ['identity', 'address', 'proxy_address', 'name', 'level']) {
    const text = textOf(fields, name, badParticipant)
    if (text) media[name] = name.endsWith('address') ? withPrefix(text, type) : text
  }
  if (media.address && (type === 'sms' || type === 'whatsapp') && normalized(media.address) === null)
    refuse(badParticipant, `${parameter}: '${media.address}' is no address on the channel ${type}`)
  return media as Media // its names are Media's
}

/** Channels whose addresses have their name in front. */
const prefixed: readonly ChannelType[] = ['whatsapp', 'messenger', 'instagram', 'gbm']

function withPrefix(address: string, type: ChannelType): string {
  return address.includes(':') || !prefixed.includes(type) ? address : `${type}:${address.trim()}`
}

/** `{"properties": {…}}`; unknown keys are nobody's business (reference flex 4.2). */
export function routingParameter(value: unknown): RoutingParameter {
  const properties = objectOf(objectOf(value, 'Routing', 'invalid').properties, 'Routing: properties', 'invalid')
  const text = (name: string) => textOf(properties, name, 'invalid')
  const { attributes } = properties
  return {
    workspace_sid: text('workspace_sid') ?? refuse('invalid', 'Routing: workspace_sid is missing'),
    workflow_sid: text('workflow_sid'),
    queue_sid: text('queue_sid'),
    worker_sid: text('worker_sid'),
    task_channel: text('task_channel_sid') ?? text('task_channel_unique_name'),
    attributes:
      attributes === undefined || attributes === '' ? {} : objectOf(attributes, 'Routing: attributes', 'invalid'),
    attributes_text: attributesText(value),
    priority: numberOf(properties, 'priority'),
    timeout: numberOf(properties, 'timeout')
  }
}

/** Of what was checked to be such a parameter: each level may be text of JSON, and is read from its text. */
function attributesText(routing: unknown): string {
  const text = typeof routing === 'string' ? routing : JSON.stringify(routing)
  const properties = unquoted(valueAt(text, ['properties']) ?? '{}')
  return unquoted(valueAt(properties, ['attributes']) ?? '{}') || '{}'
}

/** An object, or the JSON text of one. */
export function objectOf(value: unknown, parameter: string, code: RefusalCode): Fields {
  const object: unknown = typeof value === 'string' ? parsed(value, parameter, code) : value
  return isJsonObject(object) ? object : refuse(code, `${parameter} must be a JSON object`)
}

function parsed(text: string, parameter: string, code: RefusalCode): unknown {
  return valueIn(text) ?? refuse(code, `${parameter} is not valid JSON`)
}

export function textOf(fields: Fields, name: string, code: RefusalCode): string | undefined {
  const value = fields[name]
  if (value === undefined || value === null || value === '') return undefined
  return typeof value === 'string' ? value : refuse(code, `${name} must be text`)
}

function numberOf(fields: Fields, name: string): number | undefined {
  const value = fields[name]
  if (value === undefined || value === null || value === '') return undefined
  const number = typeof value === 'string' && /^-?\d{1,12}$/.test(value) ? Number(value) : value
  return typeof number === 'number' ? number : refuse('invalid', `Routing: ${name} must be a number`)
}
