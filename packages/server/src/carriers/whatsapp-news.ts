import type { BroughtFile, BroughtMessage, News } from './carrier.ts'
import { taggedIn } from './giving.ts'
import { graphErrorOf, meaningOf } from './graph-errors.ts'
import { entriesIn, itemsIn, type Json, keptTexts, partOf, wordsIn } from './meta-webhook.ts'

/** Messages and statuses of one request that are looked at: Meta sends far fewer. */
const maxNews = 1_000

/**
 * The news in a webhook of WhatsApp (reference messaging 11). `senderOf` finds a sender of ours by Meta's id for it and the
 * number that it shows; what is for others is left out. Undefined where the body is none of WhatsApp's.
 */
export function readWhatsApp(
  body: Buffer,
  senderOf: (id: string, shown: string) => string | undefined
): readonly News[] | undefined {
  const entries = entriesIn(body, ['whatsapp_business_account'])
  if (!entries) return undefined
  const found: News[] = []
  for (const entry of entries)
    for (const { field, value } of itemsIn(entry.changes)) {
      if (field !== 'messages') continue
      const { metadata, contacts, messages, statuses } = partOf(value)
      const { phone_number_id, display_phone_number } = partOf(metadata)
      const own = senderOf(String(phone_number_id ?? ''), String(display_phone_number ?? ''))
      if (own === undefined) continue
      for (const message of itemsIn(messages)) {
        const read = messageIn(message, own, itemsIn(contacts))
        if (read) found.push({ news: 'message', message: read })
      }
      for (const status of itemsIn(statuses)) found.push(...statusIn(status))
      if (found.length > maxNews) return found.slice(0, maxNews)
    }
  return found
}

function messageIn(message: Json, own: string, contacts: readonly Json[]): BroughtMessage | undefined {
  const provider_sid = wordsIn(message.id, 512)
  const from = customerOf(message.from, message.from_user_id)
  const type = wordsIn(message.type, 64)
  if (provider_sid === undefined || from === undefined || type === undefined) return undefined
  const said = saidIn(type, message)
  // A reaction that was taken back, or a number that has changed, says nothing to anybody here.
  if (said === undefined) return undefined
  const { body, file, told = {}, isAside = false, replies_to } = said
  const contact = contacts.find(({ wa_id, user_id }) => customerOf(wa_id, user_id) === from) ?? contacts[0] ?? {}
  const profile = partOf(contact.profile)
  const context = partOf(message.context)
  const referral = partOf(message.referral)
  return {
    provider_sid,
    from,
    to: own,
    body: wordsIn(body) ?? '',
    files: file ? [file] : [],
    told: keptTexts({
      ProfileName: wordsIn(profile.name) ?? wordsIn(profile.username),
      MessageType: type,
      Forwarded: context.forwarded,
      FrequentlyForwarded: context.frequently_forwarded,
      ReferralBody: referral.body,
      ReferralHeadline: referral.headline,
      ReferralSourceId: referral.source_id,
      ReferralSourceType: referral.source_type,
      ReferralSourceUrl: referral.source_url,
      ReferralCtwaClid: referral.ctwa_clid,
      ...told
    }),
    replies_to: replies_to ?? wordsIn(context.id, 512),
    isAside,
    at: instantIn(message.timestamp)
  }
}

/** The number where there is one, else what the business knows the customer by. */
function customerOf(number: unknown, user: unknown): string | undefined {
  if (/^[1-9]\d{1,14}$/.test(String(number ?? ''))) return `whatsapp:+${number}`
  return /^[A-Z]{2}\.[A-Za-z0-9]{1,128}$/.test(String(user ?? '')) ? `whatsapp:${user}` : undefined
}

interface Said {
  readonly body?: string | undefined
  readonly file?: BroughtFile | undefined
  readonly told?: Readonly<Record<string, unknown>>
  readonly isAside?: boolean
  readonly replies_to?: string | undefined
}

