import { preferences, usualLanguage, wantedLanguage } from '../app/preferences.ts'
import { useStore } from '../live/store.ts'
import { en, type Words } from './en.ts'
import { fr } from './fr.ts'

const catalogues: Readonly<Record<string, Words>> = { en, fr }

export const languages = [
  ['en', 'English'],
  ['fr', 'Français']
] as const

/** The catalogue of the language that is wanted; English where there is none. */
export function useWords(): Words {
  useStore(preferences)
  useStore(usualLanguage)
  return wordsOf()
}

/** The same, where nothing is drawn. */
export function wordsOf(language = wantedLanguage()): Words {
  const [wanted = 'en'] = language.toLowerCase().split('-')
  return catalogues[wanted] ?? en
}

/** How the browser writes that language: English has more than one way to say the time. */
function localeOf(lang: string): string {
  return navigator.language.toLowerCase().startsWith(lang) ? navigator.language : lang
}

/** Time of day in the language that is shown. */
export function timeText(at: number, lang: string): string {
  return new Intl.DateTimeFormat(localeOf(lang), { hour: '2-digit', minute: '2-digit' }).format(at)
}

export function dayText(at: number, lang: string): string {
  return new Intl.DateTimeFormat(localeOf(lang), { weekday: 'short', day: 'numeric', month: 'short' }).format(at)
}

export function dateTimeText(at: number, lang: string): string {
  return new Intl.DateTimeFormat(localeOf(lang), { dateStyle: 'medium', timeStyle: 'short' }).format(at)
}
