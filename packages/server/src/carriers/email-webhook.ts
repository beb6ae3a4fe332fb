import { InvalidRequest } from '@ringdown/contract/form'
import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '@ringdown/engine/core/json'
import type { CarrierWebhook, WebhookRequest } from './carrier.ts'
import { isSameText, isSignedBody } from './webhook-proof.ts'
import { wholeText } from './whole-text.ts'

/*
 * Letters that a mail server or a provider posts to us, instead of a mailbox that we read. A body is the letter as it came
 * (`message/rfc822`, or any type that is not one of these), or contains it: JSON with `RawEmail`, or a form with `body-mime` or
 * `email`, as providers have them. The sender signs the body with the carrier's `webhook_secret`, as Meta does, or gives it as a
 * password: a provider that signs nothing can be given an address with one.
 */

export const emailWebhook: CarrierWebhook = {
  max_body_bytes: 25 * 1024 * 1024,
  // Servers of mail keep what was not taken, and providers ask again.
  repeats: true,
  reply: { type: 'application/json', body: '{}' },

  isSigned(request, { secrets }) {
    const { webhook_secret } = secrets
    if (!webhook_secret) return false
    const password = passwordIn(request.headers.authorization)
    return isSignedBody(request, webhook_secret) ?? (password !== undefined && isSameText(password, webhook_secret))
  },

  read(request) {
    const { raw: brought, recipients } = letterIn(request)
    const raw = brought && withoutEnvelopeLine(brought)
    // A letter has a head: a body without one is refused.
    if (raw === undefined || !/^[\x21-\x39\x3b-\x7e]+[ \t]*:/.test(raw.subarray(0, 998).toString('latin1').trimStart()))
      return undefined
    return [{ news: 'letter', raw, recipients }]
  }
}

/** Without what programs that store letters put in front of them: a mark of their encoding, and the line `From …`. */
function withoutEnvelopeLine(raw: Buffer): Buffer {
  const [before = ''] =
    /^(?:\xef\xbb\xbf)?(?:>?From [^\r\n]*\r?\n)?/.exec(raw.subarray(0, 1000).toString('latin1')) ?? []
  return raw.subarray(before.length)
}

function passwordIn(header: string | undefined): string | undefined {
  const [, encoded] = /^basic +([a-z0-9+/=]+)$/i.exec(header ?? '') ?? []
  if (encoded === undefined) return undefined
  const text = Buffer.from(encoded, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  return colon < 0 ? undefined : text.slice(colon + 1)
}

interface Held {
  readonly raw: Buffer | undefined
  /** The recipients of the envelope, where the request has them beside the letter. */
  readonly recipients: readonly string[]
}

function letterIn({ headers, body }: WebhookRequest): Held {
  const type = (headers['content-type'] ?? '').toLowerCase()
  const envelope = [headers['x-envelope-to'] ?? []].flat()
  if (type.startsWith('application/json')) return { ...ofJson(valueIn(body.toString('utf8'))) }
  if (type.startsWith('application/x-www-form-urlencoded')) {
    const letter = bytesIn(body, 'body-mime') ?? bytesIn(body, 'email')
    return { raw: letter, ...recipientsIn(new URLSearchParams(body.toString('utf8')).getAll('recipient')) }
  }
  // Refused rather than lost: otherwise nobody would notice that no letter in this form is taken.
  if (type.startsWith('multipart/'))
    throw new InvalidRequest(
      'A letter in a multipart form is not taken: bring it as message/rfc822, JSON or a form',
      null
    )
  return { raw: body.length > 0 ? body : undefined, ...recipientsIn(envelope.flatMap((one) => one.split(','))) }
}

/** The bytes of a form's field, which need be no text: a letter is in whatever encodings it names. Undefined for none. */
function bytesIn(body: Buffer, name: string): Buffer | undefined {
  for (const pair of body.toString('latin1').split('&')) {
    const [key = '', ...rest] = pair.split('=')
    if (unescaped(key).toString('latin1') !== name) continue
    const bytes = unescaped(rest.join('=').replaceAll('+', ' '))
    if (bytes.length > 0) return bytes
  }
  return undefined
}

/** The bytes that percent signs and two digits stand for, and all others as they are. */
function unescaped(text: string): Buffer {
  const characters = text.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16))
  )
  return Buffer.from(characters, 'latin1')
}

function recipientsIn(recipients: readonly string[]): Pick<Held, 'recipients'> {
  return { recipients: recipients.map(wholeText) }
}

function ofJson(value: unknown): Held {
  if (!isJsonObject(value)) return held(undefined, [])
  const { RawEmail, OriginalRecipient } = value
  return held(RawEmail, typeof OriginalRecipient === 'string' ? [OriginalRecipient] : [])
}

function held(text: unknown, recipients: readonly string[]): Held {
  const raw = typeof text === 'string' && text !== '' ? Buffer.from(text, 'utf8') : undefined
  return { raw, ...recipientsIn(recipients) }
}
