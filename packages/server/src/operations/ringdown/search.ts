import type { State } from '@ringdown/engine/center'
import { normalized, typeOf } from '@ringdown/engine/conversations/address'
import type { ConversationRow } from '@ringdown/engine/conversations/rows'
import { isKeyOf } from '@ringdown/engine/core/keys'
import { foldedName } from '@ringdown/engine/core/names'
import { refuse } from '@ringdown/engine/core/refusals'
import { fieldOf } from '@ringdown/engine/core/row'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import { workspaceOf } from '@ringdown/engine/routing/lookup'
import { seesConversation } from '../../access/sight.ts'
import type { Context, Handlers } from '../handler.ts'

/*
 * What a command bar finds: what has this SID, this unique name, address or identity, and what on the floor is called so.
 * Whoever asks finds what their role may see; of workers, queues and workflows everybody sees the names.
 */

type Matched = 'sid' | 'unique_name' | 'address' | 'identity' | 'friendly_name'

export interface SearchResult {
  readonly type: string
  readonly sid: string
  readonly name: string | null
  readonly matched: Matched
  /** The conversation to open for it, where it is one or is in one. */
  readonly conversation_sid: string | null
}

const maxQuery = 256
/** Shorter ones are part of too many names. */
const minPart = 2
const usualLimit = 20
/** Conversations that an address or an identity is looked up in, and open ones whose names are compared: the newest. */
const maxParticipants = 100
const maxNames = 10_000
const maxServices = 100

export const searchHandlers = {
  async 'ringdown_v1.FetchSearch'({ path: { workspace_sid }, params }, context) {
    const { sid: workspace } = workspaceOf(context.state, workspace_sid)
    const query = params.query.trim()
    if (query === '' || query.length > maxQuery) refuse('invalid', `Query must have 1 to ${maxQuery} characters`)
    const limit = params.limit ?? usualLimit
    await context.ledger.settled()
    const results = new Map<string, SearchResult>()
    for await (const result of found(context, workspace, query)) {
      if (!results.has(result.sid)) results.set(result.sid, result)
      if (results.size > limit) break
    }
    return { query, results: [...results.values()].slice(0, limit), is_complete: results.size <= limit }
  }
} satisfies Handlers

/** The surest first. */
async function* found(context: Context, workspace_sid: string, query: string): AsyncGenerator<SearchResult> {
  if (/^[A-Z]{2}[0-9a-f]{32}$/.test(query)) yield* bySid(context, workspace_sid, query)
  yield* byUniqueName(context, query)
  for (const address of addressesIn(query)) yield* byParticipant(context, 'address', address)
  yield* byParticipant(context, 'identity', query)
  yield* byName(context, workspace_sid, query)
}

// By SID

/** Kinds whose SID is all that names a row, by its prefix. */
const kindsBySid = {
  WT: 'task',
  WR: 'reservation',
  WK: 'worker',
  WQ: 'task_queue',
  WW: 'workflow',
  WA: 'activity',
  TC: 'task_channel',
  CH: 'conversation',
  MB: 'participant',
  IM: 'message',
  KQ: 'note',
  US: 'user',
  KD: 'interaction'
} as const satisfies Readonly<Record<string, Kind>>

type FoundKind = (typeof kindsBySid)[keyof typeof kindsBySid]
type Found = { [P in FoundKind]: { readonly kind: P; readonly row: Kinds[P] } }[FoundKind]

async function* bySid(context: Context, workspace_sid: string, sid: string): AsyncGenerator<SearchResult> {
  const prefix = sid.slice(0, 2)
  if (!isKeyOf(kindsBySid, prefix)) return
  const kind = kindsBySid[prefix]
  const row = await rowOf(context, kind, sid)
  if (!row || ('workspace_sid' in row && row.workspace_sid !== workspace_sid)) return
  const one = { kind, row } as Found // a row of that kind
  const conversation = await conversationOfRow(context, one)
  if (await isSeen(context, one, conversation))
    yield { type: kind, sid, name: nameIn(row), matched: 'sid', conversation_sid: conversation?.sid ?? null }
}

/** The row in memory is the newer one. */
async function rowOf<K extends FoundKind>(
  { state, ledger }: Context,
  kind: K,
  sid: string
): Promise<Kinds[K] | undefined> {
  const resident = state.resident(kind, sid)
  if (resident) return resident
  const isCold = state.table(kind).definition.cold !== undefined
  return isCold ? (await ledger.find(kind, { sid }))[0] : undefined
}

async function conversationOfRow(context: Context, { kind, row }: Found): Promise<ConversationRow | undefined> {
  if (kind === 'conversation') return row
  const isIn = 'conversation_sid' in row && row.conversation_sid
  return isIn ? rowOf(context, 'conversation', isIn) : undefined
}

