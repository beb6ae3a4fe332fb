import { directionOf } from '@ringdown/client/direction'
import { ask } from '../api/api.ts'
import { Store } from '../live/store.ts'
import type { OwnKeys } from './key-map.ts'

/** What somebody has chosen; kept with the user, and in this browser for the first paint. */
export interface Chosen {
  /** Whose it is, by SID: another one who signs in here has other preferences. */
  readonly of?: string
  readonly theme?: 'light' | 'dark'
  readonly density?: 'compact'
  readonly language?: string
  /** Whether keys without Ctrl do something. */
  readonly single_keys?: boolean
  /** Keys of one's own, and whose stand behind them. */
  readonly keys?: OwnKeys
  readonly key_preset?: 'flex'
  /** Whether Enter begins a line, and Ctrl+Enter sends. */
  readonly enter_breaks?: boolean
  readonly sounds?: boolean
  /** 0 to 1. */
  readonly volume?: number
  readonly notifications?: boolean
  /** Whether notifications say what was written. */
  readonly notified_text?: boolean
  readonly tasks_folded?: boolean
  readonly context_folded?: boolean
  /** Widths of panes, in CSS pixels. */
  readonly tasks_width?: number
  readonly context_width?: number
  /** Cards that show their title alone. */
  readonly folded_cards?: readonly string[]
}

const place = 'ringdown.preferences'

export const preferences = new Store<Chosen>(kept())
/** The language of who has chosen none: the user's own, or that of the configuration. */
export const usualLanguage = new Store<string | undefined>(undefined)

let user_sid: string | undefined
let writing: ReturnType<typeof setTimeout> | undefined

preferences.follow(show)
usualLanguage.follow(show)
show()

/** Another tab has chosen something. */
window.addEventListener('storage', ({ key }) => {
  if (key === place) preferences.set(kept())
})

/** Takes over what the user has chosen at another place. */
export async function loadPreferences(sid: string): Promise<void> {
  user_sid = sid
  const { preferences: known } = await ask('ringdown_v1.FetchUserPreferences', { path: { flex_user_sid: sid } })
  const desk = (known as { desk?: Chosen } | null)?.desk // an own document
  const here = preferences.get()
  preferences.set({ ...(here.of === sid && here), ...desk, of: sid })
  keep(preferences.get())
}

/** Chooses something; a member that is undefined is chosen no more. */
export function choose(change: { readonly [K in keyof Chosen]?: Chosen[K] | undefined }): void {
  const next = Object.fromEntries(
    Object.entries({ ...preferences.get(), ...change }).filter(([, value]) => value !== undefined)
  )
  preferences.set(next)
  keep(next)
  clearTimeout(writing)
  const { of: _, ...desk } = next
  writing = setTimeout(() => void send(desk), 500)
}

/** The language that is wanted: the chosen one, the usual one, or the browser's. */
export function wantedLanguage(): string {
  return preferences.get().language ?? usualLanguage.get() ?? navigator.language
}

async function send(desk: Chosen): Promise<void> {
  if (user_sid === undefined) return
  const path = { flex_user_sid: user_sid }
  await ask('ringdown_v1.UpdateUserPreferences', { path, params: { preferences: JSON.stringify({ desk }) } }).catch(
    () => {}
  )
}

function kept(): Chosen {
  try {
    return JSON.parse(localStorage.getItem(place) ?? '{}')
  } catch {
    return {} // storage that is full or forbidden is none
  }
}

function keep(chosen: Chosen): void {
  try {
    localStorage.setItem(place, JSON.stringify(chosen))
  } catch {
    // it is kept with the user all the same
  }
}

function show(): void {
  const { theme, density } = preferences.get()
  const { documentElement: root } = document
  const isDark = matchMedia('(prefers-color-scheme: dark)').matches
  root.dataset.theme = theme ?? (isDark ? 'dark' : 'light')
  root.dataset.density = density ?? 'comfortable'
  const wanted = wantedLanguage()
  root.lang = wanted.startsWith('fr') ? 'fr' : 'en'
  root.dir = directionOf(wanted)
}

matchMedia('(prefers-color-scheme: dark)').addEventListener('change', show)
