import { QueryClient, skipToken, useQuery } from '@tanstack/react-query'
import { ask } from '../api/api.ts'
import { type SignedInUser, session } from '../app/session.ts'
import { measuredTime, serverNow } from './clock.ts'
import { type Connection, LiveFeed, type PresenceSign } from './feed.ts'
import { forgetWalk, heardMessage, newestMessages, olderMessages } from './messages.ts'
import { afterAll, afterMessage, isOfMessage, patched } from './patches.ts'
import { type FeedEvent, type Note, type ShownMessage, shownMessage, type WorkerDesk } from './rows.ts'
import { Store } from './store.ts'

/** What the server has, as far as it was asked for; the feed keeps it as it is. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: { staleTime: Number.POSITIVE_INFINITY, gcTime: 3_600_000, retry: 2, refetchOnWindowFocus: false }
  }
})

queries.getQueryCache().subscribe(({ type, query: { queryKey } }) => {
  const [noun, sid] = queryKey
  if (type === 'removed' && noun === 'messages') forgetWalk(String(sid))
})

export const connection = new Store<Connection>({ is: 'live' })
/** Who is typing, by conversation. */
export const typing = new Store<ReadonlyMap<string, readonly { readonly identity: string; readonly until: number }[]>>(
  new Map()
)

type Listener = (event: FeedEvent) => void
const listeners = new Set<Listener>()

