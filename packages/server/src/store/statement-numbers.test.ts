import { describe, expect, it } from 'vitest'
import type { Step } from './sqlite-thread.ts'
import { KnownStatements, StatementNumbers } from './statement-numbers.ts'

const step = (sql: string, values: readonly number[], must?: true): Step => ({
  sql,
  width: 2,
  values: [...values],
  ...(must && { must })
})

/** As it comes out on the other thread. */
const said = (steps: readonly Step[]) =>
  steps.map(({ sql, width, must, values }) => ({ sql, width, must, count: values.length }))

describe('statements on their way to another thread', () => {
  it('come out as they went in, and each text is posted once', () => {
    const [numbers, known] = [new StatementNumbers(), new KnownStatements()]
    const transactions = [
      [step('head', [1, 2], true), step('rows', [1, 2, 3, 4])],
      [],
      [step('head', [3, 4], true), step('log', []), step('rows', [5, 6]), step('log', [7, 8])]
    ]
    const posted = transactions.map((steps) => numbers.numbered(steps))
    expect(posted.map((one) => known.of(structuredClone(one)))).toEqual(transactions.map(said))
    expect(posted.map(({ fresh }) => fresh.map(({ sql }) => sql))).toEqual([['head', 'rows'], [], ['log']])
  })

  it('are forgotten by both when they have become many', () => {
    const [numbers, known] = [new StatementNumbers(), new KnownStatements()]
    for (let n = 0; n < 2_000; n++) {
      const steps = [step('head', [n, n], true), step(`of one request: ${n}`, [1, 2])]
      const posted = numbers.numbered(steps)
      expect(posted.known).toBeLessThan(502)
      expect(known.of(posted)).toEqual(said(steps))
    }
  })

  it('are not run where one was lost on the way', () => {
    const [numbers, known] = [new StatementNumbers(), new KnownStatements()]
    numbers.numbered([step('lost', [])])
    expect(() => known.of(numbers.numbered([step('lost', [])]))).toThrow('statement 0')
  })
})
