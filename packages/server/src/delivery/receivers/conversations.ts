import type { ConversationRow, MessageRow, ScopedWebhookRow, WebhookMethod } from '@ringdown/engine/conversations/rows'
import { foldedName } from '@ringdown/engine/core/names'
import { flowOfConversation } from '@ringdown/engine/flex/flow-contact'
import type { FlexFlowRow } from '@ringdown/engine/flex/rows'
import type { Draft, LoggedEvent, Message, Route, RouteContext } from '../delivery.ts'
import { parametersOf, reachesWebhooks, webhookEventOf } from './conversation-parameters.ts'

/*
 * The webhooks of conversations that are told afterwards: the account's, the service's, and the conversation's own
 * (reference conversations 15 to 17). Who is asked beforehand is the business of operations.
 */

/** A webhook of one conversation comes into being; it may want to hear of messages that are older than itself. */
const added = 'ringdown.conversation-webhook.added'

export const conversationWebhooks: Route = {
  // The account's row is made with the first webhook of any conversation as well.
  isUsed: ({ tables }) => tables.configuration_webhook.size + tables.service_webhook_configuration.size > 0,

  wants: (type) => type === added || webhookEventOf(type) !== undefined,

  async draftsOf(event, context) {
    if (event.type === added) return replayOf(event, context)
    const webhookEvent = webhookEventOf(event.type)
    if (!webhookEvent || !reachesWebhooks(event.data)) return []
    const { event: name } = webhookEvent.after
    const places = [...configured(event, context, name), ...(await scoped(event, context, name))]
    return places.map((place) => draftOf(event, place, context))
  }
}

/** Where a webhook is told. */
interface Place {
  readonly receiver_sid: string
  readonly url: string
  readonly method: WebhookMethod
  /** Of a conversation's own. */
  readonly webhook_sid?: string
  /** Of the Flex Flow whose conversation it is: as often it is tried again. */
  readonly retries?: number
}

/** The account's and the service's, if they asked for events of that name. */
function configured({ seq, data }: LoggedEvent, { state, account_sid }: RouteContext, name: string): Place[] {
  const rows = [
    state.find('configuration_webhook', account_sid),
    state.find('service_webhook_configuration', textOf(data.chat_service_sid))
  ]
  return rows.flatMap((row) => {
    if (!row?.post_webhook_url || !row.filters?.includes(name) || seq < row.since_event) return []
    return [{ receiver_sid: row.sid, url: row.post_webhook_url, method: row.method }]
  })
}

/** The conversation's own that want to hear of this event. */
async function scoped(event: LoggedEvent, context: RouteContext, name: string): Promise<Place[]> {
  const { conversation_sid, scoped_webhooks } = event.data
  // A removed conversation has no webhooks any more: its last event brings those that are to know.
  if (event.type === 'conversation.removed') {
    const targets: Target[] = typeof scoped_webhooks === 'string' ? JSON.parse(scoped_webhooks) : [] // as the engine wrote it
    return targets.map(placeOf)
  }
  if (typeof conversation_sid !== 'string') return []
  const webhooks = await webhooksOf(conversation_sid, context)
  const flow = externalFlow(conversation_sid, context)
  return webhooks
    .filter((webhook) => event.seq > webhook.since_event && wants(webhook, event.data, name))
    .map((webhook) => {
      const isFlows = flow !== undefined && webhook.configuration_url === flow.integration.url
      return { ...placeOf(webhook), ...(isFlows && { retries: Number(flow.integration.retry_count) }) }
    })
}

/** The flow that sends what customers write in the conversation to an address (reference flex 13). */
function externalFlow(conversation_sid: string, { state }: RouteContext): FlexFlowRow | undefined {
  const conversation = state.find('conversation', conversation_sid)
  const flow = conversation && flowOfConversation(state, conversation)
  return flow?.integration_type === 'external' ? flow : undefined
}

type Target = Pick<ScopedWebhookRow, 'sid' | 'configuration_url' | 'configuration_method'>

function placeOf({ sid, configuration_url, configuration_method }: Target): Place {
  // Only a webhook of target studio has no address, and it wants nothing.
  return { receiver_sid: sid, url: configuration_url ?? '', method: configuration_method ?? 'POST', webhook_sid: sid }
}

/** Webhooks of open conversations are in memory, others on disk only. In order of creation. */
async function webhooksOf(conversation_sid: string, { state, find }: RouteContext): Promise<ScopedWebhookRow[]> {
  const conversation = state.find('conversation', conversation_sid)
  if (conversation && conversation.state !== 'closed')
    return [...state.tables.conversation_scoped_webhook.by('conversation_sid', conversation_sid)]
  const rows = await find('conversation_scoped_webhook', { conversation_sid })
  return rows.sort((a, b) => a.seq - b.seq)
}

