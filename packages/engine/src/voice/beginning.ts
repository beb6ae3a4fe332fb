import type { CallbackMethod } from '../numbers/rows.ts'
import type { DocumentFrame, Program, VoiceVerb } from './program.ts'

/** What a call begins with: keys that are pressed, then verbs that are there, or the document at an address. */
export interface CallBeginning {
  readonly url?: string | null | undefined
  readonly method?: string | undefined
  readonly verbs?: readonly VoiceVerb[] | undefined
  readonly digits?: string | undefined
  readonly fallback_url?: string | null
  readonly fallback_method?: CallbackMethod
}

/** The program that begins so; null for nothing. An empty document is a program all the same: it is over at once. */
export function beginning(role: DocumentFrame['role'], from: CallBeginning): Program | null {
  const { url, method, verbs, digits, fallback_url = null, fallback_method = 'POST' } = from
  const first: VoiceVerb[] = []
  if (digits && /^[0-9*#wW]{1,64}$/.test(digits)) first.push({ verb: 'Play', attributes: { digits } })
  if (url) first.push({ verb: 'Redirect', attributes: { method: method ?? 'POST' }, text: url })
  const all = [...first, ...(verbs ?? [])]
  return all.length === 0 && !verbs
    ? null
    : { frames: [frameOf(role, all, '')], idle: 0, fallback_url, fallback_method }
}

/** A document of which nothing has run yet. */
export function frameOf(
  role: DocumentFrame['role'],
  verbs: readonly VoiceVerb[],
  url: string,
  method: CallbackMethod = 'POST'
): DocumentFrame {
  return { role, url, method, verbs, at: 0, verb: null }
}
