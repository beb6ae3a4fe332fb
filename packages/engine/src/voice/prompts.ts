import type { LegItem } from '@ringdown/contract/voice-leg'
import { keep, type Outcome, type VerbRule, wholeIn } from './act.ts'
import { changeLeg, play } from './leg.ts'
import type { VoiceVerb } from './program.ts'

/** `Say`, `Play` and `Pause`: something is heard, then the next verb is reached (reference voice 2). */
export const prompt: VerbRule = {
  begin(act) {
    const { items, loop } = playedBy(act.verb, act.frame.url)
    if (items.length === 0) return 'next'
    play(act.state, act.call_sid, items, { loop, listens: null })
    return keep(act, { is: 'plays' })
  },

  on(act, _verb, happening): Outcome | undefined {
    if (happening.type !== 'played') return undefined
    // Something that is heard over and over has no end.
    changeLeg(act.state, act.call_sid, { plays: null })
    return 'next'
  }
}

/** What a verb plays, and how often; 0 is without end. */
export function playedBy(verb: VoiceVerb, base: string): { readonly items: readonly LegItem[]; readonly loop: number } {
  const loop = wholeIn(verb, 'loop', { usual: 1, min: 0, max: 1000 })
  const { voice, language, digits } = verb.attributes
  if (verb.verb === 'Pause') {
    const seconds = wholeIn(verb, 'length', { usual: 1, min: 0, max: 600 })
    return { items: seconds === 0 ? [] : [{ pause_ms: seconds * 1000 }], loop: 1 }
  }
  if (verb.verb === 'Play') {
    const items: LegItem[] = []
    if (digits && /^[0-9*#wW]{1,100}$/.test(digits)) items.push({ digits: digits.toLowerCase() })
    if (verb.text) items.push({ play: resolvedUrl(verb.text, base) })
    return { items, loop }
  }
  const say = spokenIn(verb).slice(0, maxSpeech)
  return { items: say === '' ? [] : [{ say, ...(voice && { voice }), ...(language && { language }) }], loop }
}

/** Characters of one text that is spoken. */
const maxSpeech = 4096

/** The words of a verb, without the marks of how to say them. */
function spokenIn({ text = '', children = [] }: VoiceVerb): string {
  const parts = children.length > 0 ? children.map((child) => (child.verb === 'break' ? ' ' : spokenIn(child))) : [text]
  return parts.join('').replaceAll(/\s+/g, ' ').trim()
}

/**
 * An address as a document at another address means it. Addresses here have a scheme, a host and a path; nothing but them
 * is resolved, since the engine has no more of the web.
 */
export function resolvedUrl(url: string, base: string): string {
  const text = url.trim()
  if (/^[a-z][a-z0-9+.-]*:/i.test(text)) return text
  const [, origin = '', path = '/'] = /^(https?:\/\/[^/?#]+)([^?#]*)/i.exec(base) ?? []
  if (origin === '') return text
  if (text === '') return base
  if (text.startsWith('//')) return `${origin.split('//', 1)[0]}${text}`
  if (text.startsWith('?')) return `${origin}${path || '/'}${text}`
  const [place = '', query] = splitAt(text)
  const segments = (place.startsWith('/') ? place : `${path.replace(/[^/]*$/, '') || '/'}${place}`).split('/')
  const kept: string[] = []
  for (const segment of segments.slice(1)) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `${origin}/${kept.join('/')}${query}`
}

function splitAt(text: string): readonly [place: string, rest: string] {
  const at = text.search(/[?#]/)
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at)]
}
