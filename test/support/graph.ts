import { createHmac, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/*
 * Meta's Graph API as WhatsApp's Cloud API, Messenger and Instagram are spoken to, written from what is public of it: it checks what it is
 * given, names it, and tells of it by webhooks. It misbehaves when it is asked to.
 */

// biome-ignore lint/suspicious/noExplicitAny: bodies are looked at by name
type Json = any

/** What it does to the next requests that would send something. */
export type Misbehaviour =
  | 'hang'
  /** Takes the message and hangs up. */
  | 'take and drop'
  | 'nonsense'
  /** Takes the message, and answers with nonsense. */
  | 'take and babble'
  | '429'
  | '500'
  | { readonly error: { readonly code: number; readonly error_subcode?: number; readonly message?: string } }
  | { readonly slow_ms: number }

export interface SentMessage {
  /** What is behind the version: the sender's id. */
  readonly from: string
  readonly to: string
  readonly id: string
  readonly body: Json
}

export interface Graph {
  /** Without a slash at its end. */
  readonly url: string
  readonly sent: readonly SentMessage[]
  /** Files that were uploaded, by their ids. */
  readonly uploads: ReadonlyMap<string, { readonly type: string; readonly bytes: Buffer }>
  /** What is done to the next requests that send, one after the other. */
  misbehave(...next: readonly Misbehaviour[]): void
  /** Where webhooks go from now on, and what they are signed with. */
  subscribe(object: 'whatsapp_business_account' | 'page' | 'instagram', webhook: Webhook): void
  /** Which statuses follow what was taken, and how: `twice` each, or in `reverse`. */
  tells(statuses: readonly string[], how?: { readonly twice?: boolean; readonly reverse?: boolean }): void
  /** Files that customers send: answers the id, or the address, by which they are told. */
  holds(bytes: Buffer, type: string): { readonly id: string; readonly url: string }
  /** Makes it forget files that it holds: their addresses answer so. */
  breakFiles(status: number | undefined): void
  /** Keeps all who ask for a file waiting, until the function is called that it answers. */
  holdBackFiles(): () => void
  /** Posts a webhook; answers the status. */
  tell(object: 'whatsapp_business_account' | 'page' | 'instagram', entry: Json): Promise<number>
  /** A message on WhatsApp, to a phone number id. */
  write(phone_number_id: string, from: string, message: Json): Promise<number>
  /** Something on Messenger or Instagram. */
  event(object: 'page' | 'instagram', event: Json): Promise<number>
  /** Resolves when all webhooks have been answered 200, or given up. */
  settled(): Promise<void>
  close(): Promise<void>
}

interface Webhook {
  url: string
  readonly app_secret: string
}

/** Seconds, growing: what networks stamp on messages. */
const seconds = () => String(Math.floor(Date.now() / 1000))

export async function graph({
  access_token,
  numbers = {}
}: {
  readonly access_token: string
  readonly numbers?: Readonly<Record<string, string>>
}): Promise<Graph> {
  const sent: SentMessage[] = []
  const uploads = new Map<string, { type: string; bytes: Buffer }>()
  const held = new Map<string, { type: string; bytes: Buffer }>()
  const webhooks = new Map<string, Webhook>()
  const pending = new Set<Promise<unknown>>()
  const next: Misbehaviour[] = []
  let statuses: readonly string[] = []
  let order: { readonly twice?: boolean; readonly reverse?: boolean } = {}
  let broken: number | undefined
  let go: Promise<void> | undefined
  let isClosed = false

  const post = async (object: string, entry: Json): Promise<number> => {
    const webhook = webhooks.get(object)
    if (!webhook) return 0
    const body = JSON.stringify({ object, entry: [entry] })
    const signature = `sha256=${createHmac('sha256', webhook.app_secret).update(body).digest('hex')}`
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': signature }
    const response = await fetch(webhook.url, { method: 'POST', body, headers })
    await response.arrayBuffer()
    return response.status
  }
  /** As Meta does: again and again until it is answered 200. */
  let last: Promise<unknown> = Promise.resolve()
  const tellUntil = (object: string, entry: Json) => {
    const telling = last.then(async () => {
      for (let n = 0; n < 200 && !isClosed; n++) {
        const status = await post(object, entry).catch(() => 0)
        if (status === 200 || status === 403 || status === 404) return
        await delay(100)
      }
    })
    last = telling
    pending.add(telling)
    void telling.finally(() => pending.delete(telling))
  }
  const taken = (from: string, body: Json): SentMessage => {
    const isWhatsApp = body.messaging_product === 'whatsapp'
    const to = isWhatsApp ? String(body.to ?? body.recipient) : String(body.recipient.id)
    const message = { from, to, body, id: `${isWhatsApp ? 'wamid.' : 'm_'}${randomBytes(12).toString('base64url')}` }
    sent.push(message)
    const told = order.reverse ? [...statuses].reverse() : statuses
    for (const status of order.twice ? told.flatMap((one) => [one, one]) : told) {
      if (isWhatsApp) {
        const one = {
          id: message.id,
          status,
          timestamp: seconds(),
          recipient_id: to,
          biz_opaque_callback_data: body.biz_opaque_callback_data
        }
        tellUntil('whatsapp_business_account', valueEntry(from, { statuses: [one] }))
      } else if (status === 'delivered')
        tellUntil(
          'page',
          messagingEntry(from, { sender: { id: to }, recipient: { id: from }, delivery: { mids: [message.id] } })
        )
      else if (status === 'sent') {
        const { metadata, text } = body.message
        const echo = { mid: message.id, is_echo: true, text, metadata }
        tellUntil('page', messagingEntry(from, { sender: { id: from }, recipient: { id: to }, message: echo }))
      } else if (status === 'read')
        tellUntil(
          'page',
          messagingEntry(from, { sender: { id: to }, recipient: { id: from }, read: { watermark: Date.now() } })
        )
    }
    return message
  }
  const valueEntry = (phone_number_id: string, more: Json) => ({
    id: '1900',
    changes: [
      {
        field: 'messages',
        value: {
          messaging_product: 'whatsapp',
          metadata: { phone_number_id, display_phone_number: (numbers[phone_number_id] ?? '').replace(/\D/g, '') },
          ...more
        }
      }
    ]
  })
  const messagingEntry = (id: string, event: Json) => ({
    id,
    time: Date.now(),
    messaging: [{ timestamp: Date.now(), ...event }]
  })

  const give = (response: ServerResponse, status: number, body: Json) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    response
      .writeHead(status, { 'content-type': typeof body === 'string' ? 'text/html' : 'application/json' })
      .end(text)
  }
  const refuse = (response: ServerResponse, status: number, error: Json) =>
    give(response, status, { error: { type: 'OAuthException', message: `(#${error.code}) refused`, ...error } })

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const parts: Buffer[] = []
    for await (const part of request) parts.push(part as Buffer)
    const bytes = Buffer.concat(parts)
    const { pathname } = new URL(request.url ?? '/', 'http://graph')
    const [, version = '', id = '', what] = pathname.split('/')
    if (request.headers.authorization !== `Bearer ${access_token}` && version !== 'cdn')
      return refuse(response, 401, { code: 190, message: 'Error validating access token' })
    if (version === 'files' || version === 'cdn') {
      await go
      const file = held.get(id)
      if (broken !== undefined || !file) return give(response, broken ?? 404, '')
      response.writeHead(200, { 'content-type': file.type, 'content-length': file.bytes.length }).end(file.bytes)
      return
    }
    if (request.method === 'GET') {
      const file = held.get(id)
      if (file)
        return give(response, 200, {
          messaging_product: 'whatsapp',
          id,
          url: `${url}/files/${id}`,
          mime_type: file.type,
          file_size: file.bytes.length
        })
      return give(response, 200, { id, name: `Ana ${id}`, display_phone_number: '+1', verified_name: 'Acme' })
    }
    if (what === 'media') {
      const text = bytes.toString('latin1')
      const type = /name="type"\r\n\r\n([^\r]+)/.exec(text)?.[1] ?? ''
      const boundary = /boundary=(.+)$/.exec(request.headers['content-type'] ?? '')?.[1] ?? ''
      const at = text.indexOf('\r\n\r\n', text.indexOf('name="file"')) + 4
      const file = bytes.subarray(at, text.lastIndexOf(`\r\n--${boundary}--`))
      const name = randomBytes(8).readBigUInt64BE().toString()
      uploads.set(name, { type, bytes: Buffer.from(file) })
      return give(response, 200, { id: name })
    }
    const body = JSON.parse(bytes.toString('utf8'))
    const how = next.shift()
    if (how === 'hang') return
    if (how === 'nonsense') return give(response, 200, '<html>Welcome</html>')
    if (how === '429') return void response.writeHead(429, { 'retry-after': '1' }).end()
    if (how === '500') return give(response, 500, '<html>Sorry</html>')
    if (typeof how === 'object' && 'error' in how) return refuse(response, 400, how.error)
    if (typeof how === 'object') await delay(how.slow_ms)
    const wrong = complaint(body)
    if (wrong !== undefined) return refuse(response, 400, { code: 100, message: `(#100) ${wrong}` })
    const message = taken(id, body)
    if (how === 'take and drop') return void response.destroy()
    if (how === 'take and babble') return give(response, 200, '<html>Welcome</html>')
    if (body.messaging_product === 'whatsapp')
      give(response, 200, {
        messaging_product: 'whatsapp',
        contacts: [{ input: message.to, wa_id: message.to }],
        messages: [{ id: message.id }]
      })
    else give(response, 200, { recipient_id: message.to, message_id: message.id })
  }

  const server = createServer((request, response) => {
    response.on('error', () => {})
    handle(request, response).catch((error: unknown) => give(response, 500, String(error)))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // it listens on a port
  return {
    url,
    sent,
    uploads,
    misbehave: (...more) => void next.push(...more),
    subscribe: (object, webhook) => void webhooks.set(object, webhook),
    tells(given, how = {}) {
      statuses = given
      order = how
    },
    holds(bytes, type) {
      const id = randomBytes(8).readBigUInt64BE().toString()
      held.set(id, { bytes, type })
      return { id, url: `${url}/cdn/${id}` }
    },
    holdBackFiles: () => {
      let release = () => {}
      go = new Promise((resolve) => {
        release = resolve
      })
      return release
    },
    breakFiles: (status) => {
      broken = status
    },
    tell: post,
    write: (phone_number_id, from, message) =>
      post(
        'whatsapp_business_account',
        valueEntry(phone_number_id, {
          contacts: [{ wa_id: from, profile: { name: 'Ana' } }],
          messages: [{ id: `wamid.${randomBytes(12).toString('base64url')}`, from, timestamp: seconds(), ...message }]
        })
      ),
    event: (object, event) => post(object, messagingEntry(event.recipient?.id ?? '0', event)),
    async settled() {
      while (pending.size > 0) await Promise.all(pending)
    },
    close() {
      isClosed = true
      return new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
    }
  }
}

/** What is wrong with a message that it is to send; undefined where nothing is. */
function complaint(body: Json): string | undefined {
  if (body.messaging_product === 'whatsapp') {
    const { type, to, recipient } = body
    if (body.recipient_type !== 'individual' || (to === undefined && recipient === undefined)) return 'recipient'
    if (to !== undefined && !/^[1-9]\d{5,14}$/.test(to)) return `to: ${to}`
    const part = body[type]
    if (typeof part !== 'object') return `type: ${type}`
    if (type === 'text')
      return typeof part.body === 'string' && part.body.length <= 4096 && part.body !== '' ? undefined : 'text'
    if (type === 'template') return part.name && part.language?.code ? undefined : 'template'
    if (type === 'interactive') {
      const { buttons, sections } = part.action ?? {}
      const isFit = part.type === 'button' ? buttons?.length <= 3 : sections?.[0]?.rows?.length <= 10
      return part.body?.text && isFit ? undefined : 'interactive'
    }
    return ['image', 'audio', 'video', 'document'].includes(type) && (part.link || part.id) ? undefined : type
  }
  const { recipient, messaging_type, tag, message } = body
  if (typeof recipient?.id !== 'string') return 'recipient'
  if (messaging_type !== 'RESPONSE' && !(messaging_type === 'MESSAGE_TAG' && tag === 'HUMAN_AGENT'))
    return 'messaging_type'
  const { text, attachment, quick_replies = [] } = message ?? {}
  if ((text === undefined) === (attachment === undefined)) return 'message'
  if (quick_replies.length > 13) return 'quick_replies'
  return text === undefined
    ? attachment.payload?.url
      ? undefined
      : 'payload'
    : text.length <= 2000
      ? undefined
      : 'text'
}
