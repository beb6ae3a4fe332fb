import { computed, effect, signal } from '@preact/signals'
import { ApiError } from '@ringdown/client/api-error'
import { Webchat, type WebchatState } from '@ringdown/client/webchat'
import type { WebchatParticipant } from '@ringdown/client/webchat-frames'
import type { ToFrame } from '../between.ts'
import { deployment, known, visitor } from './deployment.ts'
import { postToPage } from './host.ts'
import { Keeping } from './keeping.ts'
import { words } from './words.ts'

type Begin = Extract<ToFrame, { type: 'begin' }>

export const chat = signal<WebchatState | undefined>(undefined)
export const isShown = signal(false)
const isVisible = signal(!document.hidden)
/** Whether the last message is in sight. */
export const isAtEnd = signal(true)
/** Why the last thing that was asked was not done. */
export const trouble = signal('')
/** What was written and not sent. */
export const draft = signal('')
export const hasSound = signal(false)
/** Answers of the form that were given before. */
export const remembered = signal<Readonly<Record<string, string>>>({})
/** Whether it is known by now if somebody comes back. */
const isKnown = signal(false)

let webchat: Webchat | undefined
let keeping: Keeping | undefined
/** By which the page's own server says who this is. */
const token = signal<string | undefined>(undefined)

/** The fields of the form before a chat; none for who is known. */
export const fields = computed<readonly Field[]>(() => {
  const given = known.value?.form.fields
  return Array.isArray(given) && token.value === undefined ? (given as readonly Field[]) : [] // as the server has checked them
})

export interface Field {
  readonly name: string
  /** Text, or texts by language. */
  readonly label?: unknown
  readonly type?: string
  readonly required?: boolean
  readonly options?: readonly string[]
}

export const screen = computed(() => {
  if (deployment.value === 'failed') return 'failed'
  if (!deployment.value || !isKnown.value) return 'loading'
  const phase = chat.value?.phase ?? 'idle'
  if (phase === 'over' || phase === 'gone') return 'over'
  return phase === 'idle' && fields.value.length > 0 ? 'form' : 'chat'
})

export const identity = computed(() => chat.value?.session?.identity)

/** Who answers: the last who joined. */
export const agent = computed<WebchatParticipant | undefined>(() =>
  chat.value?.participants.filter((one) => one.identity !== null && one.identity !== identity.value).at(-1)
)

/** As customers call somebody: by the first name. */
export function nameOf(someone: string | null | undefined): string {
  const found = chat.value?.participants.find(({ identity: one }) => one === someone)
  const gone = chat.value?.arrivals.find(({ participant }) => participant.identity === someone)?.participant
  const name = found?.name ?? gone?.name ?? someone ?? ''
  return name.split(/\s+/)[0] ?? name
}

const own = computed(() => chat.value?.participants.find((one) => one.identity === identity.value))

/** Messages of others that the customer has not seen. */
export const unread = computed(() => {
  const last = own.value?.last_read_message_index ?? -1
  const messages = chat.value?.messages ?? []
  return messages.filter(({ index, author }) => index > last && author !== identity.value)
})

/** Whether what is there is looked at. */
const isSeen = computed(() => isShown.value && isVisible.value && isAtEnd.value)

/** What the page has said at first. */
export async function begin({ key, visitor: given, resume, token: signed, prefill, is_open }: Begin): Promise<void> {
  visitor.value = given
  isShown.value = is_open
  token.value = signed
  if (prefill !== undefined) draft.value = prefill
  keeping = new Keeping(resume, key)
  webchat = new Webchat({
    url: location.origin,
    key,
    handles: {
      read: async () => (await keeping?.read())?.handle,
      write: async (handle) => keeping?.write({ handle })
    },
    alone: (act) => ('locks' in navigator ? navigator.locks.request(`ringdown-webchat ${key}`, act) : act()),
    isOnline: () => navigator.onLine
  })
  webchat.follow((state) => {
    chat.value = state
  })
  remembered.value = (await keeping.read()).form ?? {}
  watch()
  await Promise.all([load(), comeBack()])
  isKnown.value = true
}

export async function load(): Promise<void> {
  deployment.value = undefined
  try {
    deployment.value = await webchat?.deployment()
  } catch {
    deployment.value = 'failed'
  }
}

async function comeBack(): Promise<void> {
  for (let pause_ms = 1000; ; pause_ms = Math.min(30_000, pause_ms * 2)) {
    try {
      await webchat?.resume(token.peek())
      return
    } catch {
      // Nobody answers: it is asked until somebody does, since the chat is there.
      isKnown.value = true
      await new Promise((resolve) => setTimeout(resolve, pause_ms))
      if (chat.value?.session) return
    }
  }
}

