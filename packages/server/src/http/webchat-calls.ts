import { createHash } from 'node:crypto'
import type { OperationId } from '@ringdown/contract/generated/operations'
import { operations } from '@ringdown/contract/generated/operations'
import type { ConversationRow, MessageRow } from '@ringdown/engine/conversations/rows'
import { nameKey } from '@ringdown/engine/core/names'
import type { WebchatSessionRow } from '@ringdown/engine/webchat/rows'
import type { Caller } from '../access/caller.ts'
import { Exchange } from '../commit/exchange.ts'
import type { Ledger } from '../commit/ledger.ts'
import type { AnyCall, AnyHandler, Context } from '../operations/handler.ts'
import { answered, guardOf } from '../operations/permission.ts'
import { handlers } from '../operations/registry.ts'
import type { AdmittedPage } from '../realtime/webchat/connection.ts'
import {
  type Place,
  placeIn,
  placeNow,
  shownMessage,
  shownParticipant,
  shownSession
} from '../realtime/webchat/frames.ts'
import { readyFrame, type Snapshot } from '../realtime/webchat/sockets.ts'
import type { Rendered } from './endpoint.ts'
import { answeredOnce, keptAnswer } from './once.ts'

/*
 * What customers' pages do, by the operations that do it for everybody: what they may is decided by the one table of
 * permissions, webhooks are asked and told, and the log says who it was.
 */

/** Messages that a page is shown at first, and at most of those that it has missed: beyond, it begins anew. */
const firstMessages = 50
const maxMissed = 500
/** Of one answer about what was before. */
const maxHistory = 100

/** A write of a page, until it has been told of it; followers of the log hear of it only then. */
export async function within<T>(identity: string, act: (exchange: Exchange) => Promise<T>): Promise<T> {
  const exchange = new Exchange({ type: 'customer', sid: identity })
  try {
    return await act(exchange)
  } finally {
    // The answer is written before the loop turns.
    setImmediate(() => exchange.end())
  }
}

/** Asks an operation as somebody; what it refuses is thrown. */
export async function asked(
  id: OperationId,
  caller: Caller,
  call: Omit<AnyCall, 'page'>,
  context: Context
): Promise<unknown> {
  const { operation, handler } = operationOf(id)
  return answered(handler, await guardOf(operation)(caller, { ...call, page: null }, context))
}

/** Sends a message. Under an id that the page has given it, it is sent once, however often the page asks. */
export async function sendMessage(
  page: AdmittedPage,
  params: Readonly<Record<string, unknown>>,
  { id, context }: { readonly id: string | undefined; readonly context: Context }
): Promise<object> {
  const name: OperationId = 'conversations_v1.CreateServiceConversationMessage'
  const { caller, session_sid, chat_service_sid, conversation_sid } = page
  const call = { path: { chat_service_sid, conversation_sid }, params }
  const shown = (row: unknown) => shownMessage(row as MessageRow) // so the operation answers
  if (id === undefined) return shown(await asked(name, caller, call, context))
  const { operation, handler } = operationOf(name)
  const permitted = await guardOf(operation)(caller, { ...call, page: null }, context)
  const fingerprint = createHash('sha256')
    .update(JSON.stringify([name, call]))
    .digest('hex')
  const keyed = { key: JSON.stringify(['webchat', session_sid, id]), fingerprint }
  const rendered = (row: unknown): Rendered => ({ status: 201, body: JSON.stringify(shown(row)), etag: undefined })
  const { body = '{}' } = await answeredOnce(context.ledger, keyed, context.now(), async () => {
    let kept: Rendered | undefined
    const keeping = context.keeping((row) => {
      kept = rendered(row)
      return keptAnswer(keyed, context.now(), row, kept)
    })
    const answer = await answered(handler, { ...permitted, context: keeping })
    return kept ?? rendered(answer)
  })
  return JSON.parse(body)
}

function operationOf(id: OperationId) {
  const operation = operations.find((one) => one.id === id)
  const handler: AnyHandler | undefined = handlers.get(id)
  if (!operation || !handler) throw new Error(`invariant: ${id} is an operation that is done`)
  return { operation, handler }
}

