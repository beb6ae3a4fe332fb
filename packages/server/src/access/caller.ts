import type { Role } from '@ringdown/contract/permissions'
import type { Policy } from '@ringdown/engine/access/rows'
import type { State } from '@ringdown/engine/center'
import type { Actor } from '@ringdown/engine/core/events'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import type { WebchatLimits } from '@ringdown/engine/webchat/rows'

/** Somebody whose credential has been checked. */
export interface Caller {
  readonly account_sid: string
  /** Who the log says did it; undefined for the account itself. */
  readonly actor: Actor | undefined
  /** What it may do, as of now; undefined once it may not come in any more. Cheap enough to be asked at every turn. */
  standing(): Standing | undefined
}

/**
 * What a caller may do: everything (the account, main keys), all but accounts and keys (standard keys), what a policy says
 * (restricted keys), or what its roles may.
 */
export type Standing =
  | { readonly kind: 'everything' }
  | { readonly kind: 'standard' }
  | { readonly kind: 'policy'; readonly policy: Policy }
  | RoleStanding

export interface HeldRole {
  readonly role: Role
  /** Whether it is of a grant that lets into TaskRouter alone. */
  readonly isTaskRouter: boolean
}

/** Somebody with roles, and what they are of. */
export interface RoleStanding {
  readonly kind: 'roles'
  readonly roles: readonly HeldRole[]
  readonly workspace_sid: string | undefined
  readonly worker_sid: string | undefined
  /** Under which it takes part in conversations. */
  readonly identity: string | undefined
  /** Of a chat grant; undefined for the account's default service. */
  readonly chat_service_sid: string | undefined
  /** Of somebody who has signed in. */
  readonly flex_user_sid?: string | undefined
  /** Of a customer on a page, who is let in to one conversation and nothing else. */
  readonly webchat?: WebchatStanding
}

export interface WebchatStanding {
  readonly session_sid: string
  readonly conversation_sid: string
  /** What its files may be: so long, and of types that begin so. */
  readonly file_bytes: number
  readonly file_types: readonly string[]
  /** What it may say: so long, so much at once, and so much each second. */
  readonly limits: Pick<WebchatLimits, 'message_bytes' | 'message_burst' | 'messages_per_second'>
}

/** Kinds of the rows that standings follow from. */
export const standingKinds = [
  'key',
  'workspace',
  'worker',
  'chat_service',
  'session',
  'flex_user',
  'flex_configuration',
  'webchat_session',
  'webchat_deployment',
  'application'
] as const satisfies readonly Kind[]

type StandingKind = (typeof standingKinds)[number]

/** An account's rows, as far as standings follow from them. */
export interface StandingRows {
  readonly account_sid: string
  find<K extends StandingKind>(kind: K, sid: string | null | undefined): Kinds[K] | undefined
  resident<K extends StandingKind>(kind: K, sid: string | null | undefined): Kinds[K] | undefined
}

/**
 * A standing that is derived again only when one of its rows has changed: they are looked up each time, and a changed row is
 * a new object.
 *
 * @param from - all rows that `make` reads, always in the same order.
 */
export function remembered<const R extends readonly (object | undefined)[]>(
  from: (state: StandingRows) => R,
  make: (rows: R) => RoleStanding | undefined
): (state: StandingRows) => RoleStanding | undefined {
  let last: R | undefined
  let standing: RoleStanding | undefined
  return (state) => {
    const rows = from(state)
    if (last && areSame(last, rows)) return standing
    last = rows
    standing = make(rows)
    return standing
  }
}

function areSame(some: readonly (object | undefined)[], others: readonly (object | undefined)[]): boolean {
  for (let i = 0; i < some.length; i++) if (some[i] !== others[i]) return false
  return true
}

/**
 * A standing that follows from the account's rows of those kinds alone: as long as none of them changes, it is what it was,
 * and most decisions change none. So a change of what somebody may do counts at once, and asking costs next to nothing.
 *
 * @param stateOf - the account's state; another object after each reload, undefined while it is not open here.
 */
export function untilChanged(
  stateOf: () => State | undefined,
  standingIn: (state: StandingRows) => Standing | undefined
): () => Standing | undefined {
  let known: State | undefined
  let changes: Changes | undefined
  let count = -1
  let standing: Standing | undefined
  return () => {
    const state = stateOf()
    if (!state) return undefined
    if (known !== state || !changes) {
      changes = changesIn(state)
      known = state
      count = -1
    }
    if (count !== changes.count) {
      standing = standingIn(state)
      count = changes.count
    }
    return standing
  }
}

/** How often rows of those kinds have changed in a state. */
interface Changes {
  count: number
}

const watched = new WeakMap<State, Changes>()

function changesIn(state: State): Changes {
  const known = watched.get(state)
  if (known) return known
  const changes: Changes = { count: 0 }
  for (const kind of standingKinds)
    state.tables[kind].observe(() => {
      changes.count++
    })
  watched.set(state, changes)
  return changes
}

export const everything: Standing = { kind: 'everything' }

/** The account itself, by its auth token. */
export function accountCaller(account_sid: string): Caller {
  return { account_sid, actor: undefined, standing: () => everything }
}

/**
 * Whether a policy allows a right. `read` of something is `list`, too; `*` stands for any text. To change who may come in
 * (`ofAccess`), its product must be named: whoever may make a key may make one that may do everything.
 */
export function allowsRight(policy: Policy, right: string, ofAccess: boolean): boolean {
  const known = decided.get(policy) ?? new Map<string, boolean>()
  decided.set(policy, known)
  let answer = known.get(right)
  if (answer === undefined) {
    const isNamed = (pattern: string) => isRight(pattern, right) || isRight(pattern, right.replace(/\/list$/, '/read'))
    const isClose = ofAccess && !/\/(?:read|list)$/.test(right)
    const allow = isClose ? policy.allow.filter((pattern) => /^\/[^/*]+\/[^*]+$/.test(pattern)) : policy.allow
    answer = allow.some(isNamed) && !(policy.deny ?? []).some(isNamed)
    known.set(right, answer)
  }
  return answer
}

const decided = new WeakMap<Policy, Map<string, boolean>>()

/** Whether a pattern of a policy names a right. A place without a verb names all that is done there and below. */
export function isRight(pattern: string, right: string): boolean {
  if (pattern === right) return true
  if (!pattern.includes('*')) return right.startsWith(`${pattern}/`)
  // Each part where it is found first. (An expression of many stars would be tried in more ways than anybody can wait for.)
  const [start = '', ...parts] = pattern.split('*')
  const end = parts.pop() ?? ''
  if (!right.startsWith(start) || !right.endsWith(end)) return false
  let at = start.length
  for (const part of parts) {
    const found = right.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return right.length - end.length >= at
}

/** Whether a standing changes nothing: who has it sees the tools that read, and no others. */
export function isReadOnly(standing: Standing | undefined): boolean {
  if (standing?.kind !== 'policy') return false
  return standing.policy.allow.every((right) => /\/(?:read|list)$/.test(right))
}
