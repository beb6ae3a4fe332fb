import {
  type Box,
  cutText,
  type Drawing,
  drawingOf,
  type Line,
  measures,
  type Path,
  type Point
} from './flow-drawing.ts'

/*
 * A flow as an SVG that stands alone, readable in light and dark, and as the text of a Mermaid chart. What the definition
 * says is text wherever it stands: no character of it is markup.
 */

export interface Pictured {
  readonly title: string
  readonly definition: string
  /** What an execution did; its way is marked. */
  readonly path?: Path | undefined
}

const style = `
  svg{background:#fff;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
  .box{fill:#f6f8fa;stroke:#8c959f}.bar{fill:#0969da}.name{fill:#1f2328;font-size:13px;font-weight:600}
  .type,.time{fill:#59636e;font-size:11px}.text{fill:#1f2328;font-size:11px}.line{fill:#1f2328;font-size:11px}
  .end{fill:#59636e}.rule{stroke:#d1d9e0}.way{fill:none;stroke:#8c959f;stroke-width:1.5}.dot,.tip{fill:#8c959f}
  .went .box{stroke:#1a7f37;stroke-width:2}.went .bar{fill:#1a7f37}.way.went{stroke:#1a7f37;stroke-width:2.5}
  .dot.went,.tip.went{fill:#1a7f37}.line.went{fill:#1a7f37;font-weight:600}
  @media (prefers-color-scheme:dark){
    svg{background:#0d1117}.box{fill:#161b22;stroke:#656c76}.bar{fill:#4493f8}.name,.text,.line{fill:#f0f6fc}
    .type,.time,.end{fill:#9198a1}.rule{stroke:#3d444d}.way{stroke:#656c76}.dot,.tip{fill:#656c76}
    .went .box{stroke:#3fb950}.went .bar{fill:#3fb950}.way.went{stroke:#3fb950}.dot.went,.tip.went{fill:#3fb950}
    .line.went{fill:#3fb950}
  }`

