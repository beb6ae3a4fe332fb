import { createHash } from 'node:crypto'
import type { EmailName, InboundEmail } from '@ringdown/engine/conversations/email'
import EmailReplyParser from 'email-reply-parser'
import type { AddressObject, Attachment, ParsedMail } from 'mailparser'
import { wholeTexts } from './whole-text.ts'

/*
 * Letters as they come over the wire (reference messaging 19): what they say, what they repeat, whom they name, and whether a
 * person wrote them. MIME, character sets and the text of HTML are the library's; nothing here trusts a letter.
 */

/** A letter that was read. */
export interface Letter {
  readonly email: InboundEmail
  readonly from: string
  /** Every address that it may have come to, the surest first. */
  readonly recipients: readonly string[]
  /** What it says, without what it repeats. */
  readonly text: string
  /** Without anything that acts, loads or hides; null where it has none. */
  readonly html: string | null
  readonly files: readonly LetterFile[]
  /** What has become of a letter of ours, where this one is a report on it. */
  readonly report?: LetterReport
}

export interface LetterFile {
  readonly filename: string | undefined
  readonly content_type: string
  readonly content: Buffer
}

export interface LetterReport {
  /** Of the letter that it is about. */
  readonly message_id: string
  readonly status: 'delivered' | 'undelivered'
  readonly error_code: number
  readonly error_message: string
}

/** The parser refuses it, or there is nobody whom one could answer: reading it another time would not change that. */
export class UnreadableLetter extends Error {
  override name = 'UnreadableLetter'
}

/** Characters of a text that quotes are looked for in: the rest is taken as it is. */
const maxSearched = 100_000
/** Bytes of a letter in which a report of delivery is looked for. */
const reportBytes = 256 * 1024

/**
 * Reads a letter. Rejects where there is nobody whom one could answer. No text in it holds what cannot be kept. The libraries
 * of letters are loaded by the first one: they are a third of what a server would load at its start, and most get none.
 */
export async function readLetter(raw: Buffer): Promise<Letter> {
  return wholeTexts(await letterIn(raw))
}

async function letterIn(raw: Buffer): Promise<Letter> {
  const { simpleParser } = await import('mailparser')
  const mail = await simpleParser(raw, {
    skipImageLinks: true,
    maxHtmlLengthToParse: 1_000_000
  }).catch((cause: unknown) => {
    throw new UnreadableLetter('the letter cannot be parsed', { cause })
  })
  const from = namesIn(mail.from)[0]
  if (!from) throw new UnreadableLetter('the letter has no sender')
  const message_id = idIn(mail.messageId) ?? `${createHash('sha256').update(raw).digest('hex')}@without-message-id`
  const html = typeof mail.html === 'string' && mail.html.trim() !== '' ? await sanitized(mail.html) : null
  const { text, quoted } = partedText(mail.text ?? (html === null ? '' : await textOfHtml(html)))
  const automatic = whyAutomatic(mail, from.address)
  const report = automatic === undefined ? undefined : reportIn(raw, message_id)
  const reply_to = namesIn(mail.replyTo)[0]?.address
  const email: InboundEmail = {
    message_id,
    ...(mail.subject && { subject: mail.subject }),
    ...(from.name && { from_name: from.name }),
    ...(reply_to && reply_to.toLowerCase() !== from.address.toLowerCase() && { reply_to }),
    to: namesIn(mail.to),
    cc: namesIn(mail.cc),
    ...(quoted && { quoted }),
    answers: answersOf(mail),
    ...(automatic && { automatic })
  }
  return {
    ...{ email, text, from: from.address },
    recipients: recipientsOf(mail),
    html,
    files: mail.attachments.filter(isFile).map(fileOf),
    ...(report && { report })
  }
}

/** HTML that shows text, links and tables, and nothing else: no scripts, styles, pictures, forms or frames. */
export async function sanitized(html: string): Promise<string> {
  const { default: sanitizeHtml } = await import('sanitize-html')
  return sanitizeHtml(html, {
    allowedAttributes: { a: ['href'], td: ['colspan', 'rowspan'], th: ['colspan', 'rowspan'] },
    allowedSchemes: ['http', 'https', 'mailto', 'tel'],
    allowProtocolRelative: false,
    nestingLimit: 100
  })
}

/** The text of a letter that has HTML only. */
async function textOfHtml(html: string): Promise<string> {
  const { convert } = await import('html-to-text')
  const limits = { maxInputLength: 1_000_000, maxDepth: 60, maxChildNodes: 5000 }
  return convert(html, { wordwrap: false, limits })
}

/** What a letter says, and what it repeats of others. */
export function partedText(whole: string): { readonly text: string; readonly quoted: string } {
  const normal = whole.replace(/\r\n?/g, '\n')
  if (normal.length > maxSearched) return { text: normal.trim(), quoted: '' }
  const text = new EmailReplyParser().read(normal).getVisibleText().trim()
  // A letter that is only forwarded is all quoted: that is its text.
  if (text === '') return { text: normal.trim(), quoted: '' }
  const rest = normal.trimStart().startsWith(text) ? normal.trimStart().slice(text.length) : normal.replace(text, '')
  return { text, quoted: rest.trim() }
}

