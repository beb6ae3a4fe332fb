import type { State } from '../center.ts'
import { notFound } from '../core/parameters.ts'
import type { FlexUserRow, SessionRow } from './rows.ts'

/** Why a session has ended. */
export type SessionEnd = 'signed-out' | 'replaced' | 'password' | 'deleted' | 'expired' | 'ended'

/** Signs somebody in. Whoever signs in at a second place is signed out at the first. */
export function startSession(
  state: State,
  params: {
    readonly flex_user_sid: string
    readonly cookie_hash: string
    /** Milliseconds. */
    readonly idle_ms: number
    readonly longest_ms: number
  }
): { session: SessionRow; flex_user: FlexUserRow } {
  const { flex_user_sid, cookie_hash, idle_ms, longest_ms } = params
  // Who is taken out while somebody looks at its password is not there any more.
  const flex_user = state.tables.flex_user.find(flex_user_sid) ?? notFound(`/Users/${flex_user_sid}`)
  endSessions(state, flex_user_sid, 'replaced')
  const session = state.insert('session', {
    account_sid: state.account_sid,
    flex_user_sid,
    cookie_hash,
    idle_at: state.at + Math.min(idle_ms, longest_ms),
    ends_at: state.at + longest_ms
  })
  state.emit('ringdown.session.started', { session, flex_user })
  return { session, flex_user }
}

/** Keeps that a session is used. One that has ended meanwhile stays so. */
export function touchSession(
  state: State,
  { sid, idle_ms }: { readonly sid: string; readonly idle_ms: number }
): Record<string, never> {
  const session = state.tables.session.find(sid)
  if (session) state.change('session', sid, { idle_at: Math.min(state.at + idle_ms, session.ends_at) })
  return {}
}

/** Signs somebody out; `signed-out` by itself, `ended` by somebody else. */
export function endSession(
  state: State,
  { sid, reason }: { readonly sid: string; readonly reason: 'signed-out' | 'ended' }
): Record<string, never> {
  end(state, state.tables.session.find(sid), reason)
  return {}
}

export function expireSession(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  end(state, state.tables.session.find(sid), 'expired')
  return {}
}

export function endSessions(state: State, flex_user_sid: string, reason: SessionEnd): void {
  for (const session of [...state.tables.session.by('flex_user_sid', flex_user_sid)]) end(state, session, reason)
}

function end(state: State, session: SessionRow | undefined, reason: SessionEnd): void {
  if (!session) return
  const flex_user = state.tables.flex_user.need(session.flex_user_sid)
  state.remove('session', session.sid)
  state.emit('ringdown.session.ended', { session, flex_user, extra: { reason } })
}
