import type { Carrier, CarrierContext, KeptFiles, OutboundMessage, SendOutcome } from './carrier.ts'
import { dialed } from './dial.ts'
import { emailSettings, type MailServer } from './email-settings.ts'
import { emailWebhook } from './email-webhook.ts'
import { KeptLink } from './kept-link.ts'
import { codeOfStatus, withoutAddresses } from './letter.ts'
import { Mailbox } from './mailbox.ts'

/*
 * E-mail: out by SMTP, in by IMAP (reference messaging 19; docs/decisions/050-carriers-that-listen.md). A letter's Message-ID follows from the message's
 * SID: when it is not known what came of a letter, it is sent again under the same one.
 */

export const emailCarrier: Carrier = {
  webhook: emailWebhook,

  async send(message, context) {
    const { smtp } = emailSettings(context)
    const transport = await smtpTransport(smtp, context)
    const files = await openedFiles(message, context)
    const stop = () => transport.close()
    context.signal.addEventListener('abort', stop, { once: true })
    try {
      await transport.sendMail(letterOf(message, files))
      return { taken: messageIdFor(message) }
    } catch (error) {
      return outcomeOf(error)
    } finally {
      context.signal.removeEventListener('abort', stop)
      transport.close()
      for (const { bytes } of files) bytes.destroy()
    }
  },

  async test(context) {
    const { smtp, imap } = emailSettings(context)
    const transport = await smtpTransport(smtp, context)
    try {
      await transport.verify()
    } catch (error) {
      return `SMTP: ${reasonOf(error)}`
    } finally {
      transport.close()
    }
    if (!imap) return null
    return Mailbox.test(imap, context).catch((error: unknown) => `IMAP: ${reasonOf(error)}`)
  },

  connect(context) {
    const { imap, max_bytes } = emailSettings(context)
    if (!imap) return undefined
    const mailbox = new Mailbox(imap, { ...context, max_bytes })
    return new KeptLink({ note: context.note, session: (up, signal) => mailbox.session(up, signal) })
  }
}

type OpenedFile = NonNullable<Awaited<ReturnType<KeptFiles['open']>>>

/** Files that are gone are left out: the text is worth more than nothing. Where one cannot be opened, none stays open. */
async function openedFiles({ media }: OutboundMessage, { files }: CarrierContext): Promise<readonly OpenedFile[]> {
  const opened: OpenedFile[] = []
  try {
    for (const { sid } of media) {
      const file = await files?.open(sid)
      if (file) opened.push(file)
    }
    return opened
  } catch (error) {
    for (const { bytes } of opened) bytes.destroy()
    throw error
  }
}

/** Milliseconds for a server to be there, to greet, and to say nothing. */
const patience = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 20_000 }

async function smtpTransport(server: MailServer, { allowPrivate }: Pick<CarrierContext, 'allowPrivate'>) {
  // Loaded by the first letter: most servers send none.
  const { createTransport } = await import('nodemailer')
  const { host, port, security, user, password, access_token } = server
  return createTransport({
    host: await dialed(host, { allowPrivate }),
    port,
    secure: security === 'tls',
    requireTLS: security === 'starttls',
    ignoreTLS: security === 'none',
    tls: { servername: host },
    ...patience,
    ...(user !== undefined && { auth: authOf(user, password, access_token) }),
    disableUrlAccess: true,
    disableFileAccess: true
  })
}

function authOf(user: string, pass: string | undefined, accessToken: string | undefined) {
  if (accessToken !== undefined) return { type: 'OAuth2' as const, user, accessToken }
  if (pass === undefined) throw new Error('Secrets: password is missing')
  return { user, pass }
}

/** The engine calls the letter so as well (`messageIdOf`): answers to it are known by that. */
function messageIdFor({ sid, from }: OutboundMessage): string {
  return `${sid}@${from.slice(from.lastIndexOf('@') + 1).toLowerCase()}`
}

function letterOf(message: OutboundMessage, files: readonly OpenedFile[]) {
  const { from, to, body, told } = message
  const recipient = told.ReplyTo ?? to
  const text = body ?? ''
  return {
    envelope: { from, to: [recipient] },
    from: told.FromName ? { name: told.FromName, address: from } : from,
    to: told.To ?? (told.Cc ? undefined : { name: told.ToName ?? '', address: recipient }),
    ...(told.Cc && { cc: told.Cc }),
    subject: told.Subject ?? '',
    messageId: `<${messageIdFor(message)}>`,
    ...(told.InReplyTo && { inReplyTo: `<${told.InReplyTo}>` }),
    ...(told.References && { references: told.References.split(' ').map((id) => `<${id}>`) }),
    text,
    html: htmlOf(text),
    attachments: files.map(({ row, bytes }) => ({
      filename: row.filename ?? 'file',
      content: bytes,
      contentType: row.content_type
    }))
  }
}

/** The text for programs that show HTML: the same characters, line by line. */
function htmlOf(text: string): string {
  const escaped = text.replace(/[&<>"]/g, (character) => escapes[character] ?? character)
  return `<div style="white-space: pre-wrap">${escaped}</div>`
}

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

/** What a mail system's answer means: 5xx refuses the letter; 4xx, silence and a refused login are tried again. */
function outcomeOf(error: unknown): SendOutcome {
  const { responseCode, code, response } = Object(error) as Readonly<Record<string, unknown>>
  const isRefused =
    typeof responseCode === 'number' && responseCode >= 500 && code !== 'EAUTH' && code !== 'ECONNECTION'
  if (!isRefused) return { away: `SMTP: ${reasonOf(error)}` }
  const said = typeof response === 'string' ? response : ''
  const status = /\b(5\.\d{1,3}\.\d{1,3})\b/.exec(said)?.[1]
  const error_code = status ? codeOfStatus(status) : (codes[responseCode] ?? 30008)
  return { error_code, error_message: withoutAddresses(said || `SMTP ${responseCode}`).slice(0, 300) }
}

/** Answers without an enhanced status. */
const codes: Readonly<Record<number, number>> = { 550: 30005, 551: 30005, 552: 30003, 553: 30005, 554: 30007 }

function reasonOf(error: unknown): string {
  return withoutAddresses(error instanceof Error ? error.message : String(error))
}