/** Why no person wrote it; undefined where nothing says so (RFC 3834, RFC 2919, RFC 5321 section 4.5.5). */
function whyAutomatic(mail: ParsedMail, from: string): string | undefined {
  const submitted = rawHeader(mail, 'auto-submitted')?.split(';', 1)[0]?.trim().toLowerCase()
  if (submitted && submitted !== 'no') return submitted
  const path = rawHeader(mail, 'return-path')
  if (path !== undefined && /^<\s*>$/.test(path)) return 'empty return path'
  const type = rawHeader(mail, 'content-type')?.toLowerCase() ?? ''
  if (type.startsWith('multipart/report')) return 'report'
  const precedence = rawHeader(mail, 'precedence')?.toLowerCase() ?? ''
  if (/^(?:bulk|junk|list|auto_reply)\b/.test(precedence)) return `precedence ${precedence.slice(0, 20)}`
  if (rawHeader(mail, 'list-id') !== undefined) return 'list'
  if (['x-autoreply', 'x-autorespond', 'x-auto-reply'].some((name) => rawHeader(mail, name) !== undefined))
    return 'auto-replied'
  return /^(?:mailer-daemon|postmaster)@/i.test(from) ? 'mail system' : undefined
}

function rawHeader({ headerLines }: ParsedMail, name: string): string | undefined {
  const line = headerLines.find(({ key }) => key === name)?.line
  return line
    ?.slice(line.indexOf(':') + 1)
    .replace(/\s+/g, ' ')
    .trim()
}

/** What a report of delivery says (RFC 3464): of the letter of ours that it returns. */
function reportIn(raw: Buffer, own_id: string): LetterReport | undefined {
  const text = raw.subarray(0, reportBytes).toString('latin1')
  const action = /^Action:[ \t]*([a-z]+)/im.exec(text)?.[1]?.toLowerCase()
  const failed = action === 'failed' || (action === undefined && /^X-Failed-Recipients:/im.test(text))
  if (!failed && action !== 'delivered') return undefined
  const ids = [...text.matchAll(/^(?:Original-)?Message-ID:[ \t]*<([^<>\s]{1,250})>/gim)].map((found) => found[1] ?? '')
  const message_id = ids.find((id) => id !== own_id && /^(?:SM|MM)[0-9a-f]{32}@/.test(id))
  if (message_id === undefined) return undefined
  if (!failed) return { message_id, status: 'delivered', error_code: 0, error_message: '' }
  const status = /^Status:[ \t]*([245]\.\d{1,3}\.\d{1,3})/im.exec(text)?.[1] ?? '5.0.0'
  const why = /^Diagnostic-Code:[ \t]*([^\r\n]{1,200})/im.exec(text)?.[1] ?? 'it came back'
  return {
    message_id,
    status: 'undelivered',
    error_code: codeOfStatus(status),
    error_message: `${status}: ${withoutAddresses(why)}`
  }
}

/** Twilio's number for an enhanced status of mail systems (RFC 3463). */
export function codeOfStatus(status: string): number {
  if (status.startsWith('5.1.')) return 30005
  if (status.startsWith('5.2.') || status.startsWith('4.')) return 30003
  return status.startsWith('5.7.') ? 30007 : 30008
}

/** What mail systems say names people; errors of carriers are shown and logged. */
export function withoutAddresses(text: string): string {
  return text.replace(/<?[^\s<>@:;,]+@[^\s<>@:;,]+>?/g, '<…>')
}

function answersOf({ inReplyTo, references }: ParsedMail): readonly string[] {
  const listed = [references ?? []].flat().flatMap((one) => one.split(/\s+/))
  const nearest = [...(inReplyTo?.split(/\s+/) ?? []), ...listed.reverse()]
  return [...new Set(nearest.map(idIn).filter((id) => id !== undefined))].slice(0, 20)
}

/** Without its angle brackets; undefined for what is none. */
function idIn(text: string | undefined): string | undefined {
  const id = text?.trim().replace(/^<|>$/g, '')
  return id && id.length <= 250 && !/\s/.test(id) ? id : undefined
}

/** Groups are left out but for their members; what is no address, as well. */
function namesIn(field: AddressObject | AddressObject[] | undefined): EmailName[] {
  const listed = [field ?? []].flat().flatMap(({ value }) => value.flatMap((one) => [one, ...(one.group ?? [])]))
  return listed.flatMap(({ address, name }): EmailName[] =>
    address && /^\S+@\S+$/.test(address) && address.length <= 256 ? [{ address, name: name || null }] : []
  )
}

function recipientsOf(mail: ParsedMail): readonly string[] {
  const noted = ['delivered-to', 'x-original-to', 'envelope-to'].flatMap((name) => rawHeader(mail, name) ?? [])
  const named = [...namesIn(mail.to), ...namesIn(mail.cc)].map(({ address }) => address)
  return [...noted.map((one) => one.replace(/^<|>$/g, '')), ...named]
}

/** A letter's parts that are pictures of its HTML are files as well: the HTML is kept without them. */
function isFile({ content }: Attachment): boolean {
  return content.length > 0
}

function fileOf({ filename, contentType, content }: Attachment): LetterFile {
  return { filename: filename || undefined, content_type: contentType || 'application/octet-stream', content }
}
