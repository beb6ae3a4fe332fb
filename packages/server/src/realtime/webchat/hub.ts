import type { State } from '@ringdown/engine/center'
import type { ParticipantRow } from '@ringdown/engine/conversations/rows'
import { nameKey } from '@ringdown/engine/core/names'
import type { EngineEvent, EventType } from '@ringdown/engine/events'
import type { Account } from '../../commit/account.ts'
import type { Feed } from '../feed/feed.ts'
import type { SignKind } from '../feed/presence.ts'
import { cursorText, type Place, placeNow, shownMessage, shownParticipant } from './frames.ts'

/** What the hub needs of the account whose conversations it hands on. */
export type HubAccount = Pick<Account, 'account_sid' | 'state' | 'isReadable' | 'subscribe' | 'find'>

/** A page that follows one conversation. */
export interface PageFollower {
  readonly session_sid: string
  readonly conversation_sid: string
  readonly identity: string
  /** Takes a frame's text, and where the page is when it has it. */
  hear(text: string, place?: Place): void
  /** Nobody comes in by its session any more. */
  end(reason: string): void
  /** What is decided from now on may have been missed: the page comes again with its cursor. */
  lose(): void
}

/** Between two looks at whether the account was loaded again. */
const look_ms = 2_000

/**
 * Hands on what happens in conversations to the pages that follow them: each event is looked at once, and written once for
 * all who hear it. Whoever follows costs nothing while nothing happens in its own conversation.
 */
