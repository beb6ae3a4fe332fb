import { walkList } from '../api/api.ts'
import { afterMessage, type MessageEventType } from './patches.ts'
import { type ShownMessage, shownMessage } from './rows.ts'
import { Store } from './store.ts'

/*
 * What was said in a conversation: the newest hundred at first, and a hundred more each time somebody comes to the
 * beginning of what is there.
 */

const atOnce = 100

/** The pages of a conversation, from the newest on, as far as they were walked. */
const walks = new Map<string, AsyncGenerator<ShownMessage>>()

/** Conversations of which there is nothing before what is shown, and those that are being asked for more. */
export const whole = new Store<ReadonlySet<string>>(new Set())
const asked = new Set<string>()

/** What was heard of a conversation since its newest messages were asked for: the answer may know nothing of it. */
const heard = new Map<string, (readonly [MessageEventType, ShownMessage])[]>()

/** Something of a message was heard: an answer that is on its way comes before it. */
export function heardMessage(conversation_sid: string, type: MessageEventType, message: ShownMessage): void {
  heard.get(conversation_sid)?.push([type, message])
}

/** The newest messages, the oldest first, and what was known before those. */
export async function newestMessages(
  conversation_sid: string,
  known: readonly ShownMessage[] | undefined
): Promise<readonly ShownMessage[]> {
  const walk = walkOf(conversation_sid)
  const since: (readonly [MessageEventType, ShownMessage])[] = []
  heard.set(conversation_sid, since)
  const answered = await taken(walk, conversation_sid)
  if (heard.get(conversation_sid) === since) heard.delete(conversation_sid)
  const newest = since.reduce((now, [type, message]) => afterMessage(now, type, message), answered)
  // Older ones do not change but by events, which are heard.
  const first = newest[0]
  const before = first ? (known ?? []).filter(({ index }) => index < first.index) : []
  if (before.length === 0) walks.set(conversation_sid, walk)
  return [...before, ...newest]
}

/** Forgets what was walked of a conversation whose messages are not held any more: it is walked anew. */
export function forgetWalk(conversation_sid: string): void {
  walks.delete(conversation_sid)
  heard.delete(conversation_sid)
  const sids = new Set(whole.get())
  if (sids.delete(conversation_sid)) whole.set(sids)
}

/** The hundred before; undefined where there are none, or where they are on their way. */
export async function olderMessages(conversation_sid: string): Promise<readonly ShownMessage[] | undefined> {
  const walk = walks.get(conversation_sid)
  if (!walk || asked.has(conversation_sid) || whole.get().has(conversation_sid)) return undefined
  asked.add(conversation_sid)
  try {
    return await taken(walk, conversation_sid)
  } finally {
    asked.delete(conversation_sid)
  }
}

async function* walkOf(conversation_sid: string): AsyncGenerator<ShownMessage> {
  const asking = { path: { conversation_sid }, params: { order: 'desc' } } as const
  for await (const one of walkList('conversations_v1.ListConversationMessage', asking, atOnce))
    yield shownMessage({ ...one })
}

async function taken(walk: AsyncGenerator<ShownMessage>, conversation_sid: string): Promise<readonly ShownMessage[]> {
  const found: ShownMessage[] = []
  let isOver = false
  while (found.length < atOnce && !isOver) {
    const { value, done } = await walk.next()
    if (done) isOver = true
    else found.unshift(value)
  }
  if (found[0]?.index === 0) isOver = true
  const sids = new Set(whole.get())
  if (isOver) sids.add(conversation_sid)
  whole.set(sids)
  return found
}
