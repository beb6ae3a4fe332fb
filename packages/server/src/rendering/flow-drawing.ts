import { createRequire } from 'node:module'
import type * as Dagre from '@dagrejs/dagre'
import {
  type Definition,
  readDefinition,
  type Transition,
  textIn,
  type Widget
} from '@ringdown/engine/studio/definition'

/*
 * What a picture of a flow shows, and where: a box a widget, in it a line for each of its transitions, from which an arrow
 * leads to the next widget. Labels stand inside of boxes, and boxes do not overlap: so labels do not either.
 */

/** What an execution has done, by widget and by transition. */
export interface Path {
  /** By widget: how often it was come to, and when first, in milliseconds. */
  readonly visits: ReadonlyMap<string, { readonly times: number; readonly at: number }>
  /** By `from event to`, as steps name them. */
  readonly ways: ReadonlyMap<string, number>
}

export interface Point {
  readonly x: number
  readonly y: number
}

export interface Line {
  readonly label: string
  /** The box to which it leads; undefined at an end. */
  readonly to: string | undefined
  /** Where its arrow passes the rows between: into each and out of it, in its order. */
  readonly via: readonly Point[]
  /** How often an execution went along. */
  readonly times: number
}

export interface Box {
  readonly name: string
  readonly type: string
  /** What it says or does, in one or two lines. */
  readonly texts: readonly string[]
  readonly lines: readonly Line[]
  /** When an execution came to it, and how often; undefined where none did. */
  readonly visit: { readonly times: number; readonly at: number } | undefined
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
  /** Where its row begins and ends: between rows there is nothing but arrows. */
  readonly row: Row
}

interface Row {
  readonly top: number
  readonly bottom: number
}

export interface Drawing {
  readonly boxes: readonly Box[]
  readonly width: number
  readonly height: number
}

const require = createRequire(import.meta.url)

export const measures = { width: 288, header: 42, text: 15, line: 18, foot: 8, gap: 44, characters: 34 } as const

/** Beyond this many boxes a careful layout would hold everybody else up. */
const maxArranged = 150

/** A definition's boxes, where its editor has put them if they have room there, else arranged. */
export function drawingOf(definition: string, path?: Path): Drawing {
  const { widgets } = readDefinition(definition)
  const sized = [...widgets.values()].map((widget) => sizedBox(widget, widgets, path))
  const placed = byOffsets(sized, widgets) ?? (sized.length <= maxArranged ? arranged(sized) : inRows(sized, widgets))
  return shifted(placed)
}

type Sized = Omit<Box, 'x' | 'y' | 'row'>
type Placed = Omit<Box, 'row'>

function sizedBox(widget: Widget, widgets: Definition['widgets'], path: Path | undefined): Sized {
  const texts = wrapped(mainText(widget))
  const lines = widget.transitions.map((transition): Line => {
    const to = transition.next !== undefined && widgets.has(transition.next) ? transition.next : undefined
    return {
      label: labelOf(transition),
      to,
      via: [],
      times: path?.ways.get(`${widget.name} ${transition.event} ${to ?? 'Ended'}`) ?? 0
    }
  })
  const { header, text, line, foot, width } = measures
  return {
    name: widget.name,
    type: widget.type,
    texts,
    lines,
    visit: path?.visits.get(widget.name),
    width,
    height: header + texts.length * text + lines.length * line + foot
  }
}

/** The first of these that a widget has is what it is about. */
const telling = [
  'body',
  'say',
  'play',
  'url',
  'input',
  'workflow',
  'flow_sid',
  'queue_name',
  'to',
  'content_sid',
  'friendly_name'
]

function mainText({ properties }: Widget): string {
  for (const name of telling) {
    const text = textIn(properties[name])
    if (text) return text
  }
  const variables = properties.variables
  if (!Array.isArray(variables)) return ''
  return variables
    .map((one: { key?: unknown; value?: unknown } | null) => `${textIn(one?.key) ?? ''} = ${textIn(one?.value) ?? ''}`)
    .join(', ')
}