async function isSeen(
  context: Context,
  { kind, row }: Found,
  conversation: ConversationRow | undefined
): Promise<boolean> {
  const { sight } = context
  if (!sight) return true
  if (conversation) return sees(context, conversation)
  if (kind === 'task') return sight.task(row.sid)
  if (kind === 'reservation') return sight.reservation(row)
  if (kind === 'interaction') return sight.interaction(row.sid)
  if (kind === 'user') return sight.member(row.identity)
  // What everybody's screen is made of.
  return true
}

async function sees({ sight, ledger }: Context, { sid }: ConversationRow): Promise<boolean> {
  return !sight || seesConversation(sight, ledger, sid)
}

// By what is unique, or nearly so

async function* byUniqueName(context: Context, unique_name: string): AsyncGenerator<SearchResult> {
  for (const chat_service_sid of servicesOf(context.state)) {
    const [conversation] = await context.ledger.find('conversation', { chat_service_sid, unique_name })
    if (conversation && (await sees(context, conversation))) yield conversationResult(conversation, 'unique_name')
  }
}

/** As it was written, as addresses are kept, and a number on each channel that has numbers. */
function addressesIn(query: string): ReadonlySet<string> {
  const address = normalized(query)
  const isNumber = address !== null && typeOf(address) === 'sms'
  return new Set([query, ...(address === null ? [] : [address]), ...(isNumber ? [`whatsapp:${address}`] : [])])
}

/** Conversations that somebody is, or was, in: the newest first. */
async function* byParticipant(
  context: Context,
  column: 'address' | 'identity',
  query: string
): AsyncGenerator<SearchResult> {
  const participants = await context.ledger.page({
    kind: 'participant',
    where: [[column, '=', query]],
    order: ['seq'],
    descending: true,
    limit: maxParticipants
  })
  for (const { conversation_sid } of participants) {
    const conversation = await rowOf(context, 'conversation', conversation_sid)
    if (conversation && (await sees(context, conversation))) yield conversationResult(conversation, column)
  }
  if (column === 'address') return
  for (const chat_service_sid of servicesOf(context.state)) {
    const [user] = await context.ledger.find('user', { chat_service_sid, identity: query })
    if (user && (context.sight?.member(user.identity) ?? true))
      yield { type: 'user', sid: user.sid, name: nameIn(user), matched: 'identity', conversation_sid: null }
  }
}

function servicesOf(state: State): string[] {
  return state.tables.chat_service
    .list('account_sid', state.account_sid)
    .slice(0, maxServices)
    .map(({ sid }) => sid)
}

// By name

/** Whole names first, then beginnings, then parts; among equals in order of creation. */
async function* byName(context: Context, workspace_sid: string, query: string): AsyncGenerator<SearchResult> {
  const wanted = foldedName(query)
  const ranked: { readonly rank: number; readonly result: SearchResult }[] = []
  const consider = (name: string | null, result: () => SearchResult) => {
    const rank = rankOf(name, wanted)
    if (rank !== undefined) ranked.push({ rank, result: result() })
  }
  for (const kind of ['worker', 'task_queue', 'workflow', 'activity', 'task_channel'] as const)
    for (const { sid, friendly_name } of context.state.table(kind).by('workspace_sid', workspace_sid))
      consider(friendly_name, () => named(kind, sid, friendly_name))
  for (const conversation of openConversations(context.state))
    if (context.sight === undefined || context.sight.conversation(conversation.sid) === true)
      consider(conversation.friendly_name, () => conversationResult(conversation, 'friendly_name'))
  ranked.sort((a, b) => a.rank - b.rank)
  for (const { result } of ranked) yield result
}

function rankOf(name: string | null, wanted: string): number | undefined {
  if (name === null) return undefined
  const folded = foldedName(name)
  if (folded === wanted) return 0
  if (wanted.length < minPart) return undefined
  if (folded.startsWith(wanted)) return 1
  return folded.includes(wanted) ? 2 : undefined
}

/** The newest of each service, a bounded number of them. */
function* openConversations(state: State): Generator<ConversationRow> {
  let left = maxNames
  for (const service of servicesOf(state))
    for (const conversation of state.tables.conversation.pageBy('chat_service_sid', service, undefined, true)) {
      if (left-- <= 0) return
      yield conversation
    }
}

function named(type: string, sid: string, name: string): SearchResult {
  return { type, sid, name, matched: 'friendly_name', conversation_sid: null }
}

function conversationResult(conversation: ConversationRow, matched: Matched): SearchResult {
  const { sid } = conversation
  return { type: 'conversation', sid, name: nameIn(conversation), matched, conversation_sid: sid }
}

function nameIn(row: object): string | null {
  const name = fieldOf(row, 'friendly_name') || fieldOf(row, 'unique_name') || fieldOf(row, 'identity')
  return typeof name === 'string' ? name : null
}
