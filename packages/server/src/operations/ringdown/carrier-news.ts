import { normalized, typeOf } from '@ringdown/engine/conversations/address'
import { pairHolder } from '@ringdown/engine/conversations/participant'
import { nameForm } from '@ringdown/engine/core/names'
import { Refusal } from '@ringdown/engine/core/refusals'
import { inboundLimits } from '@ringdown/engine/media/channel-limits'
import { senderAddress } from '@ringdown/engine/messaging/lookup'
import type { CarrierRow, ChannelMedia, ChannelMessageRow } from '@ringdown/engine/messaging/rows'
import type { BroughtFile, BroughtMessage, CarrierWebhook, News, WebhookContext } from '../../carriers/carrier.ts'
import { readLetter, UnreadableLetter } from '../../carriers/letter.ts'
import { takeLetter } from '../../carriers/take-letter.ts'
import { Unavailable } from '../../commit/ledger.ts'
import { importMedia, NotImported } from '../../media/import.ts'
import { TooLong } from '../../media/intake.ts'
import { AddressRefused } from '../../network/guard.ts'
import type { Context } from '../handler.ts'
import { filesOf } from '../media/handlers.ts'
import { keptFile } from '../media/kept-files.ts'
import { agreedMessage } from './agreed-message.ts'

/*
 * What carriers' networks tell becomes commands: each message is taken in once, with its files, and what has become of messages
 * moves them. Whoever has told it is answered when all of it is durable; what could not be done is told again, and then what
 * was done is known.
 */

interface Taking {
  readonly webhook: CarrierWebhook
  readonly carrier: CarrierRow
  /** Made anew for each: secrets may have changed. */
  readonly webhookContext: (signal: AbortSignal) => WebhookContext
}

/** Milliseconds for the files of one message: networks wait for 15 to 20 seconds. */
const files_ms = 10_000
const name_ms = 3_000
/** How long a message is waited with whose files cannot be fetched, by when it was written. */
const waited_ms = 3_600_000
/** How long a network may bring a message again under its name. */
const repeated_ms = 7 * 24 * 3_600_000
/** Messages of a customer that are looked at for a mark up to which it has read. */
const maxRead = 50

/** Does what one item of a request tells. Rejects with Unavailable where it has to be told again. */
export async function takeNews(context: Context, taking: Taking, news: News): Promise<void> {
  switch (news.news) {
    case 'message':
      return takeMessage(context, taking, news.message)
    case 'status':
      return takeStatus(context, taking.carrier, news)
    case 'read':
      return takeRead(context, taking.carrier, news)
    case 'letter':
      return takeBroughtLetter(context, taking.carrier, news)
  }
}

async function takeMessage(context: Context, taking: Taking, message: BroughtMessage): Promise<void> {
  const { sid: carrier_sid } = taking.carrier
  const { provider_sid, body, isAside = false } = message
  const [from, to] = [normalized(message.from) ?? message.from, senderAddress(message.to) ?? message.to]
  if (isAnothers(context, carrier_sid, to)) return
  const [known] = await context.ledger.find('channel_message', { carrier_sid, provider_sid })
  if (known && context.now() - known.date_created < repeated_ms) return
  const isNew = pairHolder(context.state, from, to) === undefined
  const { kept, left, lost } = await filesFrom(context, taking, message)
  const words = lost > 0 ? [body, lostText(lost)].filter((line) => line !== '').join('\n') : body
  const told = {
    ...message.told,
    ...(await repliedTo(context, carrier_sid, message)),
    ...(await named(taking, message, isNew))
  }
  const command = { from, to, body: words, told }
  const agreed = isAside && isNew ? null : await agreedMessage(context, command)
  await context.execute({
    type: 'channel_message.receive',
    ...{ carrier_sid, provider_sid, ...command },
    ...(kept.length > 0 && { media_sids: kept }),
    ...(left.length > 0 && { media: left }),
    ...(agreed !== undefined && { agreed })
  })
}

/** Nobody brings what is for an address that another carrier has. */
function isAnothers({ state }: Context, carrier_sid: string, to: string): boolean {
  const form = nameForm(to)
  for (const { sid, senders } of state.tables.carrier.by('account_sid', state.account_sid))
    if (sid !== carrier_sid && senders.some((own) => nameForm(own) === form)) return true
  return false
}

function lostText(count: number): string {
  return count === 1 ? '(a file that could not be fetched)' : `(${count} files that could not be fetched)`
}

interface Files {
  /** SIDs of those that are kept here. */
  readonly kept: readonly string[]
  /** Those that could not be fetched, by their addresses. */
  readonly left: readonly Omit<ChannelMedia, 'sid'>[]
  /** How many cannot be had at all. */
  readonly lost: number
}

/** Fetches the files of a message, one after the other: the network keeps them for a while, and we for as long as the message. */
async function filesFrom(context: Context, taking: Taking, { files, at, to }: BroughtMessage): Promise<Files> {
  const signal = AbortSignal.timeout(files_ms)
  const kept: string[] = []
  const left: Omit<ChannelMedia, 'sid'>[] = []
  let lost = 0
  for (const file of files) {
    const fetched = await fileFrom(context, taking, { file, signal, limit: limitOf(to) })
    if ('sid' in fetched) {
      kept.push(fetched.sid)
      continue
    }
    const isOld = context.now() - at > waited_ms
    if (!fetched.isFinal && taking.webhook.repeats && !isOld)
      throw new Unavailable('a file of the message could not be fetched yet')
    if (fetched.isFinal || 'id' in file.at) lost += 1
    else left.push({ content_type: null, url: file.at.url })
  }
  return { kept, left, lost }
}

