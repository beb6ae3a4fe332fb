import type { Figure } from './measured.ts'
import { median, quantile, times } from './measured.ts'

/*
 * Two revisions measured in turns, and what the one costs over the other. A revision tells its figures as text, in the
 * words of its own bench; those that both tell in the same words are compared.
 */

/** The figures of one round of a row, of this revision and of the other; undefined where the row failed. */
export interface Round {
  readonly ours: readonly Figure[] | undefined
  readonly theirs: readonly Figure[] | undefined
}

interface Compared {
  readonly what: string
  readonly ours: number
  readonly theirs: number
  readonly unit: string
  /** How much more it costs here, by the medians: above 1 is worse, also for rates. */
  readonly cost: number
  /** The same of each round, the least and the most. */
  readonly spread: readonly [number, number]
}

/** What a figure says: its first number, in the smallest unit of its kind. */
export function numberIn(figure: string): { readonly value: number; readonly unit: string } | undefined {
  const [, number, written = ''] = /^(-?[\d,]+(?:\.\d+)?) ?(\/s|µs|ms|s|MB|x|%)?(?=$| |;)/.exec(figure) ?? []
  if (number === undefined) return undefined
  const [unit, factor] = units[written] ?? [written, 1]
  return { value: Number(number.replaceAll(',', '')) * factor, unit }
}

const units: Readonly<Record<string, readonly [unit: string, factor: number]>> = {
  ms: ['µs', 1000],
  s: ['µs', 1_000_000]
}

/** Compares what at least half of the rounds told of both. */
export function compare(rounds: readonly Round[]): Compared[] {
  const names = new Set(rounds.flatMap(({ ours }) => (ours ?? []).map(({ what }) => what)))
  return [...names].flatMap((what) => {
    const pairs = rounds.flatMap(({ ours, theirs }) => {
      const [mine, other] = [told(ours, what), told(theirs, what)]
      return mine && other && mine.unit === other.unit ? [{ mine, other }] : []
    })
    if (pairs.length === 0 || pairs.length < rounds.length / 2) return []
    const unit = pairs[0]?.mine.unit ?? ''
    const over = unit === '/s' || isWantedHigh(rounds, what) ? inverse : ratio
    const costs = pairs.map(({ mine, other }) => over(mine.value, other.value))
    const [ours, theirs] = [median(pairs.map(({ mine }) => mine.value)), median(pairs.map(({ other }) => other.value))]
    return [{ what, ours, theirs, unit, cost: over(ours, theirs), spread: [quantile(costs, 0), quantile(costs, 1)] }]
  })
}

/** One line a figure: both medians, their ratio, and that of the best and the worst round. */
export function comparisonLines(compared: readonly Compared[]): string[] {
  const width = Math.max(0, ...compared.map(({ what }) => what.length))
  return compared.map(({ what, ours, theirs, unit, cost, spread: [least, most] }) => {
    const figures = `${shown(ours, unit).padStart(14)} ${shown(theirs, unit).padStart(14)}`
    return `  ${what.padEnd(width)} ${figures}   costs ${times(cost)} (${times(least)} to ${times(most)})`
  })
}

function told(figures: readonly Figure[] | undefined, what: string) {
  const found = figures?.find((figure) => figure.what === what)
  return found && numberIn(found.figure)
}

/** More of a rate is less of a cost, and so is more of what has a least target. */
function isWantedHigh(rounds: readonly Round[], what: string): boolean {
  return rounds.some(({ ours }) => ours?.find((figure) => figure.what === what)?.target?.startsWith('>=') === true)
}

const ratio = (ours: number, theirs: number) => ours / theirs
const inverse = (ours: number, theirs: number) => theirs / ours

function shown(value: number, unit: string): string {
  const digits = Math.abs(value) < 100 ? 2 : 0
  return `${value.toLocaleString('en-US', { maximumFractionDigits: digits })}${unit === '/s' || unit === 'x' ? '' : ' '}${unit}`
}
