import type { State } from '../center.ts'
import { isKeyOf } from '../core/keys.ts'
import type { Condition } from './definition.ts'
import type { Work } from './rendering.ts'

/** Whether a rendered argument is what a rendered value asks for (reference studio 4.4). */
type Test = (argument: string, value: string, state: State) => boolean

/** By type. Both sides are trimmed and in lower case, but for `regex`, which has its own way of that. */
const tests = {
  equal_to: isEqual,
  not_equal_to: (a, b) => !isEqual(a, b),
  matches_any_of: isAnyOf,
  does_not_match_any_of: (a, b) => !isAnyOf(a, b),
  is_blank: (a) => a === '',
  is_not_blank: (a) => a !== '',
  regex: (a, b, state) => state.tools.matches(b, a) === true,
  contains: (a, b) => a.includes(b),
  does_not_contain: (a, b) => !a.includes(b),
  starts_with: (a, b) => a.startsWith(b),
  does_not_start_with: (a, b) => !a.startsWith(b),
  less_than: numeric((a, b) => a < b),
  greater_than: numeric((a, b) => a > b),
  is_before_time: placed(minuteOf, (a, b) => a < b),
  is_after_time: placed(minuteOf, (a, b) => a > b),
  is_before_date: placed(dayOf, (a, b) => a < b),
  is_after_date: placed(dayOf, (a, b) => a > b)
} as const satisfies Record<string, Test>

/** Whether a condition whose texts are rendered holds; false for a type that nobody knows. */
export function holds(state: State, work: Work, { type, argument, value }: Condition): boolean {
  if (!isKnownCondition(type)) return false
  const [a, b] = [argument.trim(), value.trim()]
  const test: Test = tests[type]
  // At the worst, each instruction looks at each character.
  work.spend(1 + (type === 'regex' ? state.tools.patternSize(b) * (a.length + 1) : a.length + b.length) / 100)
  return type === 'regex' ? test(a, b, state) : test(a.toLowerCase(), b.toLowerCase(), state)
}

export function isKnownCondition(type: string): type is keyof typeof tests {
  return isKeyOf(tests, type)
}

/** Texts first; numbers are equal however they are written. */
function isEqual(a: string, b: string): boolean {
  return a === b || (numberOf(a) !== undefined && numberOf(a) === numberOf(b))
}

function isAnyOf(a: string, list: string): boolean {
  return list.split(',').some((one) => one.trim() === a)
}

function numberOf(text: string): number | undefined {
  return /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : undefined
}

function numeric(compare: (a: number, b: number) => boolean): Test {
  return placed(numberOf, compare)
}

function placed(place: (text: string) => number | undefined, compare: (a: number, b: number) => boolean): Test {
  return (argument, value) => {
    const [a, b] = [place(argument), place(value)]
    return a !== undefined && b !== undefined && compare(a, b)
  }
}

/** Minutes since midnight of `HH:MM`, with seconds or a day before it or without. */
function minuteOf(text: string): number | undefined {
  const [, hours, minutes, seconds = '0'] =
    /(?:^|[t ])(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\.\d+)?(?:z|[+-]\d\d:?\d\d)?$/.exec(text) ?? []
  if (hours === undefined || minutes === undefined) return undefined
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds)]
  return h < 24 && m < 60 && s < 60 ? h * 60 + m + s / 60 : undefined
}

/** A number that grows with the day of `YYYY-MM-DD`. */
function dayOf(text: string): number | undefined {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})(?:$|[t ])/.exec(text) ?? []
  if (year === undefined) return undefined
  const [m, d] = [Number(month), Number(day)]
  return m >= 1 && m <= 12 && d >= 1 && d <= 31 ? Number(year) * 10_000 + m * 100 + d : undefined
}
