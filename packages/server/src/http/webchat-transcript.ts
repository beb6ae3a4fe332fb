import { isJsonObject } from '@ringdown/contract/json-text'
import type { WebchatSessionRow } from '@ringdown/engine/webchat/rows'
import type { Context } from '../operations/handler.ts'
import { seenBy } from './webchat-calls.ts'

/** Messages of a transcript, the last ones. */
const maxMessages = 500
/** Characters of a letter. */
const maxLength = 32_000

/** What the customer of a chat has said of itself, in its form or signed by the page's server. */
function customerOf(
  { state }: Context,
  { conversation_sid }: Pick<WebchatSessionRow, 'conversation_sid'>
): { readonly name: string | undefined; readonly email: string | undefined } {
  const text = state.resident('conversation', conversation_sid)?.attributes ?? '{}'
  const attributes: unknown = JSON.parse(text) // attributes were checked when they were given
  if (!isJsonObject(attributes)) return { name: undefined, email: undefined }
  const { webchat, pre_engagement_data: form, from } = attributes
  const emails = [webchat, form].map((one) => (isJsonObject(one) ? one.email : undefined))
  return {
    name: typeof from === 'string' && from !== '' ? from : undefined,
    email: emails.find((one): one is string => typeof one === 'string' && /^[^\s@]+@[^\s@]+$/.test(one))
  }
}

/** The address that the customer of a chat has given. */
export function addressOfCustomer(context: Context, session: Pick<WebchatSessionRow, 'conversation_sid'>) {
  return customerOf(context, session).email
}

/** What was said in a chat, as the text of a letter: who said it, and what, or the names of its files. */
export async function transcriptOf(
  context: Context,
  session: Pick<WebchatSessionRow, 'conversation_sid' | 'identity' | 'sees_until' | 'changed_since'>
): Promise<string> {
  const { ledger } = context
  const { conversation_sid, identity, sees_until } = session
  const { name = identity } = customerOf(context, { conversation_sid })
  await ledger.settled()
  const rows = await ledger.page({
    kind: 'message',
    where: [
      ['conversation_sid', '=', conversation_sid],
      ...((sees_until ?? null) === null ? [] : [['index', '<', sees_until] as const])
    ],
    order: ['index'],
    descending: true,
    limit: maxMessages
  })
  const seen = rows.reverse().filter(seenBy(session))
  const lines = seen.map(({ author, body, media, date_created }) => {
    const files = (media ?? []).map(({ filename }) => filename ?? 'file')
    return `[${new Date(date_created).toISOString()}] ${author === identity ? name : author}: ${[body, ...files].filter(Boolean).join(', ')}`
  })
  const text = lines.join('\n')
  return text.length <= maxLength ? text : `…${text.slice(-maxLength)}`
}