function labelOf({ event, conditions }: Transition): string {
  if (event !== 'match' || conditions.length === 0) return event
  return conditions
    .map(({ type, value }) => (/blank$/.test(type) ? type : `${type} ${value}`).replaceAll('_', ' '))
    .join(' and ')
}

function wrapped(text: string): string[] {
  const words = text.replaceAll(/\s+/g, ' ').trim()
  if (words === '') return []
  const first = cutText(words, measures.characters)
  if (first === words) return [words]
  const most = [...words].slice(0, Math.max(1, [...first].length - 1)).join('')
  // Between words, unless that would leave much of the line empty.
  const blank = words[most.length] === ' ' ? most.length : most.lastIndexOf(' ')
  const begin = blank > most.length / 2 ? words.slice(0, blank) : most
  return [begin, cutText(words.slice(begin.length).trim(), measures.characters)]
}

/** As much of a text as fits into so many places; wide characters take two. */
export function cutText(text: string, places: number): string {
  let used = 0
  let kept = ''
  for (const character of text) {
    used += isWide(character) ? 2 : 1
    if (used > places) return `${kept.slice(0, -1)}…`
    kept += character
  }
  return kept
}

function isWide(character: string): boolean {
  return (character.codePointAt(0) ?? 0) >= 0x1100 && !/^[\u2010-\u2027\u2030-\u205e]$/.test(character)
}

/** Undefined where the editor's places are missing, or too near to one another however they are spread. */
function byOffsets(boxes: readonly Sized[], widgets: Definition['widgets']): Box[] | undefined {
  const places = boxes.map(({ name }) => offsetOf(widgets.get(name)))
  if (boxes.length === 0 || places.some((place) => place === undefined)) return undefined
  for (const scale of [1, 1.25, 1.6, 2]) {
    const placed = boxes.map((box, i) => ({ ...box, x: (places[i]?.x ?? 0) * scale, y: (places[i]?.y ?? 0) * scale }))
    if (!overlap(placed)) return placed.map((box) => ({ ...box, row: { top: box.y, bottom: box.y + box.height } }))
  }
  return undefined
}

function offsetOf(widget: Widget | undefined): { readonly x: number; readonly y: number } | undefined {
  const offset = widget?.properties.offset as { x?: unknown; y?: unknown } | null | undefined // whatever it is, its members are asked
  const { x, y } = offset ?? {}
  const isPlace = [x, y].every((one) => typeof one === 'number' && Math.abs(one) < 100_000)
  return isPlace ? { x: Number(x), y: Number(y) } : undefined
}

/** Whether two boxes have less than some room between them. */
export function overlap(boxes: readonly Placed[]): boolean {
  const room = 12
  const sorted = [...boxes].sort((a, b) => a.y - b.y)
  return sorted.some((box, i) => {
    for (const other of sorted.slice(i + 1)) {
      if (other.y >= box.y + box.height + room) return false
      if (Math.abs(other.x - box.x) < measures.width + room) return true
    }
    return false
  })
}

/** Loaded by the first picture. */
function arranged(boxes: readonly Sized[]): Box[] {
  const dagre = require('@dagrejs/dagre') as typeof Dagre // as its types have it
  const graph = new dagre.graphlib.Graph({ multigraph: true })
  graph.setGraph({ rankdir: 'TB', nodesep: measures.gap, ranksep: measures.gap + 16 })
  for (const [place, { width, height }] of boxes.entries()) graph.setNode(String(place), { width, height })
  const places = new Map(boxes.map(({ name }, place) => [name, String(place)]))
  for (const [place, { lines }] of boxes.entries())
    for (const [line, { to }] of lines.entries()) {
      const target = to === undefined ? undefined : places.get(to)
      if (target !== undefined) graph.setEdge(String(place), target, {}, String(line))
    }
  dagre.layout(graph)
  const placed = boxes.map((box, place) => {
    const node = graph.node(String(place))
    return { ...box, x: (node.x ?? 0) - box.width / 2, y: (node.y ?? 0) - box.height / 2 }
  })
  const rows = rowsOf(placed)
  return placed.map((box, place) => ({
    ...box,
    row: rows.get(middleOf(box)) ?? { top: box.y, bottom: box.y + box.height },
    lines: box.lines.map((one, line) => {
      const target = one.to === undefined ? undefined : places.get(one.to)
      const edge = target === undefined ? undefined : graph.edge(String(place), target, String(line))
      return { ...one, via: viaOf(edge?.points ?? [], rows) }
    })
  }))
}

