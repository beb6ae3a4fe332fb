import type { Figure, Measured } from './measured.ts'

/**
 * What several processes measured of one row, as one result: each figure says what every process said, and how far it is
 * from its target is the mean of how far they are. Undefined when one of them failed.
 */
export function together(results: readonly (Measured | undefined)[]): Measured | undefined {
  const measured = results.filter((result) => result !== undefined)
  const [first, ...others] = measured
  if (first === undefined || measured.length < results.length) return undefined
  if (others.length === 0) return first
  const figures = first.figures.map((figure) => {
    const same = others.flatMap((other) => other.figures.find(({ what }) => what === figure.what) ?? [])
    return ofAll([figure, ...same])
  })
  return {
    ...first,
    figures,
    how: `${first.how} Measured in ${results.length} processes, one after the other; each figure is told of both.`
  }
}

function ofAll(figures: readonly [Figure, ...Figure[]]): Figure {
  const [first] = figures
  const figure = [...new Set(figures.map((one) => one.figure))].join(' and ')
  const ratios = figures.flatMap(({ ratio }) => ratio ?? [])
  if (first.met === undefined) return { ...first, figure }
  if (first.target === undefined || ratios.length < figures.length)
    return { ...first, figure, met: figures.every(({ met }) => met === true) }
  const ratio = ratios.reduce((sum, one) => sum + one, 0) / ratios.length
  return { ...first, figure, ratio, met: first.target.startsWith('>=') ? ratio >= 1 : ratio <= 1 }
}
