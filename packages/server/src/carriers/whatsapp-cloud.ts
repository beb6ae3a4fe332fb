import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { QuickReply } from '@ringdown/engine/content/rendering'
import { nameForm } from '@ringdown/engine/core/names'
import { settingOf } from '@ringdown/engine/messaging/lookup'
import type { CarrierRow, ChannelMedia } from '@ringdown/engine/messaging/rows'
import type { Carrier, CarrierContext, OutboundMessage } from './carrier.ts'
import { giveParts, type Part, type PartOutcome } from './giving.ts'
import { askGraph, giveToGraph, outcomeOf, testGraph } from './graph.ts'
import { metaWebhook } from './meta-webhook.ts'
import { templateOf } from './template.ts'
import { readWhatsApp } from './whatsapp-news.ts'
import { templateBody } from './whatsapp-template.ts'

/*
 * WhatsApp by Meta's Cloud API (reference messaging 11).
 *
 * Configuration: `phone_number_id` of the one sender, or `phone_number_ids`, an object of senders and theirs; `version`,
 * `base_url`. Secrets: `access_token`, `app_secret` (signs what comes in) and `verify_token` (of our choice).
 */
export const whatsappCloudCarrier: Carrier = {
  async send(message, context) {
    const { carrier, secrets } = context
    const number = numberIdOf(carrier, message.from)
    if (number === undefined)
      return {
        error_code: 63007,
        error_message: `Configuration has no phone_number_id of ${message.from}`,
        trouble: true
      }
    if (!secrets.access_token) return { error_code: 63001, error_message: 'Secrets has no access_token', trouble: true }
    return giveParts(await partsOf(message, number, context), message, context)
  },

  async test(context) {
    const { carrier } = context
    const senders = carrier?.senders ?? []
    if (senders.length === 0) return 'Senders is empty: it sends for nobody'
    for (const sender of senders) {
      const number = numberIdOf(carrier, sender)
      if (number === undefined) return `Configuration has no phone_number_id of ${sender}`
      const path = `${number}?fields=display_phone_number,verified_name`
      const wrong = await testGraph(context, path, ['access_token', 'app_secret', 'verify_token'])
      if (wrong !== null) return wrong
    }
    return null
  },

  webhook: {
    ...metaWebhook,
    read: ({ body }, { carrier }) => readWhatsApp(body, (id, shown) => senderOf(carrier, id, shown)),

    async locate(id, context) {
      const asked = await askGraph(context, encodeURIComponent(id))
      if ('failed' in asked) throw new Error(asked.failed)
      if ('error' in asked) {
        const { error } = asked
        if ('away' in outcomeOf(error, undefined)) throw new Error(error.text)
        return { gone: error.text }
      }
      const { url } = asked.answer
      if (typeof url !== 'string') throw new Error('Meta says nowhere where a file is')
      return { url, headers: { Authorization: `Bearer ${context.secrets.access_token ?? ''}` } }
    }
  }
}

/** What Meta calls a sender of ours. */
function numberIdOf(carrier: CarrierRow | undefined, sender: string): string | undefined {
  const several = settingOf(carrier, 'phone_number_ids')
  const found = Object.entries(isJsonObject(several) ? several : {}).find(([own]) => nameForm(own) === nameForm(sender))
  const id = found?.[1] ?? settingOf(carrier, 'phone_number_id')
  return /^\d{1,32}$/.test(String(id)) ? String(id) : undefined
}

/** The sender of ours that Meta calls so; undefined for a number that this carrier does not have. */
function senderOf(carrier: CarrierRow, id: string, shown: string): string | undefined {
  const digits = shown.replaceAll(/\D/g, '')
  return carrier.senders.find((own) => {
    if (numberIdOf(carrier, own) !== id) return false
    return (
      settingOf(carrier, 'phone_number_ids') !== undefined || carrier.senders.length === 1 || own.endsWith(`+${digits}`)
    )
  })
}

type Json = Readonly<Record<string, unknown>>

/** Each gets a number from Meta; reports on any of them come back with our SID. */
async function partsOf(message: OutboundMessage, number: string, context: CarrierContext): Promise<readonly Part[]> {
  const give = (content: Json): Part => {
    return (tag) =>
      giveToGraph(context, `${number}/messages`, { ...envelopeOf(message, tag), ...content }, (answer) => {
        const [first] = Array.isArray(answer.messages) ? answer.messages : []
        return isJsonObject(first) ? first.id : undefined
      })
  }
  const template = await templateOf(message, context, 'whatsapp')
  if (template?.content.approval)
    return [give(templateBody(template.content, message.content_variables, template.rendered))]
  const replies = template?.rendered.quick_replies ?? []
  const { body, media } = message
  const captioned = media.length === 1 && media[0] && takesCaption(media[0]) ? body : null
  const files = media.map((one): Part => {
    return async (tag) => {
      const shown = await fileBody(one, number, context)
      if (!('type' in shown)) return shown
      const { type, file } = shown
      const caption = captioned !== null && replies.length === 0 ? { caption: captioned } : {}
      return give({ type, [type]: { ...file, ...caption } })(tag)
    }
  })
  const isSaid = body !== null && body !== '' && (captioned === null || replies.length > 0)
  return [...files, ...(isSaid ? [give(replies.length > 0 ? interactive(body, replies) : textBody(body))] : [])]
}

