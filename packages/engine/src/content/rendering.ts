import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '../core/json.ts'
import { refuse } from '../core/refusals.ts'
import type { ContentType } from './content-type.ts'
import type { ContentRow } from './rows.ts'

export type ContentChannel = 'sms' | 'whatsapp' | 'messenger' | 'rcs' | 'chat'

/** What a customer may tap in the place of writing. */
export interface QuickReply {
  readonly title: string
  /** What comes back when it is tapped; the title where the template says nothing. */
  readonly payload: string
}

/** A template with its variables filled in, as a channel shows it. */
export interface RenderedContent {
  readonly content_type: ContentType
  /** What it says. On channels without buttons, what may be tapped elsewhere stands below it, one a line. */
  readonly body: string | null
  /** Addresses of pictures and files. */
  readonly media: readonly string[]
  /** None on channels without buttons. */
  readonly quick_replies: readonly QuickReply[]
}

/** UTF-16 units that a body has at most (reference messaging 17.2). */
const maxLength: Readonly<Record<ContentChannel, number>> = {
  sms: 1_600,
  whatsapp: 1_600,
  messenger: 2_000,
  rcs: 3_072,
  chat: 32_768
}

/** Where something can be tapped. */
const tappable: ReadonlySet<ContentChannel> = new Set(['whatsapp', 'messenger', 'rcs', 'chat'])

/**
 * What a template says on a channel with these variables, which are JSON text of an object of texts. Of the template's types
 * it takes the richest that the channel shows; on SMS its plain text, where it has one. Refuses variables that are no such
 * object (21656), a variable that neither they nor the template have (63028), and a body that is too long (21617).
 */
export function renderContent(
  content: Pick<ContentRow, 'sid' | 'types' | 'variables'>,
  variables: string | undefined,
  channel: ContentChannel
): RenderedContent {
  const values = { ...textsIn(content.variables), ...givenIn(variables) }
  const types = valueIn(content.types)
  const content_type = typeFor(types, channel)
  const fields = filled({ ...ofType[content_type], ...contentIn(types, content_type) }, values, content.sid)
  const { body, media, taps } = isJsonObject(fields) ? renderedFields(content_type, fields) : nothing
  const isTappable = tappable.has(channel)
  const lines = [body, ...(isTappable ? taps.filter(({ reply }) => !reply) : taps).map(({ line }) => line)]
  const text = lines.filter((line) => line !== '').join('\n')
  if (text.length > maxLength[channel])
    refuse('content.too_long', `The body of ${content.sid} is longer than ${maxLength[channel]} characters`)
  return {
    content_type,
    body: text || null,
    media,
    quick_replies: isTappable ? taps.flatMap(({ reply }) => reply ?? []) : []
  }
}

/** WhatsApp words what authenticates by itself; so do we, in English. */
const ofType: { readonly [T in ContentType]?: Content } = {
  'whatsapp/authentication': { body: '{{1}} is your verification code.' }
}

function contentIn(types: unknown, type: ContentType): Content {
  const content = isJsonObject(types) ? types[type] : undefined
  return isJsonObject(content) ? content : {}
}

/** The richest first. */
const byRichness: readonly ContentType[] = [
  'whatsapp/card',
  'whatsapp/authentication',
  'whatsapp/flows',
  'twilio/carousel',
  'twilio/card',
  'twilio/list-picker',
  'twilio/quick-reply',
  'twilio/call-to-action',
  'twilio/catalog',
  'twilio/flows',
  'twilio/schedule',
  'twilio/pay',
  'twilio/location',
  'twilio/media',
  'twilio/text'
]

/** The type that a channel shows of a template that has several. */
export function typeFor(types: unknown, channel: ContentChannel): ContentType {
  const has = (type: ContentType) => isJsonObject(types) && Object.hasOwn(types, type)
  const isOwn = (type: ContentType) => channel === 'whatsapp' || !type.startsWith('whatsapp/')
  if (channel === 'sms') {
    const plain = (['twilio/text', 'twilio/media'] as const).find(has)
    if (plain) return plain
  }
  const found = byRichness.find((type) => has(type) && isOwn(type)) ?? byRichness.find(has)
  if (!found) throw new Error('invariant: a template has a type')
  return found
}

