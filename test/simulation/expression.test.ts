import { compile } from '@ringdown/engine/routing/expression/compile'
import { readJson } from '@ringdown/engine/routing/expression/decimal'
import { describe, expect, it } from 'vitest'
import { Dice } from './dice.ts'
import { dig, isTrue } from './expression.ts'
import { jsonOf } from './numeral.ts'

const text = `{"level": 3, "spelled": "6", "languages": ["en", "de", 7], "skills": {"english": 2, "988EN": 2}, "vip": true,
  "none": null, "page": 17841444523369053, "told": "17841444523369052", "huge": 1e999, "tenth": 0.1,
  "pages": [17841444523369053, "123456789012345678901234567890", 1, 2, 3, 4, 5, 6, 0.10]}`
const ada = jsonOf(text)

const rows: readonly (readonly [expression: string, answer: boolean])[] = [
  ['1==1', true],
  ['', false],
  ['level >= 3 AND languages HAS "en"', true],
  ['level > 3 OR vip', true],
  ['false AND false OR true', true],
  ['NOT (level == 3)', false],
  ['spelled > 5', true],
  ["spelled == 6 and spelled != '7'", true],
  ['languages >- "7"', true],
  ['level >-5', true],
  ['"de" <- languages', true],
  ["'fr' NOT IN languages", true],
  ['level HAS 3', false],
  ['languages == "en"', false],
  ['languages != "en"', false],
  ['missing == null', true],
  ['none == NULL', true],
  ["missing != 'x'", true],
  ['missing < 1', false],
  ['missing IN [null, 1]', false],
  ['missing NOT IN [1]', true],
  ['skills.english == 2 && languages[1] contains "d"', true],
  ["'a\\'b' == \"a'b\"", true],
  ['vip == "true"', false],
  ['page == 17841444523369053', true],
  ['page == 17841444523369052', false],
  ['page > 17841444523369052 AND page < 17841444523369054', true],
  ['page > told', true],
  ['pages HAS 17841444523369052', false],
  ['123456789012345678901234567890.0 IN pages', true],
  ['123456789012345678901234567891 IN pages', false],
  ['huge > 123456789012345678901234567890', true],
  ['tenth == 0.100 AND tenth != 0.10000000000000000001', true],
  ['skills.988EN == 2', true],
  ['page.length == null', true]
]

describe('expressions, told a second time', () => {
  for (const [expression, answer] of rows) {
    it(`${expression || '(nothing)'} is ${answer}`, () => {
      expect(isTrue(expression, (keys) => dig(ada, keys))).toBe(answer)
    })
  }

  it('answers as the engine does, whatever is asked', () => {
    const dice = new Dice([1, 2, 3, 4])
    const operand = () =>
      dice.of([
        'level',
        'spelled',
        'languages',
        'skills.english',
        'vip',
        'none',
        'missing',
        'languages[2]',
        '3',
        "'6'",
        '"en"',
        'null',
        'true',
        '[3, "en", 6]',
        'page',
        'told',
        'huge',
        'tenth',
        'pages',
        'skills.988EN',
        '17841444523369052',
        '17841444523369053.0',
        "'17841444523369053'",
        '-123456789012345678901234567890',
        '0.10000000000000000001',
        '[17841444523369052, "123456789012345678901234567891"]',
        '-2.5'
      ])
    const operator = () =>
      dice.of([
        '==',
        '!=',
        '<',
        '<=',
        '>',
        '>=',
        'HAS',
        'IN',
        'CONTAINS',
        'NOT IN',
        'NOT HAS',
        'NOT CONTAINS',
        '=',
        '>-',
        '<-'
      ])
    const part = () => `${dice.chance(20) ? 'NOT ' : ''}${operand()} ${operator()} ${operand()}`
    const whole = () => (dice.chance(50) ? part() : `${part()} AND (${part()} OR ${part()}) OR ${part()}`)
    const view = { attributes: readJson(text) }
    let trues = 0
    for (let i = 0; i < 3000; i++) {
      const source = whole()
      const answer = isTrue(source, (keys) => dig(ada, keys))
      if (answer !== compile(source, 'task').matches(view))
        expect(`${source} is ${!answer}`).toBe(`${source} is ${answer}`)
      if (answer) trues++
    }
    expect(trues).toBeGreaterThan(300)
  })
})
