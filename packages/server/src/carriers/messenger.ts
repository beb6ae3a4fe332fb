import type { QuickReply } from '@ringdown/engine/content/rendering'
import { settingOf } from '@ringdown/engine/messaging/lookup'
import type { ChannelMedia } from '@ringdown/engine/messaging/rows'
import type { Carrier, CarrierContext, OutboundMessage } from './carrier.ts'
import { giveParts, type Part } from './giving.ts'
import { askGraph, giveToGraph, testGraph } from './graph.ts'
import { readMessenger } from './messenger-news.ts'
import { metaWebhook } from './meta-webhook.ts'
import { templateOf } from './template.ts'

/** What is different on the two networks that are spoken to alike. */
interface Network {
  readonly prefix: 'messenger' | 'instagram'
  /** What the body of a webhook says that it is about. */
  readonly object: 'page' | 'instagram'
  /** Whether a text is too long for one message, and how long it may be, in words. */
  isTooLong(text: string): boolean
  readonly longest: string
  /** Whether what we sent comes back with what we wrote beside it. */
  readonly echoes: boolean
}

const networks = {
  messenger: {
    prefix: 'messenger',
    object: 'page',
    isTooLong: (text) => text.length > 2_000,
    longest: '2,000 characters',
    echoes: true
  },
  instagram: {
    prefix: 'instagram',
    object: 'instagram',
    isTooLong: (text) => Buffer.byteLength(text) > 1_000,
    longest: '1,000 bytes',
    echoes: false
  }
} as const satisfies Record<string, Network>

export const messengerCarrier = carrierOf(networks.messenger)
export const instagramCarrier = carrierOf(networks.instagram)

/**
 * Messenger and Instagram, by the Graph API (reference messaging 12). A sender is `messenger:<page id>` or
 * `instagram:<account id>`, a customer the same with the id that is good for that page alone.
 *
 * Configuration: `version`, `base_url`; `human_agent`: whether Meta has allowed us to answer for seven days. Secrets:
 * `access_token` (the page's), `app_secret` and `verify_token`.
 */
function carrierOf(network: Network): Carrier {
  const { prefix, object, longest, isTooLong } = network
  return {
    async send(message, context) {
      if (!context.secrets.access_token)
        return { error_code: 63001, error_message: 'Secrets has no access_token', trouble: true }
      if (isTooLong(message.body ?? ''))
        return { error_code: 21617, error_message: `The message has more than ${longest}` }
      const parts = await partsOf(message, network, context)
      if (typeof parts === 'string') return { error_code: 63019, error_message: parts, trouble: true }
      return giveParts(parts, message, context)
    },

    async test(context) {
      const senders = context.carrier?.senders ?? []
      if (senders.length === 0) return 'Senders is empty: it sends for nobody'
      for (const sender of senders) {
        const own = sender.slice(prefix.length + 1)
        if (!sender.startsWith(`${prefix}:`)) return `${sender} is no address of ${prefix}`
        const wrong = await testGraph(context, `${encodeURIComponent(own)}?fields=id,name`, [
          ...['access_token', 'app_secret', 'verify_token']
        ])
        if (wrong !== null) return wrong
      }
      return null
    },

    webhook: {
      ...metaWebhook,
      read: ({ body }, { carrier }) => readMessenger(body, { prefix, object, senders: carrier.senders }),

      async nameOf(address, context) {
        const id = address.slice(prefix.length + 1)
        const asked = await askGraph(context, `${encodeURIComponent(id)}?fields=name`)
        return 'answer' in asked && typeof asked.answer.name === 'string' ? asked.answer.name : undefined
      }
    }
  }
}

type Json = Readonly<Record<string, unknown>>

/** A text, and each file, by itself: one message has one of them. A text says why a file cannot be sent. */
async function partsOf(
  message: OutboundMessage,
  { prefix, echoes }: Network,
  context: CarrierContext
): Promise<readonly Part[] | string> {
  const own = message.from.slice(prefix.length + 1)
  const kind = await kindOf(message, context)
  const recipient = { id: message.to.slice(prefix.length + 1) }
  const give = (content: Json): Part => {
    return (tag) => {
      const said = echoes ? { ...content, metadata: tag } : content
      const body = { recipient, ...kind, message: said }
      return giveToGraph(context, `${encodeURIComponent(own)}/messages`, body, ({ message_id }) => message_id)
    }
  }
  const template = await templateOf(message, context, 'messenger')
  const replies = template?.rendered.quick_replies ?? []
  const files: Json[] = []
  for (const one of message.media) {
    const url = one.url ?? context.files?.link(one.sid)
    if (url === undefined) return 'Files are fetched from this server: start it with --public-url'
    files.push({ attachment: { type: attachmentType(one), payload: { url, is_reusable: false } } })
  }
  const text = message.body ? [{ text: message.body }] : []
  const contents: readonly Json[] = [...files, ...text]
  // What may be tapped stands below the last one.
  return contents.map((one, at) =>
    give(at === contents.length - 1 && replies.length > 0 ? { ...one, quick_replies: quickReplies(replies) } : one)
  )
}

const day_ms = 24 * 3_600_000

/** Within a day after the customer wrote it is an answer; later, and where we may, one by a person. */
async function kindOf({ from, to }: OutboundMessage, { ledger, carrier, now }: CarrierContext): Promise<Json> {
  if (settingOf(carrier, 'human_agent') !== true) return { messaging_type: 'RESPONSE' }
  const [pair] = await ledger.find('address_pair', { sender: from, recipient: to })
  const isAnswer = pair?.last_inbound_at != null && now() - pair.last_inbound_at < day_ms
  return isAnswer ? { messaging_type: 'RESPONSE' } : { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }
}

function quickReplies(replies: readonly QuickReply[]): readonly Json[] {
  return replies.slice(0, 13).map(({ title, payload }) => {
    return { content_type: 'text', title: [...title].slice(0, 20).join(''), payload: payload.slice(0, 1_000) }
  })
}

function attachmentType({ content_type, url }: ChannelMedia): 'image' | 'audio' | 'video' | 'file' {
  const [type = ''] = (content_type ?? '').split('/', 1)
  if (type === 'image' || type === 'audio' || type === 'video') return type
  return content_type === null && /\.(?:jpe?g|png|gif)(?:[?#]|$)/i.test(url ?? '') ? 'image' : 'file'
}
