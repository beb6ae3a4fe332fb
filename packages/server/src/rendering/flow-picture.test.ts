import { ask, definition, greeter, orderLookup, phoneMenu, say, split, trigger } from '@ringdown/engine/testing/flows'
import { describe, expect, it } from 'vitest'
import { drawingOf, overlap } from './flow-drawing.ts'
import { flowMermaid, flowSvg } from './flow-picture.ts'

/** A menu of menus: forty widgets. */
const forty = definition([
  trigger({ incomingConversationMessage: 'm0' }),
  ...Array.from({ length: 13 }, (_, n) => [
    ask(`m${n}`, `Menu ${n}: choose one of the many things that we can do for you today`, `r${n}`, { timeout: 'bye' }),
    split(
      `r${n}`,
      `{{widgets.m${n}.inbound.Body}}`,
      [
        ['equal_to', '1', `m${(n + 1) % 13}`],
        ['matches_any_of', 'two,deux,zwei', `s${n}`]
      ],
      `m${n}`
    ),
    say(`s${n}`, `Said ${n}`, n < 12 ? `m${n + 1}` : 'bye')
  ]).flat(),
  say('bye', 'Bye.')
])

const workflow = `WW${'0'.repeat(32)}`
const examples: readonly (readonly [string, string])[] = [
  ['greeter', greeter(workflow, 'chat')],
  ['look-up', orderLookup('https://acme.example/orders')],
  ['phone', phoneMenu(workflow, 'voice')],
  ['forty', forty]
]

interface Place {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** Where texts stand, in letters that are rather wide. */
function labelsOf(svg: string): (Place & { readonly text: string })[] {
  const texts = svg.matchAll(/<text class="(\w+)[^"]*" x="([\d.]+)" y="([\d.]+)"( text-anchor="end")?>([^<]*)</g)
  return [...texts].map(([, kind, x, y, atEnd, text = '']) => {
    const letters = [...text.replaceAll(/&\w+;/g, '.')].length
    const width = letters * (kind === 'name' ? 9 : 7)
    const height = kind === 'name' ? 13 : 11
    return { text, x: Number(x) - (atEnd ? width : 0), y: Number(y) - height, width, height }
  })
}

function meet(a: Place, b: Place): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height
}

function isWithin(label: Place, box: Place): boolean {
  return (
    label.x >= box.x &&
    label.x + label.width <= box.x + box.width &&
    label.y >= box.y &&
    label.y + label.height <= box.y + box.height
  )
}

/** Points along a way: lines, and curves of four points. */
function pointsOf(course: string): readonly { readonly x: number; readonly y: number }[] {
  const points: { x: number; y: number }[] = []
  let [x, y] = [0, 0]
  for (const [, letter = '', given = ''] of course.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const numbers = given.trim().split(/[ ,]+/).map(Number)
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = numbers
    const curve = {
      M: [a, b, a, b, a, b],
      H: [x, y, a, y, a, y],
      V: [x, y, x, a, x, a],
      C: [a, b, c, d, e, f]
    }[letter]
    if (!curve) throw new Error(`${letter} is not known here`)
    const [x1 = 0, y1 = 0, x2 = 0, y2 = 0, x3 = 0, y3 = 0] = curve
    const at = (t: number, p: readonly [number, number, number, number]) =>
      (1 - t) ** 3 * p[0] + 3 * (1 - t) ** 2 * t * p[1] + 3 * (1 - t) * t ** 2 * p[2] + t ** 3 * p[3]
    if (letter !== 'M')
      for (let t = 0; t <= 1; t += 0.02) points.push({ x: at(t, [x, x1, x2, x3]), y: at(t, [y, y1, y2, y3]) })
    x = x3
    y = y3
  }
  return points
}