const middleOf = ({ y, height }: Pick<Placed, 'y' | 'height'>): number => Math.round(y + height / 2)

/** Boxes of a row have their middles on one line. */
function rowsOf(placed: readonly Placed[]): Map<number, Row> {
  const rows = new Map<number, Row>()
  for (const box of placed) {
    const { top, bottom } = rows.get(middleOf(box)) ?? { top: box.y, bottom: box.y + box.height }
    rows.set(middleOf(box), { top: Math.min(top, box.y), bottom: Math.max(bottom, box.y + box.height) })
  }
  return rows
}

/** The layout keeps a place free in each row that an arrow passes; the first and the last of its points are its ends. */
function viaOf(points: readonly Point[], rows: ReadonlyMap<number, Row>): Point[] {
  const goesDown = (points.at(-1)?.y ?? 0) >= (points[0]?.y ?? 0)
  return points.slice(1, -1).flatMap(({ x, y }) => {
    const row = rows.get(Math.round(y))
    if (!row) return []
    const passed = [
      { x, y: row.top },
      { x, y: row.bottom }
    ]
    return goesDown ? passed : passed.reverse()
  })
}

/** One row for all that is as far from the beginning; what is never come to is last. */
function inRows(boxes: readonly Sized[], widgets: Definition['widgets']): Box[] {
  const depth = new Map<string, number>()
  let level = boxes.slice(0, 1).map(({ name }) => name)
  for (let far = 0; level.length > 0; far++) {
    for (const name of level) depth.set(name, far)
    const next = level.flatMap((name) => widgets.get(name)?.transitions.flatMap((one) => one.next ?? []) ?? [])
    level = [...new Set(next)].filter((name) => widgets.has(name) && !depth.has(name))
  }
  const rows = new Map<number, Sized[]>()
  for (const box of boxes) {
    const far = depth.get(box.name) ?? boxes.length
    rows.set(far, [...(rows.get(far) ?? []), box])
  }
  let y = 0
  return [...rows]
    .sort(([a], [b]) => a - b)
    .flatMap(([, row]) => {
      const placed: Box[] = []
      for (let from = 0; from < row.length; from += boxesInRow) {
        const part = row.slice(from, from + boxesInRow)
        const height = Math.max(...part.map((box) => box.height))
        const own = { top: y, bottom: y + height }
        placed.push(...part.map((box, n) => ({ ...box, x: n * (measures.width + measures.gap), y: own.top, row: own })))
        y += height + measures.gap
      }
      return placed
    })
}

const boxesInRow = 12

/** Everything within positive places, with a margin. */
function shifted(boxes: readonly Box[]): Drawing {
  const margin = 24
  const passed = boxes.flatMap(({ lines }) => lines.flatMap(({ via }) => via))
  const left = boxes.length === 0 ? 0 : Math.min(...[...boxes, ...passed].map(({ x }) => x))
  const top = boxes.length === 0 ? 0 : Math.min(...boxes.map(({ y }) => y))
  const [across, down] = [(x: number) => Math.round(x - left + margin), (y: number) => Math.round(y - top + margin)]
  const moved = boxes.map((box) => ({
    ...box,
    x: across(box.x),
    y: down(box.y),
    row: { top: down(box.row.top), bottom: down(box.row.bottom) },
    lines: box.lines.map((line) => ({ ...line, via: line.via.map(({ x, y }) => ({ x: across(x), y: down(y) })) }))
  }))
  return {
    boxes: moved,
    width: Math.max(0, ...moved.map(({ x, width }) => x + width), ...passed.map(({ x }) => across(x))) + margin,
    height: Math.max(0, ...moved.map(({ y, height }) => y + height)) + margin
  }
}
