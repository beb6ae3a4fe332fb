import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { isoMilliseconds } from '@ringdown/contract/instant'

export type WorkerDesk = OperationTypes['ringdown_v1.FetchWorkerDesk']['result']
export type DeskTask = WorkerDesk['tasks'][number]
export type DeskReservation = WorkerDesk['reservations'][number]
export type DeskConversation = WorkerDesk['conversations'][number]
export type Note = OperationTypes['ringdown_v1.CreateConversationNote']['result']
export type CannedResponse = OperationTypes['ringdown_v1.ListCannedResponse']['result']['canned_responses'][number]
export type FlexConfiguration = OperationTypes['flex_v1.FetchConfiguration']['result']
export type Activity = OperationTypes['taskrouter_v1.ListActivity']['result']['activities'][number]

/** One event of the account's log, as far as it is this user's to know. */
export interface FeedEvent {
  readonly sid: string
  readonly type: string
  readonly at: string
  readonly resource_sid: string
  readonly data: Readonly<Record<string, unknown>>
}

/** A message as it is shown: one that the server has, or one that is on its way. */
export interface ShownMessage {
  readonly sid: string
  readonly index: number
  readonly author: string
  readonly participant_sid: string | null
  readonly body: string | null
  readonly media: readonly ShownMedia[]
  readonly attributes: string
  readonly date_created: string
  /** What has become of it outside; undefined for one that nobody outside gets. */
  readonly delivery: Delivery | undefined
}

/** How many of those outside it has come to, of one message. */
export type Delivery = 'sent' | 'delivered' | 'read' | 'failed'

export interface ShownMedia {
  readonly sid: string
  readonly content_type: string
  readonly filename: string | null
  readonly size: number
}

/** What is known of one thing on the desk: the offer or task, and the conversation that it is about. */
export interface DeskItem {
  readonly reservation: DeskReservation
  readonly task: DeskTask
  readonly conversation: DeskConversation | undefined
  readonly attributes: Readonly<Record<string, unknown>>
}

/** A JSON object in text; empty where it is none. */
export function objectIn(text: unknown): Readonly<Record<string, unknown>> {
  if (typeof text === 'object' && text !== null && !Array.isArray(text)) return { ...text }
  if (typeof text !== 'string') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : {}
  } catch {
    return {}
  }
}

/** A text among the members of an object. */
export function textIn(from: unknown, ...path: readonly string[]): string | undefined {
  let at: unknown = from
  for (const name of path) at = objectIn(at)[name]
  return typeof at === 'string' && at !== '' ? at : undefined
}

/** What is on the desk, each with its task and conversation, the oldest first. */
export function itemsOf(desk: WorkerDesk): readonly DeskItem[] {
  return desk.reservations.flatMap((reservation) => {
    const task = desk.tasks.find(({ sid }) => sid === reservation.task_sid)
    if (!task) return []
    const conversation = desk.conversations.find(({ sid }) => sid === task.conversation_sid)
    return [{ reservation, task, conversation, attributes: objectIn(task.attributes) }]
  })
}

/** On which channel it came: what Flex says, else what TaskRouter does. */
export function channelOf({ attributes, task }: DeskItem): string {
  return textIn(attributes, 'channelType') ?? task.task_channel_unique_name ?? 'default'
}

/** By which name a worker is in conversations (reference flex 6). */
export function identityOf(worker: WorkerDesk['worker']): string {
  return (textIn(worker.attributes, 'contact_uri') ?? worker.friendly_name).replace(/^client:/, '')
}

/** A message of the API or of an event. */
export function shownMessage(from: Readonly<Record<string, unknown>>): ShownMessage {
  const media: unknown = typeof from.media === 'string' ? JSON.parse(from.media) : from.media // JSON in events
  return {
    sid: String(from.sid ?? from.message_sid),
    index: Number(from.index),
    author: String(from.author ?? ''),
    participant_sid: typeof from.participant_sid === 'string' ? from.participant_sid : null,
    body: typeof from.body === 'string' ? from.body : null,
    media: Array.isArray(media) ? media.map(shownMedia) : [],
    attributes: typeof from.attributes === 'string' ? from.attributes : '{}',
    // Events have milliseconds, the API has text.
    date_created:
      typeof from.date_created === 'number' ? isoMilliseconds(from.date_created) : String(from.date_created),
    delivery: deliveryIn(from.delivery)
  }
}

/** Of `none`, `some` or `all` of each: what is worst, and else how far it has come (reference conversations 10). */
function deliveryIn(from: unknown): Delivery | undefined {
  const summary = objectIn(from)
  const has = (name: string) => summary[name] === 'some' || summary[name] === 'all'
  if (has('failed') || has('undelivered')) return 'failed'
  return (['read', 'delivered', 'sent'] as const).find(has)
}

function shownMedia(from: unknown): ShownMedia {
  const { sid, content_type, filename, size } = objectIn(from)
  return {
    sid: String(sid),
    content_type: String(content_type ?? 'application/octet-stream'),
    filename: typeof filename === 'string' ? filename : null,
    size: Number(size ?? 0)
  }
}
