import { nameForm } from '@ringdown/engine/core/names'
import type { BroughtFile, News } from './carrier.ts'
import { taggedIn } from './giving.ts'
import { entriesIn, itemsIn, type Json, keptTexts, partOf, wordsIn } from './meta-webhook.ts'

/** Messages and marks of one request that are looked at. */
const maxNews = 1_000
const maxFiles = 10

interface Reading {
  readonly prefix: 'messenger' | 'instagram'
  readonly object: 'page' | 'instagram'
  /** Addresses of ours; events for others are left out. */
  readonly senders: readonly string[]
}

/** The news in a webhook of Messenger or Instagram (reference messaging 12). Undefined where the body is none of theirs. */
export function readMessenger(body: Buffer, { prefix, object, senders }: Reading): readonly News[] | undefined {
  const entries = entriesIn(body, [object])
  if (!entries) return undefined
  const own = new Set(senders.map(nameForm))
  const found: News[] = []
  // What another app of the page has in hand (`standby`) is that app's.
  for (const entry of entries)
    for (const event of itemsIn(entry.messaging)) {
      const [from, to] = [addressOf(prefix, event.sender), addressOf(prefix, event.recipient)]
      if (from === undefined || to === undefined) continue
      if (isEcho(event) ? own.has(nameForm(from)) : own.has(nameForm(to))) found.push(...newsIn(event, from, to))
      if (found.length > maxNews) return found.slice(0, maxNews)
    }
  return found
}

function addressOf(prefix: string, value: unknown): string | undefined {
  const id = String(partOf(value).id ?? '')
  return /^[\w.-]{1,128}$/.test(id) ? `${prefix}:${id}` : undefined
}

function isEcho({ message }: Json): boolean {
  const { is_echo } = partOf(message)
  return is_echo === true
}

function newsIn(event: Json, from: string, to: string): readonly News[] {
  const { message, postback, delivery, read, reaction, timestamp } = event
  const at = typeof timestamp === 'number' ? timestamp : 0
  if (message !== undefined)
    return isEcho(event) ? echoIn(partOf(message)) : messageIn(partOf(message), { from, to, at })
  if (postback !== undefined) return postbackIn(partOf(postback), { from, to, at })
  if (delivery !== undefined) return deliveredIn(partOf(delivery))
  if (read !== undefined) return readIn(partOf(read), from, to)
  if (reaction !== undefined) return reactionIn(partOf(reaction), { from, to, at })
  return []
}

interface Way {
  readonly from: string
  readonly to: string
  readonly at: number
}

/** What we have sent ourselves: with our SID beside it, the network says that it has it. */
function echoIn({ mid, metadata }: Json): readonly News[] {
  const [provider_sid, ours] = [wordsIn(mid, 512), taggedIn(wordsIn(metadata, 64))]
  return provider_sid === undefined || !ours ? [] : [{ news: 'status', provider_sid, ...ours, status: undefined }]
}

function messageIn(message: Json, way: Way): readonly News[] {
  const provider_sid = wordsIn(message.mid, 512)
  if (provider_sid === undefined || message.is_deleted === true) return []
  const quick = partOf(message.quick_reply)
  const reply = partOf(message.reply_to)
  const attachments = itemsIn(message.attachments).slice(0, maxFiles)
  const files = attachments.flatMap(fileIn)
  const text = wordsIn(message.text)
  const isUnsupported = message.is_unsupported === true || (text === undefined && files.length === 0)
  return [
    {
      news: 'message',
      message: {
        ...way,
        provider_sid,
        body: text ?? (isUnsupported ? `(${wordsIn(attachments[0]?.type, 64) ?? 'unsupported'})` : ''),
        files,
        told: keptTexts({
          MessageType: quick.payload === undefined ? (attachments[0]?.type ?? 'text') : 'button',
          ...(quick.payload !== undefined && { ButtonText: text, ButtonPayload: quick.payload }),
          ...referralIn(message.referral)
        }),
        replies_to: wordsIn(reply.mid, 512)
      }
    }
  ]
}

const filed: readonly unknown[] = [
  'image',
  'audio',
  'video',
  'file',
  'sticker',
  'share',
  'ig_post',
  'story_mention',
  'reel',
  'ig_reel'
]

function fileIn({ type, payload }: Json): readonly BroughtFile[] {
  const url = wordsIn(partOf(payload).url, 4_096)
  return url !== undefined && filed.includes(type) && /^https?:/i.test(url) ? [{ at: { url } }] : []
}

/** Somebody has tapped a button: it is what they say. */
function postbackIn({ mid, title, payload, referral }: Json, way: Way): readonly News[] {
  // The older form has no name of its own: what was tapped when is one.
  const provider_sid = wordsIn(mid, 512) ?? `postback ${way.from} ${way.at}`
  const body = wordsIn(title) ?? wordsIn(payload)
  if (body === undefined) return []
  const told = { MessageType: 'button', ButtonText: title, ButtonPayload: payload, ...referralIn(referral) }
  return [{ news: 'message', message: { ...way, provider_sid, body, files: [], told: keptTexts(told) } }]
}

function referralIn(value: unknown): Json {
  const { ref, source, type } = partOf(value)
  return { ReferralBody: ref, ReferralSourceId: source, ReferralSourceType: type }
}

function reactionIn({ mid, action, emoji, reaction }: Json, way: Way): readonly News[] {
  const [about, body] = [wordsIn(mid, 512), wordsIn(emoji, 64) ?? wordsIn(reaction, 64)]
  if (action !== 'react' || about === undefined || body === undefined) return []
  const provider_sid = `reaction ${about} ${way.at}`
  const told = { MessageType: 'reaction' }
  return [
    { news: 'message', message: { ...way, provider_sid, body, files: [], told, replies_to: about, isAside: true } }
  ]
}

function deliveredIn({ mids }: Json): readonly News[] {
  const names = Array.isArray(mids) ? mids.slice(0, 100) : []
  return names.flatMap((mid) => {
    const provider_sid = wordsIn(mid, 512)
    return provider_sid === undefined ? [] : [{ news: 'status', provider_sid, status: 'delivered' } as const]
  })
}

/** One message on Instagram, all before an instant on Messenger. */
function readIn({ mid, watermark }: Json, customer: string, own: string): readonly News[] {
  const provider_sid = wordsIn(mid, 512)
  if (provider_sid !== undefined) return [{ news: 'status', provider_sid, status: 'read' }]
  return typeof watermark === 'number' ? [{ news: 'read', customer, own, until: watermark }] : []
}
