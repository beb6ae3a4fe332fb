import { count } from './measured.ts'

/*
 * Small curves as SVG, written by hand: what a page shows needs no more than lines and text. Colors are stated for light
 * and for dark pages.
 */

export interface Panel {
  /** What the horizontal axis counts. */
  readonly x: string
  /** Two or more, from left to right. Both numbers are positive. */
  readonly points: readonly (readonly [x: number, y: number])[]
}

const width = 360
const height = 250
const margin = { left: 56, right: 20, top: 34, bottom: 44 }
/** Of the first and last point from the panel's edges, so that their figures have room. */
const inset = 16

/** Panels side by side with one vertical axis, which begins at 0; the horizontal ones are logarithmic. */
export function drawPanels(panels: readonly Panel[], { y }: { readonly y: string }): string {
  const top = ceiling(Math.max(...panels.flatMap(({ points }) => points.map(([, value]) => value))))
  const parts = panels.map((panel, i) => `<g transform="translate(${i * width} 0)">${drawPanel(panel, top)}</g>`)
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width * panels.length} ${height}" width="${width * panels.length}" height="${height}" role="img" font-family="system-ui, sans-serif" font-size="11">
<title>${escaped(y)}</title>
<style>
svg { color-scheme: light dark; --ink: #24292f; --faint: #d0d7de; --line: #0969da; --ground: #ffffff }
@media (prefers-color-scheme: dark) { svg { --ink: #e6edf3; --faint: #3d444d; --line: #58a6ff; --ground: #0d1117 } }
text { fill: var(--ink) } .axis { stroke: var(--faint) } .curve { fill: none; stroke: var(--line); stroke-width: 2 } .dot { fill: var(--line) } .ground { fill: var(--ground) }
</style>
<rect class="ground" width="100%" height="100%"/>
<text x="${margin.left}" y="16" font-weight="600">${escaped(y)}</text>
${parts.join('\n')}
</svg>
`
}

function drawPanel({ x, points }: Panel, top: number): string {
  const [first, last] = [points[0], points.at(-1)]
  if (!first || !last) throw new Error('invariant: a curve has points')
  const right = width - margin.right
  const bottom = height - margin.bottom
  const across = (value: number) => {
    const share = Math.log(value / first[0]) / Math.log(last[0] / first[0])
    return margin.left + inset + share * (right - margin.left - 2 * inset)
  }
  const up = (value: number) => bottom - (value / top) * (bottom - margin.top)
  const at = (value: number) => value.toFixed(1)
  const steps = [0, 1, 2, 3, 4].map((n) => (top / 4) * n)
  return [
    ...steps.map(
      (value) =>
        `<line class="axis" x1="${margin.left}" x2="${right}" y1="${at(up(value))}" y2="${at(up(value))}"/><text x="${margin.left - 6}" y="${at(up(value) + 4)}" text-anchor="end">${short(value)}</text>`
    ),
    ...points.map(
      ([value]) => `<text x="${at(across(value))}" y="${bottom + 16}" text-anchor="middle">${thousands(value)}</text>`
    ),
    `<text x="${(margin.left + right) / 2}" y="${height - 8}" text-anchor="middle">${escaped(x)}</text>`,
    `<polyline class="curve" points="${points.map(([a, b]) => `${at(across(a))},${at(up(b))}`).join(' ')}"/>`,
    ...points.map(
      ([a, b]) =>
        `<circle class="dot" cx="${at(across(a))}" cy="${at(up(b))}" r="3"/><text x="${at(across(a))}" y="${at(up(b) - 8)}" text-anchor="middle">${short(b)}</text>`
    )
  ].join('\n')
}

/** The next of 1, 2, 4, 8, 10, 20, … that leaves some room above. */
function ceiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value * 1.15))
  return ([1, 2, 4, 8, 10].find((step) => step * power >= value * 1.15) ?? 10) * power
}

function short(value: number): string {
  return value < 10 && value !== Math.round(value) ? value.toFixed(1) : count(value)
}

function thousands(value: number): string {
  return value >= 1000 ? `${count(value / 1000)}k` : count(value)
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
}