/** Calls a listener with every event, once what is shown has followed it; answers how to stop. */
export function onEvent(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const deskKey = ['desk'] as const

let feed: LiveFeed | undefined
/** Counts up each time that live data begins or ends. */
let beginning = 0
let waiting: FeedEvent[] = []
let isFramed = false
let asking: Promise<WorkerDesk> | undefined
let isAskedAgain = false
/** What was heard since the desk was asked for. */
let meanwhile: FeedEvent[] = []

/** Asks for what is on the desk, and follows the log from there. Without a worker there is no desk, and the log is followed from now. */
export async function beginLive(user: SignedInUser): Promise<void> {
  feed?.close()
  const own = ++beginning
  await measureClock()
  const cursor = user.worker_sid ? (await freshDesk(user)).cursor : undefined
  // Meanwhile somebody has signed out, or it was begun once more.
  if (own !== beginning) return
  feed = new LiveFeed(cursor ?? '', {
    now: serverNow,
    onTyping: heardTyping,
    async onLost() {
      await queries.invalidateQueries()
      return user.worker_sid ? (await freshDesk(user)).cursor : ''
    },
    onEvents(events) {
      waiting.push(...events)
      if (isFramed) return
      isFramed = true
      // Once a frame; a page that nobody sees has none.
      const go = () => {
        isFramed = false
        const all = waiting
        waiting = []
        applied(all, user)
      }
      if (document.hidden) setTimeout(go, 50)
      else requestAnimationFrame(go)
    }
  })
  const { connection: its } = feed
  connection.set(its.get())
  its.follow(() => connection.set(its.get()))
}

export function endLive(): void {
  beginning++
  feed?.close()
  feed = undefined
  queries.clear()
}

/** Measured once a minute; each event tells as well. */
setInterval(() => {
  if (session.state.get().is === 'in' && !document.hidden) void measureClock().catch(() => {})
}, 60_000)

/** Asks what time it is at the server. */
export async function measureClock(): Promise<void> {
  measuredTime(await ask('ringdown_v1.FetchClock', {}))
}

/** The desk as it is now, one request at a time: what is wanted meanwhile is asked for once more afterwards. */
function freshDesk(user: SignedInUser): Promise<WorkerDesk> {
  if (asking) isAskedAgain = true
  else asking = askedDesk(user)
  return asking
}

async function askedDesk({ workspace_sid, worker_sid }: SignedInUser): Promise<WorkerDesk> {
  const path = { workspace_sid: String(workspace_sid), worker_sid: String(worker_sid) }
  try {
    for (;;) {
      isAskedAgain = false
      meanwhile = []
      const desk = await ask('ringdown_v1.FetchWorkerDesk', { path })
      queries.setQueryData(deskKey, afterAll(desk, meanwhile))
      if (!isAskedAgain) return desk
    }
  } finally {
    asking = undefined
  }
}

/** Asks for the desk once more, after something that the page has done itself. */
export function refreshDesk(): void {
  const state = session.state.get()
  if (state.is === 'in' && state.user.worker_sid) void freshDesk(state.user).catch(() => {})
}

function applied(events: readonly FeedEvent[], user: SignedInUser): void {
  let desk = queries.getQueryData<WorkerDesk>(deskKey)
  let isToAsk = false
  if (asking) meanwhile.push(...events)
  for (const event of events) {
    if (desk) {
      const next = patched(desk, event)
      if (next === 'ask') isToAsk = true
      else desk = next
    }
    ofConversation(event)
    for (const [prefix, key] of followed)
      if (event.type.startsWith(prefix)) void queries.invalidateQueries({ queryKey: [key] })
  }
  if (desk) queries.setQueryData(deskKey, desk)
  if (isToAsk && user.worker_sid) void freshDesk(user).catch(() => {})
  for (const event of events) for (const listener of listeners) listener(event)
}

/** Lists that an event of such a type makes old. */
const followed = [
  ['canned-response.', 'canned'],
  ['activity.', 'activities'],
  ['ringdown.flex-configuration.', 'configuration'],
  ['interaction.transfer.', 'transfers'],
  ['ringdown.contact.', 'parked']
] as const

function ofConversation({ type, data }: FeedEvent): void {
  const { conversation_sid } = data
  if (typeof conversation_sid !== 'string') return
  if (isOfMessage(type)) {
    const message = shownMessage(data)
    heardMessage(conversation_sid, type, message)
    queries.setQueryData<readonly ShownMessage[]>(
      ['messages', conversation_sid],
      (known) => known && afterMessage(known, type, message)
    )
    heardTyping({ conversation_sid, identity: message.author, active: false })
  }
  if (type.startsWith('note.')) void queries.invalidateQueries({ queryKey: ['notes', conversation_sid] })
  if (type === 'message.delivery.updated') void queries.invalidateQueries({ queryKey: ['messages', conversation_sid] })
}

function heardTyping({ conversation_sid, identity, active }: PresenceSign): void {
  const others = (typing.get().get(conversation_sid) ?? []).filter((one) => one.identity !== identity)
  const now = active ? [...others, { identity, until: performance.now() + 6500 }] : others
  if (!active && now.length === (typing.get().get(conversation_sid) ?? []).length) return
  typing.set(new Map(typing.get()).set(conversation_sid, now))
  if (active) setTimeout(() => forgetTyping(conversation_sid), 6600)
}

function forgetTyping(conversation_sid: string): void {
  const left = (typing.get().get(conversation_sid) ?? []).filter(({ until }) => until > performance.now())
  typing.set(new Map(typing.get()).set(conversation_sid, left))
}

// What screens ask for

export function useDesk() {
  return useQuery<WorkerDesk>({ queryKey: deskKey, queryFn: skipToken })
}

/** So long messages are held that nobody looks at; a day has many conversations. */
const messagesHeld_ms = 600_000

/** The newest messages of a conversation, the oldest first. */
export function useMessages(conversation_sid: string | undefined) {
  return useQuery({
    queryKey: ['messages', conversation_sid],
    enabled: conversation_sid !== undefined,
    gcTime: messagesHeld_ms,
    queryFn: () =>
      newestMessages(String(conversation_sid), queries.getQueryData(['messages', String(conversation_sid)]))
  })
}

/** Asks for what was said before what is shown. */
export async function showOlder(conversation_sid: string): Promise<void> {
  const older = await olderMessages(conversation_sid)
  if (!older) return
  queries.setQueryData<readonly ShownMessage[]>(['messages', conversation_sid], (known) => {
    const first = known?.[0]
    return first ? [...older.filter(({ index }) => index < first.index), ...(known ?? [])] : known
  })
}

export function useNotes(conversation_sid: string | undefined) {
  return useQuery({
    queryKey: ['notes', conversation_sid],
    enabled: conversation_sid !== undefined,
    queryFn: async (): Promise<readonly Note[]> =>
      (await ask('ringdown_v1.ListConversationNote', { path: { conversation_sid: String(conversation_sid) } })).notes
  })
}

export function useCanned() {
  return useQuery({
    queryKey: ['canned'],
    queryFn: async () => (await ask('ringdown_v1.ListCannedResponse', {})).canned_responses
  })
}

export function useConfiguration() {
  return useQuery({ queryKey: ['configuration'], queryFn: () => ask('flex_v1.FetchConfiguration', {}) })
}

export function useActivities(workspace_sid: string) {
  return useQuery({
    queryKey: ['activities'],
    queryFn: async () =>
      (await ask('taskrouter_v1.ListActivity', { path: { workspace_sid } })).activities.filter(
        ({ sid }) => sid !== null
      )
  })
}

export function useOwnExplanation(desk: WorkerDesk | undefined, workspace_sid: string, isWanted: boolean) {
  return useQuery({
    queryKey: ['explanation', desk?.worker.sid, desk?.worker.version],
    enabled: isWanted && desk !== undefined,
    queryFn: () =>
      ask('ringdown_v1.FetchWorkerExplanation', { path: { workspace_sid, worker_sid: String(desk?.worker.sid) } }),
    staleTime: 5000
  })
}