/** The SVG of a flow. */
export function flowSvg({ title, definition, path }: Pictured): string {
  const drawing = drawingOf(definition, path)
  const { boxes, width, height } = drawing
  const places = new Map(boxes.map((box) => [box.name, box]))
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title>${escapedXml(title)}</title>`,
    `<style>${style}</style>`,
    ...boxes.flatMap((box) => waysOf(box, places, drawing)),
    ...boxes.map(boxSvg),
    '</svg>'
  ].join('\n')
}

function boxSvg(box: Box): string {
  const { x, y, width, height, name, type, texts, lines, visit } = box
  const { header, text, line } = measures
  const under = y + header + texts.length * text
  return [
    `<g${visit ? ' class="went"' : ''}>`,
    `<rect class="box" x="${x}" y="${y}" width="${width}" height="${height}" rx="6"/>`,
    `<rect class="bar" x="${x}" y="${y + 6}" width="4" height="${Math.min(30, height - 12)}"/>`,
    `<text class="name" x="${x + 12}" y="${y + 18}">${escapedXml(cutText(name, 30))}</text>`,
    ...(visit
      ? [`<text class="time" x="${x + width - 10}" y="${y + 34}" text-anchor="end">${visitText(visit)}</text>`]
      : []),
    `<text class="type" x="${x + 12}" y="${y + 34}">${escapedXml(cutText(type, visit ? 23 : measures.characters))}</text>`,
    ...texts.map(
      (one, i) => `<text class="text" x="${x + 12}" y="${y + header + 10 + i * text}">${escapedXml(one)}</text>`
    ),
    ...(lines.length > 0
      ? [`<line class="rule" x1="${x + 4}" x2="${x + width}" y1="${under + 2}" y2="${under + 2}"/>`]
      : []),
    ...lines.map((one, i) => lineSvg(one, x, under + (i + 1) * line - 2)),
    '</g>'
  ].join('')
}

function lineSvg({ label, to, times }: Line, x: number, y: number): string {
  const kind = times > 0 ? ' went' : to === undefined ? ' end' : ''
  const told = times > 1 ? `${cutText(label, measures.characters - 6)} ×${times}` : cutText(label, measures.characters)
  return `<text class="line${kind}" x="${x + 12}" y="${y}">${escapedXml(told)}${to === undefined ? ' ■' : ''}</text>`
}

/** An arrow from the end of each line to its box: from above to the top, from below to the side. */
function waysOf(box: Box, places: ReadonlyMap<string, Box>, { width }: Drawing): string[] {
  return box.lines.flatMap(({ to, times, via }, i) => {
    const target = to === undefined ? undefined : places.get(to)
    if (!target) return []
    const went = times > 0 ? ' went' : ''
    const { course, start, tip } = wayOf({ box, line: i, via, target }, width)
    return [
      `<path class="way${went}" d="${course}"/>`,
      `<circle class="dot${went}" cx="${start.x}" cy="${start.y}" r="3"/>`,
      `<path class="tip${went}" d="${tip}"/>`
    ]
  })
}

interface Way {
  readonly box: Box
  /** Which of its lines. */
  readonly line: number
  readonly via: readonly Point[]
  readonly target: Box
}

/** An arrow as it is drawn. */
interface Drawn {
  readonly course: string
  readonly start: Point
  readonly tip: string
}

const middleOf = ({ x, width }: Box): number => x + width / 2

/**
 * It leaves its box at the side, in a lane beside it, and goes through the room between rows alone, where it bends: so it is
 * behind no box. Boxes that stand as an editor has put them have no rows: what leads to somewhere beside goes as it can.
 */
function wayOf(way: Way, width: number): Drawn {
  const { box, line, via, target } = way
  const { header, text, line: height } = measures
  const isRight = (via[0]?.x ?? middleOf(target)) >= middleOf(box)
  const side = isRight ? 1 : -1
  const start = {
    x: isRight ? box.x + box.width : box.x,
    y: box.y + header + box.texts.length * text + (line + 0.65) * height
  }
  const lane = start.x + side * Math.min(18, 8 + 4 * (box.lines.length - 1 - line))
  const end = { x: middleOf(target), y: target.y - 7 }
  const onTop = `M${end.x - 5} ${end.y}h10l-5 7z`
  const out = `M${start.x} ${start.y}H${lane}`
  if (target.row.top - box.row.bottom >= minRoom) {
    const points = [{ x: lane, y: box.row.bottom }, ...via, { x: end.x, y: target.row.top - 8 }]
    return { course: `${out}V${box.row.bottom}${through(points)}V${end.y}`, start, tip: onTop }
  }
  if (box.row.top - target.row.bottom >= minRoom) {
    const last = via.at(-1)?.x ?? lane
    const from = last >= middleOf(target) ? 1 : -1
    const into = { x: from > 0 ? target.x + target.width : target.x, y: target.y + 20 }
    const beside = into.x + from * 14
    const points = [{ x: lane, y: box.row.top }, ...via, { x: beside, y: target.row.bottom }]
    const course = `${out}V${box.row.top}${through(points)}V${into.y}H${into.x + from * 7}`
    return { course, start, tip: `M${into.x + from * 7} ${into.y - 5}v10l${-7 * from} -5z` }
  }
  const reach = Math.max(4, Math.min(width - 4, start.x + side * Math.min(60, 24 + Math.abs(end.x - start.x) / 4)))
  const bend = Math.max(24, Math.min(120, Math.abs(end.y - start.y) / 2))
  const course = `M${start.x} ${start.y}C${reach} ${start.y} ${end.x} ${end.y - bend} ${end.x} ${end.y}`
  return { course, start, tip: onTop }
}

/** Between two rows an arrow needs so much to bend. */
const minRoom = 24

/** Down or up through rows, straight, and between them from one place to the next. */
function through([first, ...others]: readonly Point[]): string {
  let at = first
  let isBetween = true
  const parts: string[] = []
  for (const next of others) {
    if (at) {
      const half = Math.round((at.y + next.y) / 2)
      parts.push(isBetween ? `C${at.x} ${half} ${next.x} ${half} ${next.x} ${next.y}` : `V${next.y}`)
    }
    at = next
    isBetween = !isBetween
  }
  return parts.join('')
}

function visitText({ times, at }: { readonly times: number; readonly at: number }): string {
  const time = new Date(at).toISOString().slice(11, 19)
  return times > 1 ? `${time} ×${times}` : time
}

/** The chart as text: `flowchart TD` and a line for each box and each arrow. */
export function flowMermaid({ definition, path }: Pictured): string {
  const { boxes } = drawingOf(definition, path)
  const ids = new Map(boxes.map(({ name }, place) => [name, `w${place}`]))
  const lines = boxes.flatMap((box, place) => [
    `  w${place}["${escapedMermaid(cutText(box.name, 60))}<br/>${escapedMermaid(cutText(box.type, 60))}"]${box.visit ? ':::went' : ''}`,
    ...box.lines.flatMap(({ label, to, times }) => {
      const target = to === undefined ? undefined : ids.get(to)
      const told = escapedMermaid(`${cutText(label, 60)}${times > 1 ? ` ×${times}` : ''}`)
      return target === undefined ? [] : [`  w${place} ${times > 0 ? '==>' : '-->'}|"${told}"| ${target}`]
    })
  ])
  return ['flowchart TD', ...lines, '  classDef went stroke-width:3px', ''].join('\n')
}

/** Text inside of an element. Characters that XML does not have are left out. */
function escapedXml(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Surrogate}\ufffe\uffff]/gu, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

/** Letters, digits and blanks are themselves; all else is written by its number. */
function escapedMermaid(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N} ._-]/gu, (character) => `#${character.codePointAt(0)};`)
}