function envelopeOf({ to }: OutboundMessage, tag: string): Json {
  const [, rest = ''] = /^whatsapp:(.*)$/.exec(to) ?? []
  const isNumber = rest.startsWith('+')
  return {
    messaging_product: 'whatsapp',
    recipient_type: 'individual',
    ...(isNumber ? { to: rest.slice(1) } : { recipient: rest }),
    // Comes back with each status: by it a message is known whose answer has been lost.
    biz_opaque_callback_data: tag
  }
}

function textBody(body: string): Json {
  return { type: 'text', text: { preview_url: false, body } }
}

/** Up to three replies are buttons, more are a list. */
function interactive(body: string, replies: readonly QuickReply[]): Json {
  const cut = (text: string, maxLength: number) => [...text].slice(0, maxLength).join('')
  if (replies.length <= 3) {
    const buttons = replies.map(({ title, payload }) => {
      return { type: 'reply', reply: { id: payload.slice(0, 256), title: cut(title, 20) } }
    })
    return { type: 'interactive', interactive: { type: 'button', body: { text: body }, action: { buttons } } }
  }
  const rows = replies.slice(0, 10).map(({ title, payload }) => ({ id: payload.slice(0, 200), title: cut(title, 24) }))
  return {
    type: 'interactive',
    interactive: { type: 'list', body: { text: body }, action: { button: '…', sections: [{ rows }] } }
  }
}

type FileType = 'image' | 'audio' | 'video' | 'document'

/** As what WhatsApp shows a file; what it cannot show is a document. */
function fileTypeOf(content_type: string | null): FileType {
  const [type = ''] = (content_type ?? '').split(';', 1)
  if (type === 'image/jpeg' || type === 'image/png') return 'image'
  if (type === 'video/mp4' || type === 'video/3gpp') return 'video'
  return ['audio/aac', 'audio/amr', 'audio/mpeg', 'audio/mp4', 'audio/ogg'].includes(type) ? 'audio' : 'document'
}

function takesCaption({ content_type }: ChannelMedia): boolean {
  return fileTypeOf(content_type) !== 'audio'
}

/** A file that is kept here is uploaded to Meta first; of any other one Meta gets the address. */
async function fileBody(
  { sid, url, content_type, filename }: ChannelMedia,
  number: string,
  context: CarrierContext
): Promise<{ readonly type: FileType; readonly file: Json } | PartOutcome> {
  const type = fileTypeOf(content_type ?? guessed(url))
  const named = type === 'document' && filename ? { filename } : {}
  if (url !== null) return { type, file: { link: url, ...named } }
  const kept = await context.files?.open(sid)
  if (!kept) return { error_code: 63019, error_message: `The file ${sid} is not there any more` }
  const { row, bytes } = kept
  const boundary = `ringdown-${randomUUID()}`
  const [before, after] = aroundFile(boundary, row)
  const uploaded = await askGraph(context, `${number}/media`, {
    method: 'POST',
    headers: {
      'Content-Type': `multipart/form-data; boundary=${boundary}`,
      'Content-Length': String(before.length + row.size + after.length)
    },
    body: Readable.from(inOrder(before, bytes, after))
  })
  bytes.destroy()
  // Nothing was sent yet: what was uploaded twice is there twice, and nobody sees it.
  if ('failed' in uploaded) return { away: uploaded.failed }
  if ('error' in uploaded) return outcomeOf(uploaded.error, uploaded.retry_ms)
  const { id } = uploaded.answer
  if (typeof id !== 'string') return { away: 'Meta answered with nonsense' }
  return { type, file: { id, ...named } }
}

/** By the end of an address, where nobody says what is there. */
function guessed(url: string | null): string | null {
  const [, end = ''] = /\.(\w{2,5})(?:[?#]|$)/.exec(url ?? '') ?? []
  const types: Readonly<Record<string, string>> = {
    ...{ jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png', mp4: 'video/mp4', mp3: 'audio/mpeg' },
    ...{ ogg: 'audio/ogg', aac: 'audio/aac', amr: 'audio/amr' }
  }
  return types[end.toLowerCase()] ?? null
}

/** What stands before and behind the bytes of a file in a form. */
function aroundFile(
  boundary: string,
  { content_type, filename }: { readonly content_type: string; readonly filename: string | null }
): readonly [Buffer, Buffer] {
  const part = (disposition: string) => `--${boundary}\r\nContent-Disposition: form-data; ${disposition}\r\n`
  const field = (name: string, value: string) => `${part(`name="${name}"`)}\r\n${value}\r\n`
  const name = (filename ?? 'file').replaceAll(/["\r\n\\]/g, '_')
  const fields = field('messaging_product', 'whatsapp') + field('type', content_type)
  const file = `${part(`name="file"; filename="${name}"`)}Content-Type: ${content_type}\r\n\r\n`
  return [Buffer.from(fields + file), Buffer.from(`\r\n--${boundary}--\r\n`)]
}

async function* inOrder(
  before: Uint8Array,
  bytes: AsyncIterable<Uint8Array>,
  after: Uint8Array
): AsyncGenerator<Uint8Array> {
  yield before
  yield* bytes
  yield after
}