interface Tap {
  readonly line: string
  /** Of what comes back as a message; the others lead elsewhere. */
  readonly reply?: QuickReply
}

interface Parts {
  readonly body: string
  readonly media: readonly string[]
  readonly taps: readonly Tap[]
}

const nothing: Parts = { body: '', media: [], taps: [] }

type Content = Readonly<Record<string, unknown>>

function renderedFields(type: ContentType, fields: Content): Parts {
  const actions = itemsIn(fields.actions).map(tapOf)
  switch (type) {
    case 'twilio/location':
      return { ...nothing, body: lines(fields.label, fields.address, `${fields.latitude},${fields.longitude}`) }
    case 'twilio/list-picker':
      return { ...nothing, body: lines(fields.body), taps: itemsIn(fields.items).map(itemOf) }
    case 'twilio/card':
      return { body: lines(fields.title, fields.body, fields.subtitle), media: mediaIn(fields.media), taps: actions }
    case 'whatsapp/card':
      return {
        body: lines(fields.header_text, fields.body, fields.footer),
        media: mediaIn(fields.media),
        taps: actions
      }
    case 'twilio/carousel':
      return {
        body: lines(fields.body),
        media: itemsIn(fields.cards).flatMap((card) => mediaIn(card.media)),
        taps: itemsIn(fields.cards).flatMap((card) => [
          { line: lines(card.title, card.body) },
          ...itemsIn(card.actions).map(tapOf)
        ])
      }
    default:
      return { body: lines(fields.title, fields.body, fields.subtitle), media: mediaIn(fields.media), taps: actions }
  }
}

/** A button: a link and a number are said with it, anything else comes back as a message. */
function tapOf({ type, title, id, url, phone, code }: Content): Tap {
  const label = textOf(title)
  const target = textOf(url) || textOf(phone) || textOf(code)
  const leadsAway = target !== '' && type !== 'QUICK_REPLY'
  if (leadsAway) return { line: label === '' ? target : `${label}: ${target}` }
  return { line: label === '' ? '' : `- ${label}`, reply: { title: label, payload: textOf(id) || label } }
}

function itemOf({ item, id, description }: Content): Tap {
  const [title, more] = [textOf(item), textOf(description)]
  return { line: more === '' ? `- ${title}` : `- ${title}: ${more}`, reply: { title, payload: textOf(id) || title } }
}

function lines(...parts: readonly unknown[]): string {
  return parts
    .map(textOf)
    .filter((part) => part !== '')
    .join('\n')
}

function mediaIn(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(textOf).filter((url) => url !== '')
}

function itemsIn(value: unknown): Content[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : ''
}

type Values = Readonly<Record<string, string>>

/** `{{1}}`, `{{ name }}` */
const placeholder = /\{\{\s*([\w.-]{1,64})\s*\}\}/g

/** The value with variables in its texts filled in. */
function filled(value: unknown, values: Values, sid: string): unknown {
  if (typeof value === 'string')
    return value.replace(placeholder, (_, name: string) =>
      Object.hasOwn(values, name)
        ? (values[name] ?? '')
        : refuse('content.variable_missing', `Content ${sid} needs the variable ${name}`)
    )
  if (Array.isArray(value)) return value.map((one) => filled(one, values, sid))
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, filled(member, values, sid)]))
}

function givenIn(variables: string | undefined): Values {
  return variables ? textsIn(variables) : {}
}

/** An object of texts; a number counts as what it looks like. */
function textsIn(json: string): Values {
  const value = valueIn(json)
  if (!isJsonObject(value)) return refuse('content.bad_variables', 'ContentVariables must be a JSON object of texts')
  return Object.fromEntries(
    Object.entries(value).map(([name, one]): [string, string] => {
      if (typeof one !== 'string' && typeof one !== 'number')
        return refuse('content.bad_variables', `ContentVariables: ${name.slice(0, 64)} must be a text`)
      return [name, String(one)]
    })
  )
}

/** Refuses defaults of variables that are no object of texts. */
export function checkVariables(json: string): void {
  const value = valueIn(json)
  if (!isJsonObject(value) || !Object.values(value).every((one) => typeof one === 'string' || typeof one === 'number'))
    refuse('invalid', 'variables must be a JSON object of texts')
}
