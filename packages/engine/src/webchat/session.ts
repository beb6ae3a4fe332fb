import type { State } from '../center.ts'
import { moveConversation } from '../conversations/conversation.ts'
import { consequence } from '../conversations/origin.ts'
import type { ConversationRow } from '../conversations/rows.ts'
import type { Read } from '../core/command.ts'
import { isSameName } from '../core/names.ts'
import { checkLength, checkRange, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { EventRefs } from '../events.ts'
import { endChannel } from '../flex/channel.ts'
import { activeChannelOf } from '../flex/interaction.ts'
import { createWebChat, createWebChatReads } from '../flex/web-chat.ts'
import { deploymentOf } from './deployment.ts'
import { filledForm } from './form.ts'
import type { WebchatSessionEnd, WebchatSessionRow } from './rows.ts'

/** Milliseconds after which a customer who does not come back is one that is gone. */
const away_ms = 7 * 86_400_000
/** Milliseconds for which a conversation that is over may be read and rated. */
const over_ms = 86_400_000
/** Milliseconds in which the last handle but one is still answered: an answer gets lost, a second tab opens with the same. */
const handleGrace_ms = 60_000

export interface OpenWebchatSession {
  readonly deployment_sid: string
  /** Of the guest: nobody else's. */
  readonly identity: string
  /** What was written in the form before the chat. */
  readonly form?: unknown
  /** What the customer's own server says of who it is. */
  readonly verified?: { readonly name?: string; readonly email?: string }
  /** Whether nobody is there at this hour. */
  readonly outside_hours?: boolean
}

/** Begins a chat of a customer on a page, as `/v2/WebChats` does (reference flex 15.1). */
export function openWebchatSession(
  state: State,
  params: OpenWebchatSession
): { webchat_session: WebchatSessionRow; conversation: ConversationRow } {
  const { identity, verified, outside_hours = false } = params
  const deployment = deploymentOf(state, params.deployment_sid)
  if (!deployment.enabled) refuse('not_possible', `Deployment ${deployment.sid} is not enabled`)
  const pre_engagement_data = filledForm(deployment.form, params.form)
  const name = verified?.name || nameIn(pre_engagement_data)
  checkLength(name, 'Name', 256)
  checkLength(verified?.email, 'Email', 256)
  const webchat = {
    deployment_sid: deployment.sid,
    verified: verified !== undefined,
    ...(verified?.email && { email: verified.email }),
    ...(outside_hours && { outside_hours })
  }
  const { conversation } = createWebChat(state, {
    address_sid: deployment.address_sid,
    identity,
    pre_engagement_data,
    ...(name && { customer_friendly_name: name, chat_friendly_name: name }),
    members: { webchat: JSON.stringify(webchat) }
  })
  const webchat_session = state.insert('webchat_session', {
    account_sid: state.account_sid,
    deployment_sid: deployment.sid,
    chat_service_sid: conversation.chat_service_sid,
    conversation_sid: conversation.sid,
    identity,
    verified: verified !== undefined,
    status: 'open',
    reason: null,
    generation: 1,
    date_resumed: state.at,
    ends_at: state.at + away_ms,
    rating: null,
    rating_comment: null,
    sees_until: null,
    changed_since: null
  })
  state.emit('webchat-session.opened', { webchat_session })
  return { webchat_session, conversation }
}

export function openWebchatSessionReads(
  { deployment_sid, identity }: OpenWebchatSession,
  state: State
): readonly Read[] {
  const address_sid = state.tables.webchat_deployment.find(deployment_sid)?.address_sid
  return address_sid === undefined ? [] : createWebChatReads({ address_sid, identity }, state)
}

interface OfSession {
  readonly sid: string
}

/** What became of who came with a handle. */
export interface Resumed {
  readonly webchat_session: WebchatSessionRow
  /** Whether the handle had been used before: there are two who have it, and neither comes in any more. */
  readonly isStolen: boolean
}

/**
 * Lets a customer come back by a handle, whose generation is given: it is good once, and the next one is the session's from
 * now on. A handle of before the last shows that two have it, and nobody can say which of them is the customer: the session
 * ends for both.
 */
export function resumeWebchatSession(
  state: State,
  { sid, generation }: OfSession & { readonly generation: number }
): Resumed {
  const session = liveSession(state, sid)
  const isAgain = generation === session.generation - 1 && state.at - session.date_resumed < handleGrace_ms
  if (isAgain) return { webchat_session: session, isStolen: false }
  // No handle of later was ever given.
  if (generation > session.generation) return notFound(`/Webchat/Sessions/${sid}`)
  if (generation < session.generation) return { webchat_session: endSession(state, session, 'stolen'), isStolen: true }
  const webchat_session = state.change('webchat_session', sid, {
    generation: generation + 1,
    date_resumed: state.at,
    ...endOf(state, session)
  })
  return { webchat_session, isStolen: false }
}

/** Keeps that the customer is still there. */
export function touchWebchatSession(state: State, { sid }: OfSession): { webchat_session: WebchatSessionRow } {
  const session = liveSession(state, sid)
  const changes = endOf(state, session)
  // An hour more or less changes nothing but a row.
  const isNews = (changes.ends_at ?? 0) - (session.ends_at ?? 0) > 3_600_000
  return { webchat_session: isNews ? state.change('webchat_session', sid, changes) : session }
}

/** How it was, from 1 to 5: as long as the session lives, and the last word counts. */
export function rateWebchatSession(
  state: State,
  { sid, rating, comment }: OfSession & { readonly rating: number; readonly comment?: string }
): { webchat_session: WebchatSessionRow } {
  const session = liveSession(state, sid)
  if (!state.tables.webchat_deployment.find(session.deployment_sid)?.rating)
    refuse('not_possible', 'This deployment asks nobody how it was')
  checkRange(rating, 'Rating', 1, 5)
  checkLength(comment, 'Comment', 4096)
  const webchat_session = state.change('webchat_session', sid, { rating, rating_comment: comment || null })
  state.emit('webchat-session.rated', { webchat_session })
  return { webchat_session }
}

/** The customer has nothing more to say: its contact ends as if the agent had ended it, and can still be rated. */
export function leaveWebchat(state: State, { sid }: OfSession): { webchat_session: WebchatSessionRow } {
  const session = liveSession(state, sid)
  if (session.status === 'open') {
    const webchat_session = closeSession(state, session, 'customer')
    endContactOf(state, webchat_session)
  }
  return { webchat_session: state.tables.webchat_session.need(sid) }
}

/** Nobody comes in by the session any more; what is said in the conversation stays, and who is in it. */
export function endWebchatSession(state: State, { sid }: OfSession): Record<string, never> {
  const session = state.tables.webchat_session.find(sid) ?? notFound(`/Webchat/Sessions/${sid}`)
  if (session.status !== 'ended') endSession(state, session, 'ended')
  return {}
}

export function webchatSessionReads({ sid }: OfSession, state: State): readonly Read[] {
  return state.resident('webchat_session', sid) ? [] : [{ kind: 'webchat_session', where: { sid } }]
}

export function webchatSessionDue(state: State, { sid }: OfSession): Record<string, never> {
  endSession(state, state.tables.webchat_session.need(sid), 'expired')
  return {}
}

/** A conversation is closed: the customer sees that it is over. One that went on again has lost its customer's session. */
export function conversationCloses(state: State, { conversation }: EventRefs): void {
  if (conversation?.state !== 'closed') return
  for (const session of openIn(state, conversation.sid)) closeSession(state, session, 'closed')
}

/** Somebody has taken the customer out of its conversation: what is said there from now on is not for it. */
export function participantLeaves(state: State, { participant, conversation }: EventRefs): void {
  const { conversation_sid, identity } = participant ?? {}
  if (conversation_sid === undefined || !identity) return
  const sees_until = (state.resident('conversation', conversation_sid) ?? conversation)?.next_index ?? 0
  for (const session of sessionsIn(state, conversation_sid)) {
    if (session.status === 'ended' || !isSameName(session.identity, identity)) continue
    state.change('webchat_session', session.sid, { sees_until })
    if (session.status === 'open') closeSession(state, session, 'removed')
  }
}

/** Messages of a session that are left out one by one: beyond, it sees none from the first of them on. */
const maxChanged = 100

/** What a message says now was not said to a customer who had been taken out by then: it sees the message no more. */
export function messageChanges(state: State, { message }: EventRefs): void {
  if (!message) return
  for (const session of sessionsIn(state, message.conversation_sid)) {
    const until = session.sees_until ?? null
    const changed = session.changed_since ?? []
    if (session.status === 'ended' || until === null || message.index >= until || changed.includes(message.sid))
      continue
    state.change(
      'webchat_session',
      session.sid,
      changed.length < maxChanged ? { changed_since: [...changed, message.sid] } : { sees_until: message.index }
    )
  }
}

function openIn(state: State, conversation_sid: string): WebchatSessionRow[] {
  return sessionsIn(state, conversation_sid).filter(({ status }) => status === 'open')
}

function sessionsIn(state: State, conversation_sid: string): WebchatSessionRow[] {
  return [...state.tables.webchat_session.by('conversation_sid', conversation_sid)]
}

/** A session by which somebody may still come in. */
function liveSession(state: State, sid: string): WebchatSessionRow {
  const session = state.tables.webchat_session.find(sid)
  return session && session.status !== 'ended' ? session : notFound(`/Webchat/Sessions/${sid}`)
}

function endOf(state: State, { status, ends_at }: WebchatSessionRow): { readonly ends_at: number | null } {
  return { ends_at: status === 'open' ? state.at + away_ms : ends_at }
}

function closeSession(state: State, { sid }: WebchatSessionRow, reason: WebchatSessionEnd): WebchatSessionRow {
  const webchat_session = state.change('webchat_session', sid, { status: 'over', reason, ends_at: state.at + over_ms })
  state.emit('webchat-session.over', { webchat_session })
  return webchat_session
}

function endSession(state: State, before: WebchatSessionRow, reason: WebchatSessionEnd): WebchatSessionRow {
  const webchat_session = state.change('webchat_session', before.sid, {
    status: 'ended',
    reason: before.reason ?? reason,
    ends_at: null
  })
  state.emit('webchat-session.ended', { webchat_session, extra: { reason } })
  return webchat_session
}

function endContactOf(state: State, { conversation_sid }: WebchatSessionRow): void {
  const conversation = state.resident('conversation', conversation_sid)
  if (!conversation || conversation.state === 'closed') return
  const channel = activeChannelOf(state, conversation_sid)
  if (channel) endChannel(state, channel.sid, 'closed', 'wrapping')
  else moveConversation(state, conversation_sid, 'closed', { reason: 'API', origin: consequence })
}

function nameIn(form: string): string | undefined {
  const { friendlyName, name }: { readonly friendlyName?: string; readonly name?: string } = JSON.parse(form) // of texts, as was checked
  return (friendlyName || name)?.trim().slice(0, 256) || undefined
}
