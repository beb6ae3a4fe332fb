import { describe, expect, it } from 'vitest'
import { workerView } from '../testing/views.ts'
import { World } from '../testing/world.ts'
import { Eligibility } from './eligibility.ts'
import { compile } from './expression/compile.ts'
import { ExpressionIndex } from './expression-index.ts'

const sources = ['team == "red"', 'team IN ["red", "blue"]', 'skills HAS "tax"', 'level > 3', 'friendly_name == "ada"']

function indexOf(...expressions: string[]): { index: ExpressionIndex; eligibilities: Eligibility[] } {
  const world = new World()
  const workspaceIndex = world.state.matcher.workspaceIndex(world.workspace_sid)
  const index = new ExpressionIndex()
  const eligibilities = expressions.map(
    (source, slot) => new Eligibility(workspaceIndex, compile(source, 'worker'), slot)
  )
  for (const eligibility of eligibilities) index.add(eligibility)
  return { index, eligibilities }
}

/** Sources of the expressions that are to be evaluated for a worker with these attributes. */
function found(index: ExpressionIndex, attributes: object): string[] {
  const expressions = new Set<string>()
  index.visit(workerView(attributes), ({ expression }) => expressions.add(expression.source))
  return [...expressions].sort()
}

describe('the index of expressions', () => {
  it.each([
    ['nothing to be found by', {}, []],
    ['a team', { team: 'red' }, ['team == "red"', 'team IN ["red", "blue"]']],
    ['another team', { team: 'blue' }, ['team IN ["red", "blue"]']],
    ['a skill among others', { skills: ['law', 'tax'] }, ['skills HAS "tax"']],
    ['a skill that is no list', { skills: 'tax' }, []]
  ])('finds for a worker with %s what requires it, and always what requires no value', (_, attributes, expected) => {
    const { index } = indexOf(...sources)
    expect(found(index, attributes)).toEqual(['friendly_name == "ada"', 'level > 3', ...expected])
  })

  it('misses nothing that accepts the worker', () => {
    const { index, eligibilities } = indexOf(...sources)
    for (const attributes of [{}, { team: 'red', level: 4 }, { skills: ['tax'], level: 1 }, { team: ['red'] }]) {
      const view = workerView(attributes)
      const accepting = eligibilities.filter(({ expression }) => expression.matches(undefined, view))
      expect(found(index, attributes)).toEqual(expect.arrayContaining(accepting.map((one) => one.expression.source)))
    }
  })

  it('never looks for anybody where an expression is never true', () => {
    expect(found(indexOf('1 == 2').index, { team: 'red' })).toEqual([])
  })

  it('finds no longer what was removed, and still what shares its value', () => {
    const { index, eligibilities } = indexOf(...sources)
    for (const eligibility of eligibilities)
      if (eligibility.expression.source !== 'team IN ["red", "blue"]') index.remove(eligibility)
    expect(found(index, { team: 'red', skills: ['tax'], level: 9 })).toEqual(['team IN ["red", "blue"]'])
  })
})