/** What a flow is to hear of, it hears of in the engine. */
function wants(webhook: ScopedWebhookRow, data: LoggedEvent['data'], name: string): boolean {
  switch (webhook.target) {
    case 'webhook':
      return webhook.configuration_filters?.includes(name) ?? false
    case 'trigger':
      return name === 'onMessageAdded' && says(textOf(data.body), webhook.configuration_triggers ?? [])
    case 'studio':
      return false
  }
}

/** Whether a text has one of the words in it, as a whole and in any letter case (reference conversations 15, U7). */
export function says(text: string, words: readonly string[]): boolean {
  const folded = foldedName(text)
  return words.some((word) => {
    const wanted = foldedName(word.trim())
    if (wanted === '') return false
    for (let at = folded.indexOf(wanted); at >= 0; at = folded.indexOf(wanted, at + 1)) {
      const end = at + wanted.length
      if (!isJoined(folded.slice(0, at), wanted) && !isJoined(wanted, folded.slice(end))) return true
    }
    return false
  })
}

/** Whether one word goes on where two texts meet: letters or digits on both sides. */
function isJoined(left: string, right: string): boolean {
  return /[\p{L}\p{N}\p{M}_]$/u.test(left) && /^[\p{L}\p{N}\p{M}_]/u.test(right)
}

/** Messages that were there before the webhook, from the index on that it named, in their order (reference conversations 15, U6). */
async function replayOf({ seq, data }: LoggedEvent, context: RouteContext): Promise<Draft[]> {
  const { conversation_sid, webhook_sid, replay_after, next_index } = data
  if (typeof replay_after !== 'number' || typeof next_index !== 'number') return []
  const found = await webhooksOf(textOf(conversation_sid), context)
  const webhook = found.find(({ sid }) => sid === webhook_sid)
  const webhookEvent = webhookEventOf('message.added')
  if (!webhook || !webhookEvent) return []
  const conversation = await conversationOf(textOf(conversation_sid), context)
  const messages = await context.find('message', { conversation_sid: textOf(conversation_sid) })
  return messages
    .filter(({ index }) => index >= replay_after && index < next_index)
    .sort((a, b) => a.index - b.index)
    .flatMap((message) => {
      const told: LoggedEvent['data'] = {
        ...fieldsOf(message),
        messaging_service_sid: conversation?.messaging_service_sid,
        source: message.source
      }
      if (!wants(webhook, told, webhookEvent.after.event)) return []
      // Each stands where it stood in the log (which messages stored by older programs do not know), under its own SID.
      const event = { seq: message.added_event ?? seq, sid: message.sid, type: 'message.added', data: told }
      return [draftOf(event, placeOf(webhook), context)]
    })
}

async function conversationOf(sid: string, { state, find }: RouteContext): Promise<ConversationRow | undefined> {
  return state.find('conversation', sid) ?? (await find('conversation', { sid }))[0]
}

/** A message as events tell of it. */
function fieldsOf(message: MessageRow): LoggedEvent['data'] {
  return {
    message_sid: message.sid,
    conversation_sid: message.conversation_sid,
    chat_service_sid: message.chat_service_sid,
    index: message.index,
    author: message.author,
    participant_sid: message.participant_sid,
    body: message.body,
    media: message.media ? JSON.stringify(message.media) : null,
    attributes: message.attributes,
    date_created: message.date_created
  }
}

function draftOf(
  event: Pick<LoggedEvent, 'seq' | 'sid' | 'type' | 'data'>,
  { receiver_sid, url, method, webhook_sid, retries }: Place,
  { account_sid }: RouteContext
): Draft {
  const webhookEvent = webhookEventOf(event.type)
  if (!webhookEvent) throw new Error(`invariant: webhooks are told of ${event.type}`)
  const { seq, sid, type, data } = event
  const message: Message = { method, url, parameters: parametersOf(webhookEvent.after, data, account_sid, webhook_sid) }
  return {
    kind: retries === undefined ? 'conversation_webhook' : 'flow_message',
    ...(retries !== undefined && { retries }),
    receiver_sid,
    event: { seq, sid, type },
    message,
    // What happens in one conversation is told in the order in which it happened (reference conversations 17.6).
    order_key: textOf(data.conversation_sid ?? data.user_sid)
  }
}

function textOf(value: LoggedEvent['data'][string]): string {
  return typeof value === 'string' ? value : ''
}
