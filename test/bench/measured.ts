/** What `main.ts` gives every row. */
export interface Options {
  /** How long one sample is measured; the default is 2. Rows take several samples. */
  readonly seconds: number
  /** How long the row `endurance` loads its server. */
  readonly minutes: number
  /** How many workers the row `people` signs in. */
  readonly people: number
  /** How many customers' pages the row `webchat` opens. */
  readonly chats: number
  /** How many calls the row `churn` makes. */
  readonly calls: number
  /** Where servers that the row starts leave CPU profiles, when they are wanted. */
  readonly profile: string | undefined
}

/** One line of the table. */
export interface Figure {
  readonly what: string
  readonly figure: string
  /** What DESIGN asks for; absent for a figure that stands beside. */
  readonly target?: string
  /** The figure over its target. */
  readonly ratio?: number
  readonly met?: boolean
}

/** What a row of the benchmark answers. */
export interface Measured {
  readonly figures: readonly Figure[]
  /** How it was measured: Markdown, a few sentences. */
  readonly how: string
  /** Further figures, as a Markdown table. */
  readonly table?: string
  readonly picture?: Picture
}

/** What stands beside the page. */
interface Picture {
  /** File in the page's folder. */
  readonly file: string
  /** What it shows, for who cannot see it. */
  readonly alt: string
  readonly svg: string
}

export type Measure = (options: Options) => Promise<Measured>

/** A figure that should be at least its target; NaN where a system does not tell it. */
export function atLeast(what: string, value: number, target: number, form: (value: number) => string): Figure {
  if (Number.isNaN(value)) return { what, figure: notTold, target: `>= ${form(target)}` }
  return { what, figure: form(value), target: `>= ${form(target)}`, ratio: value / target, met: value >= target }
}

/** A figure that should be at most its target; NaN where a system does not tell it. */
export function atMost(what: string, value: number, target: number, form: (value: number) => string): Figure {
  if (Number.isNaN(value)) return { what, figure: notTold, target: `<= ${form(target)}` }
  return { what, figure: form(value), target: `<= ${form(target)}`, ratio: value / target, met: value <= target }
}

const notTold = 'not measured: this system does not tell it'

/** 0 <= share <= 1; nearest rank. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1 + (share === 0 ? 1 : 0))] ?? Number.NaN
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** `minimum / median / maximum`. */
export function spread(values: readonly number[], form: (value: number) => string): string {
  return [0, 0.5, 1].map((share) => form(quantile(values, share))).join(' / ')
}

export const perSecond = (value: number) => `${count(value)}/s`
export const count = (value: number) => Math.round(value).toLocaleString('en-US')
export const ms = (value: number) => `${value.toFixed(value < 10 ? 2 : 1)} ms`
export const us = (value: number) => (value < 1000 ? `${value.toFixed(value < 100 ? 1 : 0)} µs` : ms(value / 1000))
export const seconds = (value: number) => `${value.toFixed(2)} s`
export const times = (value: number) => `${value.toFixed(2)}x`
/** Or that the system does not tell it: NaN. */
export const megabytes = (value: number) => (Number.isNaN(value) ? 'not told' : `${Math.round(value)} MB`)

/** Tells whoever watches. */
export function say(line: string): void {
  process.stdout.write(`  ${line}\n`)
}