export class WebchatHub {
  readonly #account: HubAccount
  readonly #feed: Feed
  readonly #followers = new Map<string, Set<PageFollower>>()
  #state: State
  #unsubscribe: (() => void) | undefined
  #looking: NodeJS.Timeout | undefined
  readonly #heard = (
    kind: SignKind,
    sign: { readonly conversation_sid: string; readonly identity: string },
    active: boolean
  ) => {
    if (kind !== 'typing') return
    const { conversation_sid, identity } = sign
    const text = JSON.stringify({ type: 'typing', identity, active })
    for (const follower of this.#followers.get(conversation_sid) ?? nobody)
      if (follower.identity !== identity && this.#seesUntil(follower) === null) follower.hear(text)
  }

  constructor(account: HubAccount, feed: Feed) {
    this.#account = account
    this.#feed = feed
    this.#state = account.state
  }

  join(follower: PageFollower): void {
    const known = this.#followers.get(follower.conversation_sid)
    if (known) known.add(follower)
    else this.#followers.set(follower.conversation_sid, new Set([follower]))
    if (this.#unsubscribe) return
    this.#state = this.#account.state
    this.#unsubscribe = this.#account.subscribe((events) => this.#tell(events))
    this.#feed.onSign.add(this.#heard)
    this.#looking = setInterval(() => this.#look(), look_ms).unref()
  }

  leave(follower: PageFollower): void {
    const known = this.#followers.get(follower.conversation_sid)
    known?.delete(follower)
    if (known?.size === 0) this.#followers.delete(follower.conversation_sid)
    if (this.#followers.size > 0) return
    this.#unsubscribe?.()
    this.#unsubscribe = undefined
    this.#feed.onSign.delete(this.#heard)
    clearInterval(this.#looking)
  }

  /** Sockets of one session, the eldest first. */
  ofSession(session_sid: string, conversation_sid: string): PageFollower[] {
    return [...(this.#followers.get(conversation_sid) ?? nobody)].filter((one) => one.session_sid === session_sid)
  }

  #tell(events: readonly EngineEvent[]): void {
    for (const event of events) {
      const makeNews = newsOf[event.type]
      if (!makeNews) continue
      const { refs } = event
      const sid = (refs.message ?? refs.participant ?? refs.webchat_session)?.conversation_sid ?? refs.conversation?.sid
      const followers = sid === undefined ? undefined : this.#followers.get(sid)
      if (!followers) continue
      for (const news of makeNews(event, this.#account.state)) {
        const text = JSON.stringify(news.frame)
        for (const follower of [...followers]) {
          if (news.session_sid !== undefined && news.session_sid !== follower.session_sid) continue
          if (!this.#isFor(follower, news)) continue
          follower.hear(text, news.place)
          if (news.ends !== undefined) follower.end(news.ends)
        }
      }
      if (event.type === 'participant.added' && refs.participant) void this.#name(refs.participant)
    }
  }

  /** Whoever has come may be known by a name that is not in memory: it is told as soon as it is read. */
  async #name(participant: ParticipantRow): Promise<void> {
    const { chat_service_sid, conversation_sid, identity } = participant
    if (identity === null || nameIn(this.#account.state, participant) !== null) return
    const [user] = await this.#account.find('user', { chat_service_sid, identity }).catch(() => []) // it is told by its identity
    if (!user?.friendly_name) return
    const now = this.#account.state.resident('participant', participant.sid)
    if (!now) return
    const frame = { type: 'participant', did: 'updated', participant: shownParticipant(now, user.friendly_name) }
    for (const follower of this.#followers.get(conversation_sid) ?? nobody)
      if (this.#isFor(follower, { frame, identity })) follower.hear(JSON.stringify(frame))
  }

  /** Whoever was taken out of a conversation hears of itself, and of no more than had been said until then. */
  #isFor(follower: PageFollower, { session_sid, identity, added, ends }: PageNews): boolean {
    const until = this.#seesUntil(follower)
    if (until === null || session_sid !== undefined || ends !== undefined || identity === follower.identity) return true
    return added !== undefined && added < until
  }

  #seesUntil({ session_sid }: PageFollower): number | null {
    return this.#account.state.resident('webchat_session', session_sid)?.sees_until ?? null
  }

  /** What was decided again after the store had failed is told to nobody: who comes again sees how it is. */
  #look(): void {
    if (this.#account.state === this.#state && this.#account.isReadable) return
    this.#state = this.#account.state
    for (const followers of [...this.#followers.values()]) for (const one of [...followers]) one.lose()
  }
}

const nobody: ReadonlySet<PageFollower> = new Set()

interface PageNews {
  readonly frame: object
  readonly place?: Place
  /** Whom it is for; everybody without it. */
  readonly session_sid?: string
  /** Of whom it tells. */
  readonly identity?: string
  /** Index of the message that was added. */
  readonly added?: number
  /** Why those who hear it hear nothing more. */
  readonly ends?: string
}

/** What pages are told of an event. */
const newsOf: { readonly [T in EventType]?: (event: EngineEvent, state: State) => readonly PageNews[] } = {
  'message.added': (event) => ofMessage('message', event),
  'message.updated': (event) => ofMessage('message_updated', event),
  'message.removed': ({ refs: { message, conversation }, at }) => {
    if (!message || !conversation) return []
    const before = placeNow(conversation, at)
    const place = { ...before, removed: before.removed + 1 }
    const { sid, index } = message
    return [{ frame: { type: 'message_removed', sid, index, cursor: cursorText(place) }, place }]
  },
  'participant.added': (event, state) => ofParticipant('joined', event, state),
  'participant.updated': (event, state) => ofParticipant('updated', event, state),
  'participant.removed': (event, state) => ofParticipant('left', event, state),
  'conversation.state.updated': ({ refs: { conversation } }) =>
    conversation ? [{ frame: { type: 'state', state: conversation.state } }] : [],
  'conversation.removed': () => [{ frame: { type: 'state', state: 'removed' }, ends: 'removed' }],
  'webchat-session.over': ofSession,
  'webchat-session.rated': ofSession,
  'webchat-session.ended': ofSession
}

function ofMessage(type: string, { refs: { message, conversation }, at }: EngineEvent): readonly PageNews[] {
  if (!message || !conversation) return []
  const before = placeNow(conversation, at)
  const place = { ...before, next_index: Math.max(before.next_index, message.index + 1) }
  const frame = { type, message: shownMessage(message), cursor: cursorText(place) }
  return [{ frame, place, ...(type === 'message' && { added: message.index }) }]
}

function ofParticipant(did: string, { refs: { participant } }: EngineEvent, state: State): readonly PageNews[] {
  if (!participant) return []
  const frame = { type: 'participant', did, participant: shownParticipant(participant, nameIn(state, participant)) }
  const { identity } = participant
  return [{ frame, ...(identity !== null && { identity }) }]
}

function nameIn(state: State, { chat_service_sid, identity }: ParticipantRow): string | null {
  if (identity === null) return null
  return state.tables.user.firstBy('identity', nameKey(chat_service_sid, identity))?.friendly_name ?? null
}

function ofSession({ type, refs: { webchat_session, extra } }: EngineEvent): readonly PageNews[] {
  if (!webchat_session) return []
  const { sid, status, rating } = webchat_session
  const reason = typeof extra?.reason === 'string' ? extra.reason : webchat_session.reason
  const frame = { type: 'session', status, reason, rating }
  return [{ frame, session_sid: sid, ...(type === 'webchat-session.ended' && { ends: reason ?? 'ended' }) }]
}