function saidIn(type: string, message: Json): Said | undefined {
  const part = partOf(message[type])
  switch (type) {
    case 'text':
      return { body: wordsIn(part.body) }
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
    case 'sticker': {
      const id = wordsIn(part.id, 256)
      return {
        body: wordsIn(part.caption),
        file: id === undefined ? undefined : { at: { id }, filename: wordsIn(part.filename, 256) }
      }
    }
    case 'location': {
      const { latitude, longitude, name, address } = part
      const lines = [wordsIn(name), wordsIn(address), `${latitude},${longitude}`]
      return {
        body: lines.filter((line) => line !== undefined).join('\n'),
        told: { Latitude: latitude, Longitude: longitude, Label: name, Address: address }
      }
    }
    case 'contacts':
      return { body: itemsIn(message.contacts).slice(0, 20).map(contactText).join('\n') }
    case 'button':
      return { body: wordsIn(part.text), told: { ButtonText: part.text, ButtonPayload: part.payload } }
    case 'interactive':
      return interactiveIn(part)
    case 'reaction': {
      const emoji = wordsIn(part.emoji, 64)
      if (emoji === undefined) return undefined
      return { body: emoji, isAside: true, replies_to: wordsIn(part.message_id, 512) }
    }
    case 'order':
      return { body: orderText(part) }
    case 'system':
      return undefined
    default: {
      const error = graphErrorOf(itemsIn(message.errors)[0])
      return {
        body: `(${type === 'unsupported' ? (wordsIn(part.type, 64) ?? type) : type})`,
        told: { ErrorCode: error?.code }
      }
    }
  }
}

function interactiveIn(part: Json): Said {
  const button = partOf(part.button_reply)
  const row = partOf(part.list_reply)
  const form = partOf(part.nfm_reply)
  if (part.type === 'list_reply') return { body: wordsIn(row.title), told: { ListId: row.id, ListTitle: row.title } }
  if (part.type === 'nfm_reply') return { body: wordsIn(form.body) ?? wordsIn(form.response_json) }
  return { body: wordsIn(button.title), told: { ButtonText: button.title, ButtonPayload: button.id } }
}

function contactText({ name, phones, emails }: Json): string {
  const numbers = itemsIn(phones).map(({ phone }) => wordsIn(phone, 64))
  const mails = itemsIn(emails).map(({ email }) => wordsIn(email, 256))
  return [wordsIn(partOf(name).formatted_name, 256), ...numbers, ...mails].filter(Boolean).join(', ')
}

function orderText({ text, product_items }: Json): string {
  const items = itemsIn(product_items).slice(0, 50)
  const lines = items.map(({ quantity, product_retailer_id, item_price, currency }) => {
    return `${quantity} × ${product_retailer_id}${item_price === undefined ? '' : ` (${item_price} ${currency ?? ''})`}`
  })
  return [wordsIn(text), ...lines].filter(Boolean).join('\n').slice(0, 4_096)
}

/** Milliseconds of an instant in seconds; 0 where there is none. */
function instantIn(text: unknown): number {
  const seconds = Number(text)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : 0
}

const statuses: Readonly<Record<string, 'sent' | 'delivered' | 'read' | 'failed'>> = {
  ...{ sent: 'sent', delivered: 'delivered', read: 'read', played: 'read', failed: 'failed' }
}

function statusIn(status: Json): readonly News[] {
  const provider_sid = wordsIn(status.id, 512)
  if (provider_sid === undefined) return []
  const error = graphErrorOf(itemsIn(status.errors)[0])
  return [
    {
      news: 'status',
      provider_sid,
      ...taggedIn(wordsIn(status.biz_opaque_callback_data, 64)),
      status: Object.hasOwn(statuses, String(status.status)) ? statuses[String(status.status)] : undefined,
      ...(error && { error_code: meaningOf(error).code, error_message: error.text })
    }
  ]
}