/** What a page has to hear first: what it has missed since its cursor, or how the conversation is. */
export async function snapshotOf(page: AdmittedPage, cursor: unknown, { ledger, now }: Context): Promise<Snapshot> {
  const { session_sid, conversation_sid } = page
  // What comes from now on is heard; what was before is read, and is told only when it is durable.
  await ledger.settled()
  const { state } = ledger
  const [conversation] = [
    state.resident('conversation', conversation_sid) ?? (await ledger.find('conversation', { sid: conversation_sid }))
  ].flat()
  const session = state.resident('webchat_session', session_sid)
  if (!conversation || !session) throw new Error('invariant: who was admitted has a session in a conversation')
  const until = session.sees_until ?? undefined
  const here = placeNow(conversation, now())
  const place = until === undefined ? here : { ...here, next_index: until }
  const missed = until === undefined ? await missedSince(ledger, conversation, placeIn(cursor)) : undefined
  const isSeen = seenBy(session)
  const rows =
    missed?.fresh ?? (await messagesOf(ledger, conversation_sid, { ...before(until), limit: firstMessages })).reverse()
  const [first] = rows
  const shown = {
    session: shownSession(session),
    conversation: { sid: conversation.sid, state: conversation.state, friendly_name: conversation.friendly_name },
    participants: until === undefined ? await participantsOf(ledger, conversation) : [],
    is_resumed: missed !== undefined,
    messages: rows.filter(isSeen).map(shownMessage),
    // Of messages that a page has already.
    updated: missed?.updated.map(shownMessage) ?? [],
    has_more: missed === undefined && first !== undefined && first.index > 0
  }
  await ledger.settled()
  return { frames: [readyFrame(shown, place)], place }
}

/** Undefined where it is too much, or nobody can say: then the page begins anew. */
async function missedSince(ledger: Ledger, conversation: ConversationRow, place: Place | undefined) {
  if (!place || place.next_index > conversation.next_index) return undefined
  if (place.removed !== (conversation.removed_messages ?? 0)) return undefined
  if (conversation.next_index - place.next_index > maxMissed) return undefined
  const { sid } = conversation
  const fresh = (await messagesOf(ledger, sid, { from: place.next_index, limit: maxMissed })).reverse()
  const known = await messagesOf(ledger, sid, { before: place.next_index, limit: maxHistory })
  return { fresh, updated: known.filter(({ date_updated }) => date_updated >= place.at) }
}

/** Messages before an index, the newest first. */
export async function historyOf(
  page: AdmittedPage,
  asked: { readonly before: unknown; readonly limit: unknown },
  { ledger }: Context
): Promise<object> {
  await ledger.settled()
  const { limit } = asked
  const most = typeof limit === 'number' && limit >= 1 ? Math.min(Math.floor(limit), maxHistory) : firstMessages
  const session = ledger.state.resident('webchat_session', page.session_sid)
  const until = session?.sees_until ?? undefined
  const wanted = typeof asked.before === 'number' && Number.isSafeInteger(asked.before) ? asked.before : undefined
  const least = [until, wanted].filter((index) => index !== undefined)
  const rows = await messagesOf(ledger, page.conversation_sid, {
    ...before(least.length === 0 ? undefined : Math.min(...least)),
    limit: most
  })
  await ledger.settled()
  const last = rows.at(-1)
  return {
    messages: rows.reverse().filter(seenBy(session)).map(shownMessage),
    has_more: last !== undefined && last.index > 0 && rows.length === most
  }
}

/** What a customer may read of a conversation, however it asks: one that was taken out, what was said to it and stands as it was said. */
export function seenBy(
  session: Pick<WebchatSessionRow, 'sees_until' | 'changed_since'> | undefined
): (message: Pick<MessageRow, 'sid' | 'index'>) => boolean {
  // Sessions of before have neither.
  const until = session?.sees_until ?? Number.POSITIVE_INFINITY
  const changed = session?.changed_since ?? []
  return ({ sid, index }) => index < until && !changed.includes(sid)
}

function before(index: number | undefined): { readonly before?: number } {
  return index === undefined ? {} : { before: index }
}

function messagesOf(
  ledger: Ledger,
  conversation_sid: string,
  { from, before, limit }: { readonly from?: number; readonly before?: number; readonly limit: number }
): Promise<MessageRow[]> {
  return ledger.page({
    kind: 'message',
    where: [
      ['conversation_sid', '=', conversation_sid],
      ...(from === undefined ? [] : [['index', '>=', from] as const]),
      ...(before === undefined ? [] : [['index', '<', before] as const])
    ],
    order: ['index'],
    descending: true,
    limit
  })
}

/** Who is in the conversation, by the names of their users. */
async function participantsOf(
  ledger: Ledger,
  { sid, chat_service_sid, state: status }: ConversationRow
): Promise<object[]> {
  const { state } = ledger
  const rows =
    status === 'closed'
      ? await ledger.find('participant', { conversation_sid: sid })
      : state.tables.participant.list('conversation_sid', sid)
  return Promise.all(
    rows.map(async (row) => {
      const { identity } = row
      if (identity === null) return shownParticipant(row, null)
      const known = state.tables.user.firstBy('identity', nameKey(chat_service_sid, identity))
      const [user] = known ? [known] : await ledger.find('user', { chat_service_sid, identity })
      return shownParticipant(row, user?.friendly_name ?? null)
    })
  )
}
