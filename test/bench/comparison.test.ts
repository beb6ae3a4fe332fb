import { describe, expect, test } from 'vitest'
import { compare, comparisonLines, numberIn } from './comparison.ts'

test.each([
  ['27,213/s', { value: 27213, unit: '/s' }],
  ['36.7 µs', { value: 36.7, unit: 'µs' }],
  ['0.92 ms', { value: 920, unit: 'µs' }],
  ['0.76 s', { value: 760_000, unit: 'µs' }],
  ['602 µs / 311 µs', { value: 602, unit: 'µs' }],
  ['0.66x', { value: 0.66, unit: 'x' }],
  ['154 MB', { value: 154, unit: 'MB' }],
  ['none', undefined],
  ['not measured: Prism is not installed', undefined]
])('%s is a number', (figure, value) => {
  expect(numberIn(figure)).toEqual(value)
})

describe('two revisions', () => {
  const figures = (rate: string, cpu: string) => [
    { what: 'rate', figure: rate },
    { what: 'CPU', figure: cpu }
  ]
  const rounds = [
    { ours: figures('1,000/s', '10.0 µs'), theirs: figures('2,000/s', '20.0 µs') },
    { ours: figures('1,000/s', '11.0 µs'), theirs: figures('1,000/s', '10.0 µs') },
    {
      ours: [...figures('4,000/s', '12.0 µs'), { what: 'new here', figure: '1 µs' }],
      theirs: figures('1,000/s', '10.0 µs')
    }
  ]

  test('are compared by medians; a smaller rate costs more', () => {
    expect(compare(rounds)).toEqual([
      { what: 'rate', ours: 1000, theirs: 1000, unit: '/s', cost: 1, spread: [0.25, 2] },
      { what: 'CPU', ours: 11, theirs: 10, unit: 'µs', cost: 1.1, spread: [0.5, 1.2] }
    ])
    expect(comparisonLines(compare(rounds))[1]).toMatch(/CPU +11 µs +10 µs +costs 1\.10x \(0\.50x to 1\.20x\)/)
  })

  test('more of what has a least target costs less', () => {
    const ours = [{ what: 'over Fastify', figure: '0.80x', target: '>= 0.60x' }]
    const theirs = [{ what: 'over Fastify', figure: '0.40x' }]
    expect(compare([{ ours, theirs }])[0]?.cost).toBe(0.5)
  })

  test('a row that failed in most rounds is not compared', () => {
    expect(compare(rounds.map((round, i) => (i === 0 ? round : { ...round, theirs: undefined })))).toEqual([])
  })
})
