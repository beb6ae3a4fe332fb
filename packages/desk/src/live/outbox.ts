import { ask, isPassing, messageOfError } from '../api/api.ts'
import { serverNow } from './clock.ts'
import { connection, queries } from './desk.ts'
import { keepValue, keptValues } from './kept.ts'
import { heardMessage } from './messages.ts'
import { type Outgoing, resumed } from './outgoing.ts'
import { afterMessage } from './patches.ts'
import { markRead } from './read-marks.ts'
import { type ShownMessage, shownMessage } from './rows.ts'
import { Store } from './store.ts'

export const outbox = new Store<readonly Outgoing[]>([])

const retriesFor_ms = 60_000
const maxOutgoing = 100
let owner = ''
/** Conversations for which something is being sent: one at a time keeps their order. */
const busy = new Set<string>()

/** Takes up what a user had on its way when the page went, or somebody else was signed in. */
export async function loadOutbox(user_sid: string): Promise<void> {
  owner = user_sid
  const kept = [...(await keptValues(`out/${user_sid}/`)).values()] as readonly Outgoing[] // as `keep` wrote them
  if (owner !== user_sid) return
  outbox.set(resumed(kept, outbox.get(), user_sid))
  for (const sid of new Set(kept.map((one) => one.conversation_sid))) void sendAll(sid)
}

/** Nobody is signed in any more: what is on its way stays kept for its user. */
export function closeOutbox(): void {
  owner = ''
  outbox.set([])
}

/** Puts a message on its way; false where too many are. */
export function send(message: Pick<Outgoing, 'conversation_sid' | 'body' | 'media_sid' | 'media_name'>): boolean {
  if (outbox.get().length >= maxOutgoing) return false
  const outgoing: Outgoing = {
    ...message,
    ...{ key: crypto.randomUUID(), user_sid: owner, at: serverNow(), state: 'sending' }
  }
  outbox.set([...outbox.get(), outgoing])
  keep(outgoing)
  void sendAll(message.conversation_sid)
  return true
}

/** Under the same key: if it had arrived after all, nothing is said twice. */
export function sendAgain(key: string): void {
  change(key, { state: 'sending' })
  const one = outbox.get().find((outgoing) => outgoing.key === key)
  if (one) void sendAll(one.conversation_sid)
}

export function giveUp(key: string): void {
  const one = outbox.get().find((outgoing) => outgoing.key === key)
  if (one) forget(one)
}

function forget({ key, user_sid }: Outgoing): void {
  outbox.set(outbox.get().filter((one) => one.key !== key))
  void keepValue(`out/${user_sid}/${key}`, undefined)
}

window.addEventListener('online', () => {
  for (const sid of new Set(outbox.get().map((one) => one.conversation_sid))) void sendAll(sid)
})
connection.follow(() => {
  if (connection.get().is !== 'live') return
  for (const one of outbox.get()) if (one.state === 'waiting') void sendAll(one.conversation_sid)
})

async function sendAll(conversation_sid: string): Promise<void> {
  if (busy.has(conversation_sid)) return
  busy.add(conversation_sid)
  try {
    for (;;) {
      const next = outbox.get().find((one) => one.conversation_sid === conversation_sid && one.state !== 'failed')
      if (!next || !(await deliver(next))) return
    }
  } finally {
    busy.delete(conversation_sid)
  }
}

/** Whether it has left, or is given up; false where it waits for the network. */
async function deliver(outgoing: Outgoing): Promise<boolean> {
  const { key, conversation_sid, body, media_sid } = outgoing
  const began = performance.now()
  for (let tries = 0; ; tries++) {
    // It was given up, or its user is not signed in any more.
    if (!outbox.get().some((one) => one.key === key)) return true
    try {
      const answer = await ask('conversations_v1.CreateConversationMessage', {
        path: { conversation_sid },
        params: { ...(body !== '' && { body }), ...(media_sid !== undefined && { media_sid }) },
        idempotency_key: key
      })
      arrived(conversation_sid, shownMessage({ ...answer }))
      forget(outgoing)
      // Who answers has read.
      markRead(conversation_sid, String(answer.author), answer.index)
      return true
    } catch (error) {
      if (
        !navigator.onLine ||
        (isPassing(error) && performance.now() - began > retriesFor_ms && connection.get().is !== 'live')
      ) {
        change(key, { state: 'waiting' })
        return false
      }
      const isSession = error instanceof Error && 'status' in error && (error.status === 401 || error.status === 403)
      if (isSession && error.name !== 'ApiError') {
        // Somebody has to sign in again; it goes on then.
        change(key, { state: 'waiting' })
        return false
      }
      if (!isPassing(error) || performance.now() - began > retriesFor_ms) {
        change(key, { state: 'failed', why: messageOfError(error) })
        return true
      }
      await new Promise((resolve) => setTimeout(resolve, Math.min(5000, 300 * 2 ** tries)))
    }
  }
}

/** What nobody has opened yet is asked for when somebody does, with all that was said before. */
function arrived(conversation_sid: string, message: ShownMessage): void {
  heardMessage(conversation_sid, 'message.added', message)
  queries.setQueryData<readonly ShownMessage[]>(
    ['messages', conversation_sid],
    (known) => known && afterMessage(known, 'message.added', message)
  )
}

function change(key: string, to: Partial<Outgoing>): void {
  outbox.set(outbox.get().map((one) => (one.key === key ? { ...one, ...to } : one)))
  const one = outbox.get().find((outgoing) => outgoing.key === key)
  if (one) keep(one)
}

function keep(outgoing: Outgoing): void {
  void keepValue(`out/${outgoing.user_sid}/${outgoing.key}`, outgoing)
}
