import { describe, expect, it } from 'vitest'
import { clausesOf } from './clause.ts'
import { compile } from './compile.ts'
import { readJson } from './decimal.ts'

/* Which clause fails, with the values that it read; below OR and NOT the parts that made it fail. */

const task = { attributes: { language: 'fr', tier: 'gold', note: 'x'.repeat(2000) } }
const worker = {
  sid: 'WK1',
  friendly_name: 'Ada',
  activity_sid: 'WA1',
  activity_name: 'Available',
  attributes: { level: 2, languages: ['en', 'de'], vip: true },
  channel: () => ({ configured_capacity: 3, assigned_tasks: 2, available_capacity_percentage: 33 })
}
const clausesIn = (source: string) => clausesOf(compile(source, 'target'), task, worker)

/** The parts that are clauses, as text with what they came to. */
function outline(clauses: readonly ReturnType<typeof clausesIn>[number][] | undefined): unknown[] {
  return (clauses ?? []).map(({ expression, matches, parts }) => [expression, matches, ...outline(parts)])
}

describe('the clauses of an expression', () => {
  it.each<[string, unknown[]]>([
    ['worker.level > 1', [['worker.level > 1', true]]],
    [
      'worker.level > 1 AND (worker.level > 5 OR worker.languages HAS task.language)',
      [
        ['worker.level > 1', true],
        [
          'worker.level > 5 OR worker.languages HAS task.language',
          false,
          ['worker.level > 5', false],
          ['worker.languages HAS task.language', false]
        ]
      ]
    ],
    ['NOT worker.vip', [['NOT worker.vip', false, ['worker.vip', true]]]],
    [
      'NOT (worker.level > 5 OR worker.vip)',
      [['NOT (worker.level > 5 OR worker.vip)', false, ['worker.level > 5 OR worker.vip', true, ['worker.vip', true]]]]
    ],
    [
      "(task.tier == 'gold' AND worker.level > 3) OR worker.level == 9",
      [
        [
          "(task.tier == 'gold' AND worker.level > 3) OR worker.level == 9",
          false,
          ["(task.tier == 'gold' AND worker.level > 3)", false, ['worker.level > 3', false]],
          ['worker.level == 9', false]
        ]
      ]
    ]
  ])('%s', (source, expected) => {
    expect(outline(clausesIn(source))).toEqual(expected)
  })

  it('show what they read, null where there is nothing', () => {
    expect(clausesIn('worker.channel.chat.assigned_tasks == 0 OR worker.team == 1')[0]?.parts).toEqual([
      {
        expression: 'worker.channel.chat.assigned_tasks == 0',
        matches: false,
        values: { 'worker.channel.chat.assigned_tasks': 2 }
      },
      { expression: 'worker.team == 1', matches: false, values: { 'worker.team': null } }
    ])
  })

  it('show numbers that no double stands for with all their digits', () => {
    const read = (text: string) => ({ attributes: readJson(text) })
    const [clause] = clausesOf(
      compile('task.id == worker.ids[0] OR task.id == 12345678901234567899', 'target'),
      read('{"id":12345678901234567891}'),
      { ...worker, ...read('{"ids":[12345678901234567890, -0.12345678901234567891]}') }
    )
    expect(clause?.values).toEqual({ 'task.id': '12345678901234567891', 'worker.ids[0]': '12345678901234567890' })
    const [list] = clausesOf(compile('worker.ids == 1', 'target'), undefined, {
      ...worker,
      ...read('{"ids":[1, -120000000000000000000001, 0.12345678901234567891]}')
    })
    expect(list?.values).toEqual({
      'worker.ids': [1, '-120000000000000000000001', '0.12345678901234567891e0']
    })
  })

  it('stay short, whatever the length of expression and values, and failing ones come first', () => {
    const source = `${Array.from({ length: 40 }, (_, i) => `worker.level != ${i + 10}`).join(' AND ')} AND task.note == 'y'`
    const clauses = clausesIn(source)
    expect(clauses).toHaveLength(20)
    expect(clauses[0]).toMatchObject({ expression: "task.note == 'y'", matches: false })
    expect(String(clauses[0]?.values['task.note']).length).toBeLessThan(600)
    const wide = Array.from({ length: 3000 }, (_, i) => `worker.level == ${i + 10}`).join(' OR ')
    expect(JSON.stringify(clausesIn(wide)).length).toBeLessThan(20_000)
  })

  it('of the empty TargetWorkers are one that nobody matches', () => {
    expect(clausesOf(compile('', 'worker'), undefined, worker)).toEqual([
      { expression: '', matches: false, values: {} }
    ])
  })
})