function watch(): void {
  document.addEventListener('visibilitychange', () => {
    isVisible.value = !document.hidden
    if (isVisible.value) webchat?.probe()
  })
  addEventListener('online', () => webchat?.probe())
  addEventListener('offline', () => webchat?.offline())
  let seen = -1
  let phase: string | undefined
  effect(() => postToPage({ type: 'unread', count: isSeen.value ? 0 : unread.value.length }))
  effect(() => {
    const last = chat.value?.messages.at(-1)
    if (!last || !isSeen.value || unread.value.length === 0 || chat.value?.connection !== 'live') return
    // Said once for each.
    if (last.index > read) webchat?.reads(last.index)
    read = last.index
  })
  effect(() => {
    const last = chat.value?.messages.at(-1)
    if (!last || last.index <= seen) return
    const isNews = seen >= 0 && last.author !== identity.value
    seen = last.index
    if (!isNews) return
    postToPage({ type: 'event', event: 'message', detail: undefined })
    if (hasSound.peek() && !isSeen.peek()) beep()
  })
  effect(() => {
    const next = chat.value?.phase
    if (phase === 'beginning' && next === 'open') postToPage({ type: 'event', event: 'started', detail: undefined })
    if (phase === 'open' && (next === 'over' || next === 'gone'))
      postToPage({ type: 'event', event: 'ended', detail: undefined })
    phase = next
  })
}

let read = -1

/** Begins a chat with what was written in the form; answers whether it has begun. */
export async function start(answers: Readonly<Record<string, string>>): Promise<boolean> {
  trouble.value = ''
  const { name, email, context } = visitor.peek()
  const asks = fields.peek().length > 0
  const form = {
    ...(name && !asks && { friendlyName: name }),
    ...(email && !asks && { email }),
    ...(context && { context: JSON.stringify(context) }),
    ...answers
  }
  read = -1
  try {
    await webchat?.begin(form, token.peek())
    const { query: _, ...kept } = answers
    if (Object.keys(kept).length > 0) {
      remembered.value = kept
      await keeping?.write({ form: kept })
    }
    return true
  } catch (error) {
    trouble.value = troubleOf(error)
    const status = error instanceof ApiError ? error.status : 0
    postToPage({ type: 'event', event: 'error', detail: { reason: 'start', status } })
    return false
  }
}

function troubleOf(error: unknown): string {
  const said = words.value
  if (!(error instanceof ApiError)) return said.noNetwork
  if (error.status === 429) return said.tooMany
  if (error.status === 403) return token.peek() === undefined ? said.notHere : said.notYou
  return said.notStarted
}

/** Sends what is written; the first message of all begins the chat. */
export async function say(body: string, file?: File): Promise<boolean> {
  trouble.value = ''
  if (chat.value?.session && chat.value.phase !== 'idle') {
    webchat?.send(body, file)
    return true
  }
  if (chat.value?.phase === 'beginning') return false
  const isBegun = await start(file ? {} : { query: body })
  if (isBegun && file) webchat?.send(body, file)
  return isBegun
}

export const retry = (id: string) => webchat?.retry(id)
export const discard = (id: string) => webchat?.discard(id)
export const types = () => webchat?.types()
export const older = () => webchat?.older()
export const rate = (rating: number, comment: string) => webchat?.rate(rating, comment)
export const fileOf = (sid: string) => webchat?.file(sid) ?? Promise.reject(new Error('there is no chat'))

export function end(): void {
  if (!webchat?.end()) trouble.value = words.value.noNetwork
}

/** Begins anew, as somebody who may have written in the form before. */
export async function anew(): Promise<void> {
  read = -1
  await webchat?.forget()
}

/** Nothing of the visitor stays on this device. */
export async function shutdown(): Promise<void> {
  token.value = undefined
  draft.value = ''
  remembered.value = {}
  visitor.value = {}
  await webchat?.forget()
  await keeping?.forget()
}

/** The page's own server has said who it is: the next chat knows it. */
export function identify(signed: string): void {
  token.value = signed
}

/** Two short notes, made here: nothing is loaded. */
function beep(): void {
  const audio = new AudioContext()
  for (const [at, frequency] of [
    [0, 740],
    [0.12, 880]
  ] as const) {
    const [note, volume] = [audio.createOscillator(), audio.createGain()]
    note.frequency.value = frequency
    volume.gain.setValueAtTime(0.08, audio.currentTime + at)
    volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + at + 0.2)
    note.connect(volume).connect(audio.destination)
    note.start(audio.currentTime + at)
    note.stop(audio.currentTime + at + 0.25)
  }
  setTimeout(() => void audio.close(), 600)
}
