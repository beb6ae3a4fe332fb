import { messageOfError } from '../api/api.ts'
import { wordsOf } from '../words/words.ts'
import { serverNow } from './clock.ts'
import { Store } from './store.ts'

/** Something that is notices in passing, and stays in the list behind the bell. */
export interface Notice {
  readonly id: number
  readonly text: string
  readonly kind: 'info' | 'error'
  /** By the server, in milliseconds. */
  readonly at: number
  /** The task that it leads to. */
  readonly task_sid?: string | undefined
}

/** On screen now, at most three. */
export const toasts = new Store<readonly Notice[]>([])
/** The last fifty, the newest first, and the newest that somebody has looked at. */
export const notices = new Store<readonly Notice[]>([])
export const seenUpTo = new Store(0)
/** What screen readers are notices: one place for the whole page. */
export const announced = new Store<{ readonly polite: string; readonly assertive: string }>({
  polite: '',
  assertive: ''
})

let count = 0
let areHeld = false
const shownFor_ms = 6000
const kept = 50

export function notify(text: string, kind: Notice['kind'] = 'info', task_sid?: string): void {
  const notice = { id: ++count, text, kind, at: serverNow(), task_sid }
  toasts.set([...toasts.get(), notice].slice(-3))
  notices.set([notice, ...notices.get()].slice(0, kept))
  announce(text)
  // Errors stay until somebody has seen them.
  if (kind === 'info') setTimeout(() => letGo(notice.id), shownFor_ms)
}

/** Whoever points at them, or has the focus in them, is not done reading. */
export function holdToasts(isHeld: boolean): void {
  areHeld = isHeld
}

function letGo(id: number): void {
  if (areHeld) setTimeout(() => letGo(id), 1000)
  else dismiss(id)
}

export function dismiss(id: number): void {
  toasts.set(toasts.get().filter((one) => one.id !== id))
  if (toasts.get().length === 0) areHeld = false
}

/** What one user was notices is nobody else's: none of it stays for whoever signs in next. */
export function forgetNotices(): void {
  toasts.set([])
  notices.set([])
}

export function announce(text: string, how: 'polite' | 'assertive' = 'polite'): void {
  announced.set({ ...announced.get(), [how]: announced.get()[how] === text ? `${text}\u00a0` : text })
}

/** Does something, and says so when it did not work; answers whether it did. */
export async function attempt(work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    notify(wordsOf().errors.failed(messageOfError(error)), 'error')
    return false
  }
}