describe('the picture of a flow', () => {
  it.each(examples)('%s: no two boxes, and so no two labels, overlap', (_name, text) => {
    const { boxes, width, height } = drawingOf(text)
    expect(overlap(boxes)).toBe(false)
    for (const { x, y, width: w, height: h } of boxes) {
      expect(x).toBeGreaterThanOrEqual(0)
      expect([x + w <= width, y + h <= height]).toEqual([true, true])
    }
    // As wide and as often visited as it can be.
    const wide = text.replaceAll(/"name":"(?!Trigger)/g, '"name":"WWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWWW')
    const visits = new Map(
      [...wide.matchAll(/"name":"([^"]*)"/g)].map(([, name = '']) => [name, { times: 999, at: 0 }])
    )
    for (const [definition, path] of [[text], [wide, { visits, ways: new Map() }]] as const) {
      const labels = labelsOf(flowSvg({ title: 'x', definition, path }))
      expect(labels.length).toBeGreaterThan(20)
      expect(labels.flatMap((one, place) => labels.slice(place + 1).filter((other) => meet(one, other)))).toEqual([])
      const drawn = drawingOf(definition, path).boxes
      expect(labels.filter((one) => !drawn.some((box) => isWithin(one, box)))).toEqual([])
    }
  })

  it.each(examples)('%s: no arrow runs behind a box', (_name, text) => {
    const { boxes } = drawingOf(text)
    const ways = [...flowSvg({ title: 'x', definition: text }).matchAll(/<path class="way" d="([^"]*)"/g)]
    expect(ways).toHaveLength(boxes.flatMap(({ lines }) => lines.filter(({ to }) => to !== undefined)).length)
    const behind = ways.flatMap(([, course = '']) =>
      pointsOf(course).flatMap(({ x, y }) => {
        const isOver = (box: Place) =>
          x > box.x + 1 && x < box.x + box.width - 1 && y > box.y + 1 && y < box.y + box.height - 1
        const hiding = boxes.find(isOver)
        return hiding ? [`${hiding.name}: ${course}`] : []
      })
    )
    expect(behind).toEqual([])
  })

  it('keeps the places that an editor has stored', () => {
    const stored = JSON.parse(orderLookup('https://acme.example'))
    for (const [place, state] of stored.states.entries())
      state.properties.offset = { x: (place % 3) * 300, y: Math.floor(place / 3) * 260 }
    const { boxes } = drawingOf(JSON.stringify(stored))
    expect(boxes.slice(0, 4).map(({ x, y }) => [x - 24, y - 24])).toEqual([
      [0, 0],
      [300, 0],
      [600, 0],
      [0, 260]
    ])
  })

  it('marks the way of an execution, with times and counts', () => {
    const path = {
      visits: new Map([['ask_name', { times: 2, at: Date.parse('2026-03-02T09:05:07Z') }]]),
      ways: new Map([['Trigger incomingConversationMessage ask_name', 2]])
    }
    const svg = flowSvg({ title: 'x', definition: greeter(workflow, 'chat'), path })
    expect(svg).toContain('09:05:07 ×2')
    expect(svg).toContain('incomingConversationMessage ×2')
    expect(svg.match(/class="way went"/g)).toHaveLength(1)
    expect(flowMermaid({ title: 'x', definition: greeter(workflow, 'chat'), path })).toContain('==>')
  })

  it('holds nothing of a definition as markup', () => {
    const evil = '</text><script>alert(1)</script>"]; click x "javascript:alert(1)" %%{init}%% \u0000\u202e&amp;'
    const states = [trigger({}), { ...say('a', evil), name: evil.replaceAll(/\s/g, '_'), type: evil }]
    const text = JSON.stringify({ initial_state: 'Trigger', states })
    const svg = flowSvg({ title: evil, definition: text })
    expect(svg).not.toMatch(/<script|<\/text><|\0/)
    expect(svg).toContain('&lt;script&gt;')
    const chart = flowMermaid({ title: evil, definition: text })
    expect(chart).not.toMatch(/["[\]]; click|script>|%%\{/)
    expect(flowSvg({ title: '', definition: 'nonsense' })).toContain('<svg')
  })

  it('is made of a thousand widgets without holding everybody up', () => {
    const states = Array.from({ length: 1000 }, (_, n) =>
      n === 0 ? trigger({ incomingMessage: 's1' }) : say(`s${n}`, 'x', `s${(n * 7) % 1000 || 1}`)
    )
    expect(overlap(drawingOf(definition(states)).boxes)).toBe(false)
  })
})
