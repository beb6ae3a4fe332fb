import fc from 'fast-check'
import { expect, it } from 'vitest'
import { FilterFinder } from './filter-finder.ts'
import { parseWorkflowDocument } from './workflow-document.ts'

const expressions = fc.constantFrom(
  "topic == 'a'",
  "'b' == topic",
  "topic == '5'",
  'topic == 5',
  'topic == 5.0',
  'topic == null',
  'topic == true',
  "topic == 'a' AND vip == true",
  "topic == 'a' OR topic == 'b'",
  "vip == true AND topic IN ['a', 'b']",
  "topic.name == 'a'",
  "topic != 'a'",
  '1 == 1',
  'vip'
)
const values = fc.constantFrom('a', 'b', '5', '5.0', 5, true, null, ['a'], { name: 'a' }, undefined)

it('finds what trying every filter from the top would find', () => {
  fc.assert(
    fc.property(
      fc.array(expressions, { minLength: 1, maxLength: 12 }),
      fc.record({ topic: values, vip: fc.constantFrom(true, false, undefined) }),
      (sources, attributes) => {
        const filters = sources.map((expression) => ({ expression, targets: [{ queue: 'WQ1' }] }))
        const document = parseWorkflowDocument(JSON.stringify({ task_routing: { filters } }))
        const finder = new FilterFinder(document.filters)
        const task = { attributes: JSON.parse(JSON.stringify(attributes)) as unknown }
        for (let start = 0; start <= filters.length; start++) {
          const expected = document.filters.find(({ index, expression }) => index >= start && expression.matches(task))
          expect(finder.first(task, start)).toBe(expected)
          expect(document.finder.first(task, start)).toBe(expected)
        }
      }
    ),
    { numRuns: 500 }
  )
})
