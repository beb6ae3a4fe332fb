import { computed } from '@preact/signals'
import { directionOf } from '@ringdown/client/direction'
import { en, type Words } from '../words/en.ts'
import { fr } from '../words/fr.ts'
import { known, visitor } from './deployment.ts'

const catalogues: Readonly<Record<string, Words>> = { en, fr }

/** The page's language, else the browser's. */
const locale = computed(() => visitor.value.locale || navigator.language)

const language = computed(() => locale.value.toLowerCase().split('-')[0] ?? 'en')

export const words = computed<Words>(() => catalogues[language.value] ?? en)

/** How the page's language is written. */
export const direction = computed(() => directionOf(locale.value))

/** A text of the deployment's own: in the language of the page, else in its only one; undefined where it has none. */
export function ownText(name: string): string | undefined {
  const texts = known.value?.texts ?? {}
  const byLanguage = objectIn(objectIn(texts.locales)[language.value])
  const found = byLanguage[name] ?? texts[name]
  return typeof found === 'string' && found !== '' ? found : undefined
}

/** A label that is a text, or texts by language. */
export function labelIn(given: unknown, otherwise: string): string {
  if (typeof given === 'string') return given
  const all = objectIn(given)
  const found = all[language.value] ?? all.en ?? Object.values(all)[0]
  return typeof found === 'string' ? found : otherwise
}

function objectIn(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** Time of day, in the language that is shown. */
export function timeText(at: string): string {
  return new Intl.DateTimeFormat(locale.value, { hour: '2-digit', minute: '2-digit' }).format(Date.parse(at))
}

export function dayText(at: string): string {
  const form = { weekday: 'short', day: 'numeric', month: 'short' } as const
  return new Intl.DateTimeFormat(locale.value, form).format(Date.parse(at))
}