/** Bytes of one file that a channel carries. */
function limitOf(to: string): number {
  return typeOf(to) === 'whatsapp' ? inboundLimits.whatsapp : inboundLimits.others
}

type Fetched = { readonly sid: string } | { readonly isFinal: boolean }

async function fileFrom(
  context: Context,
  { webhook, webhookContext }: Taking,
  { file, signal, limit }: { readonly file: BroughtFile; readonly signal: AbortSignal; readonly limit: number }
): Promise<Fetched> {
  const { at, filename } = file
  try {
    const address = 'id' in at ? await webhook.locate?.(at.id, webhookContext(signal)) : at
    if (!address || 'gone' in address) return { isFinal: true }
    const { url, headers = {} } = address
    return await importMedia(filesOf(context), url, { limit, signal, headers }, async (imported) => {
      const named = { ...imported, filename: filename ?? imported.filename }
      const { media } = await context.execute({ type: 'media.create', ...named })
      return { sid: media.sid }
    })
  } catch (error) {
    if (error instanceof TooLong || error instanceof AddressRefused) return { isFinal: true }
    if (error instanceof NotImported || !(error instanceof Unavailable)) return { isFinal: false }
    throw error
  }
}

/** What the message is an answer to, by our name for it. */
async function repliedTo(
  { ledger }: Context,
  carrier_sid: string,
  { replies_to }: BroughtMessage
): Promise<Readonly<Record<string, string>>> {
  if (replies_to === undefined) return {}
  const [about] = await ledger.find('channel_message', { carrier_sid, provider_sid: replies_to })
  return about?.from ? { OriginalRepliedMessageSid: about.sid, OriginalRepliedMessageSender: about.from } : {}
}

/** The customer's name, where the network tells it only to who asks: once a contact. */
async function named(
  { webhook, webhookContext }: Taking,
  { told, from }: BroughtMessage,
  isNew: boolean
): Promise<Readonly<Record<string, string>>> {
  if (!isNew || told.ProfileName !== undefined || !webhook.nameOf) return {}
  const name = await webhook.nameOf(from, webhookContext(AbortSignal.timeout(name_ms))).catch(() => undefined)
  return name ? { ProfileName: name.slice(0, 256) } : {}
}

/** A letter that nobody could answer is nonsense; any other one is taken in as one of a mailbox. */
async function takeBroughtLetter(
  context: Context,
  carrier: CarrierRow,
  { raw, recipients }: Extract<News, { readonly news: 'letter' }>
): Promise<void> {
  const letter = await readLetter(raw).catch((error: unknown) => {
    // What stands in the way otherwise may pass, and whoever brings it keeps it until then.
    if (!(error instanceof UnreadableLetter)) throw error
  })
  if (!letter) return
  await takeLetter(
    { ...letter, recipients: [...recipients, ...letter.recipients] },
    {
      isWhole: true,
      ledger: context.ledger,
      carrier,
      keep: (content, about) => keptFile(context.ledger, filesOf(context), content, about),
      agree: (message) => agreedMessage(context, message)
    }
  )
}

type StatusNews = Extract<News, { readonly news: 'status' }>

async function takeStatus(context: Context, carrier: CarrierRow, news: StatusNews): Promise<void> {
  const { provider_sid, sid, part, status, error_code, error_message } = news
  const { sid: carrier_sid } = carrier
  const row = sid === undefined ? undefined : await messageOf(context, carrier_sid, sid)
  if (row) await noteTaken(context, row, news)
  // Of a message in parts the last one tells what becomes of it, and any that it has failed.
  if (status === undefined || (part !== undefined && status !== 'failed')) return
  const said = { status, ...(error_code !== undefined && { error_code }), ...(error_message && { error_message }) }
  const whose = row ? { sid: row.sid } : { carrier_sid, provider_sid }
  await context.execute({ type: 'channel_message.report', ...whose, ...said }).catch(goneMeanwhile)
}

/** A network that tells of a message has it: whoever waits to know that need not send it again. */
async function noteTaken(
  { execute }: Context,
  { sid, status, giving }: ChannelMessageRow,
  { provider_sid, part }: StatusNews
): Promise<void> {
  if (status !== 'queued') return
  if (part === undefined) await execute({ type: 'channel_message.given', sid, provider_sid })
  else if (giving?.part === part && giving.since !== null)
    await execute({ type: 'channel_message.giving', sid, part: part + 1, is_begun: false })
}

async function messageOf(
  { state, ledger }: Context,
  carrier_sid: string,
  sid: string
): Promise<ChannelMessageRow | undefined> {
  const row = state.resident('channel_message', sid) ?? (await ledger.find('channel_message', { sid }))[0]
  return row?.carrier_sid === carrier_sid ? row : undefined
}

function goneMeanwhile(error: unknown): void {
  if (!(error instanceof Refusal)) throw error
}

async function takeRead(
  { ledger, execute }: Context,
  { sid: carrier_sid }: CarrierRow,
  { customer, own, until }: Extract<News, { readonly news: 'read' }>
): Promise<void> {
  await ledger.settled()
  const sent = await ledger.page({
    kind: 'channel_message',
    where: [['to', '=', customer]],
    order: ['seq'],
    descending: true,
    limit: maxRead
  })
  for (const { sid, from, status, date_sent, carrier_sid: by } of sent) {
    const isRead = date_sent !== null && date_sent <= until
    if (by !== carrier_sid || from !== own || !isRead || (status !== 'sent' && status !== 'delivered')) continue
    await execute({ type: 'channel_message.report', sid, status: 'read' }).catch(goneMeanwhile)
  }
}
