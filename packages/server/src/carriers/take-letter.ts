import { maxBody } from '@ringdown/engine/conversations/message'
import { ownSid } from '@ringdown/engine/messaging/email'
import type { CarrierRow } from '@ringdown/engine/messaging/rows'
import type { ConnectionContext } from './carrier.ts'
import type { Letter } from './letter.ts'

export interface TakeContext extends Pick<ConnectionContext, 'ledger' | 'carrier' | 'keep' | 'agree'> {
  /** Whether the letter was read to its end. */
  readonly isWhole: boolean
}

/** Files of one message. */
const maxFiles = 10
/** Of the letters that a letter answers, those that are looked for beforehand. */
const maxAnswers = 12

/** Takes in a letter, once, with its files; resolves when it is durable. What reports on a letter of ours moves that one. */
export async function takeLetter(letter: Letter, context: TakeContext): Promise<void> {
  const { ledger, carrier, isWhole } = context
  const { email, report, from } = letter
  const { sid: carrier_sid } = carrier
  if (report) {
    const { message_id: provider_sid, status, error_code, error_message } = report
    const said = error_code === 0 ? { status } : { status, error_code, error_message }
    await ledger.execute({ type: 'channel_message.report', carrier_sid, provider_sid, ...said })
    return
  }
  const isNew = (await rowsOf(context, email.message_id)).length === 0
  const isContact = isNew && !email.automatic
  const media_sids = isContact ? await keptFiles(letter, context) : []
  const to = ownAmong(letter.recipients, carrier)
  const body = letter.text.slice(0, maxBody).replace(/[\ud800-\udbff]$/, '')
  const agreed = isContact ? await agreedTo({ ...letter, to, body }, context) : undefined
  await ledger.execute({
    type: 'channel_message.receive',
    ...{ carrier_sid, email, from, to, body },
    provider_sid: email.message_id,
    ...(media_sids.length > 0 && { media_sids }),
    ...(agreed !== undefined && { agreed }),
    ...(!isWhole && { told: { Truncated: 'true' } })
  })
}

/** Messages that the carrier knows by that name, or that it names. */
function rowsOf({ ledger, carrier }: TakeContext, provider_sid: string) {
  const sid = ownSid(provider_sid)
  if (sid !== undefined) return ledger.find('channel_message', { sid })
  return ledger.find('channel_message', { carrier_sid: carrier.sid, provider_sid })
}

/** Those who are asked beforehand are asked about the conversation that the letter would come into. */
async function agreedTo(
  { email, from, to, body }: Letter & { readonly to: string; readonly body: string },
  context: TakeContext
) {
  const { state } = context.ledger
  // Nobody is asked: nothing has to be found.
  if (state.tables.configuration_webhook.size + state.tables.service_webhook_configuration.size === 0) return undefined
  const told = email.from_name ? { ProfileName: email.from_name } : {}
  for (const answered of (email.answers ?? []).slice(0, maxAnswers))
    for (const { conversation_sid } of await rowsOf(context, answered)) {
      const open = state.resident('conversation', conversation_sid)
      if (open && open.state !== 'closed')
        return context.agree({ from, to, body, told, email: { ...email, conversation_sid: open.sid } })
    }
  return context.agree({ from, to, body, told, email })
}

async function keptFiles({ files, html }: Letter, { isWhole, keep }: TakeContext): Promise<string[]> {
  const kept: string[] = []
  const page =
    html === null ? [] : [{ filename: 'message.html', content_type: 'text/html', content: Buffer.from(html) }]
  for (const { content, content_type, filename } of [...page, ...(isWhole ? files : [])].slice(0, maxFiles))
    kept.push(await keep(content, { content_type, ...(filename && { filename }) }))
  return kept
}

/** To which of the carrier's addresses a letter came; the first where it names none of them. */
function ownAmong(recipients: readonly string[], { senders }: CarrierRow): string {
  for (const recipient of recipients) {
    const own = senders.find((one) => one.toLowerCase() === recipient.trim().toLowerCase())
    if (own !== undefined) return own
  }
  return senders[0] ?? recipients[0] ?? ''
}
