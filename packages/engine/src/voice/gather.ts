import type { LegItem } from '@ringdown/contract/voice-leg'
import { actionOf, flagIn, type Happening, keep, type Outcome, type VerbAct, type VerbRule, wholeIn } from './act.ts'
import { changeLeg, play } from './leg.ts'
import type { VerbState, VoiceVerb } from './program.ts'
import { playedBy } from './prompts.ts'

type Gathering = Extract<VerbState, { readonly is: 'gather' }>

/** Digits that one `Gather` takes at most. */
const maxDigits = 1000
/** Prompts that it has at most, repeated ones counted: all of them are in the leg's row. */
const maxPrompts = 100

/** `Gather`: keys are pressed, or words said, while prompts are heard and for a while after them (reference voice 4). */
export const gather: VerbRule = {
  begin(act) {
    const { state, call_sid, verb, frame } = act
    const prompts = (verb.children ?? []).flatMap((child): LegItem[] => {
      const { items: own, loop } = playedBy(child, frame.url)
      return Array.from({ length: Math.min(Math.max(loop, 1), 20) }, () => own).flat()
    })
    const items = prompts.slice(0, maxPrompts)
    const listens = { digits: takes(verb, 'dtmf'), ...speechIn(verb) }
    const gathering: Gathering = { is: 'gather', digits: '', prompting: items.length > 0, speech: '' }
    if (items.length > 0) play(state, call_sid, items, { listens, stop_on_digit: true })
    else changeLeg(state, call_sid, { listens, plays: null })
    return keep(act, gathering, items.length > 0 ? null : state.at + timeout_ms(verb))
  },

  on(act, verb, happening): Outcome | undefined {
    return verb.is === 'gather' ? gathered(act, verb, happening) : undefined
  }
}

function gathered(act: VerbAct, gathering: Gathering, happening: Happening): Outcome | undefined {
  const { state, call_sid, verb } = act
  switch (happening.type) {
    case 'played':
      changeLeg(state, call_sid, { plays: null })
      return keep(act, { ...gathering, prompting: false }, state.at + timeout_ms(verb))
    case 'digit':
      return takes(verb, 'dtmf') ? pressed(act, gathering, happening.digit) : 'waits'
    case 'speech':
      if (!takes(verb, 'speech')) return 'waits'
      if (!happening.final) return keep(act, { ...gathering, speech: happening.text }, state.at + timeout_ms(verb))
      return ended(act, [
        ['SpeechResult', happening.text],
        ['Confidence', String(happening.confidence)]
      ])
    case 'due':
      return gathering.digits === '' ? empty(act) : ended(act, [['Digits', gathering.digits]])
    default:
      return undefined
  }
}

function pressed(act: VerbAct, gathering: Gathering, digit: string): Outcome {
  const { state, call_sid, verb } = act
  const finish = verb.attributes.finishOnKey ?? '#'
  if (finish.includes(digit)) {
    if (gathering.digits !== '')
      return ended(act, [
        ['Digits', gathering.digits],
        ['FinishedOnKey', digit]
      ])
    return empty(act)
  }
  const digits = gathering.digits + digit
  if (digits.length >= wholeIn(verb, 'numDigits', { usual: maxDigits, min: 1, max: maxDigits }))
    return ended(act, [['Digits', digits]])
  // A caller who presses a key has heard enough.
  changeLeg(state, call_sid, { plays: null })
  return keep(act, { ...gathering, digits, prompting: false }, state.at + timeout_ms(verb))
}

function ended(act: VerbAct, parameters: readonly (readonly [string, string])[]): Outcome {
  changeLeg(act.state, act.call_sid, { plays: null, listens: null })
  return actionOf(act, [...parameters, ['msg', 'Gather End']])
}

/** Nothing came: the next verb is reached, unless the action wants to know that as well. */
function empty(act: VerbAct): Outcome {
  changeLeg(act.state, act.call_sid, { plays: null, listens: null })
  return flagIn(act.verb, 'actionOnEmptyResult', false) ? actionOf(act, [['Digits', '']]) : 'next'
}

function takes({ attributes }: VoiceVerb, what: 'dtmf' | 'speech'): boolean {
  return (attributes.input ?? 'dtmf').toLowerCase().split(/\s+/).includes(what)
}

function speechIn(verb: VoiceVerb) {
  if (!takes(verb, 'speech')) return {}
  const { language = 'en-US', hints, speechTimeout = 'auto', partialResultCallback } = verb.attributes
  const seconds = /^\d+$/.test(speechTimeout) ? Number(speechTimeout) : 1
  return {
    speech: {
      language,
      ...(hints && { hints }),
      timeout_ms: Math.max(1, Math.min(seconds, 60)) * 1000,
      ...(partialResultCallback && { partial: true })
    }
  }
}

function timeout_ms(verb: VoiceVerb): number {
  return wholeIn(verb, 'timeout', { usual: 5, min: 1, max: 3600 }) * 1000
}
