import { describe, expect, it } from 'vitest'
import { numberOf } from './decimal.ts'
import type { WorkerView } from './environment.ts'
import { ExpressionError } from './error.ts'
import { compileOrderBy } from './order-by.ts'

const floor = [
  worker('maria', {
    finance: 5,
    support: 1,
    skills: { german: 1 },
    big: numberOf('-17841444523369053'),
    levels: { '988EN': 1 }
  }),
  worker('lena', { finance: 5, support: 3, big: numberOf('17841444523369053.5'), levels: { '988EN': 2 } }),
  worker('omar', { finance: 2, support: 2, skills: { german: 9 }, big: 17841444523369052 }),
  worker('paul', { finance: '9', support: 2, big: numberOf('1e999') }),
  worker('zoe', { finance: 7.5, big: numberOf('17841444523369053') }),
  worker('new', {})
]

describe('order_by', () => {
  it.each([
    ['worker.finance DESC', 'maria lena omar paul zoe new'],
    ['worker.finance ASC', 'omar maria lena paul zoe new'],
    ['worker.finance', 'omar maria lena paul zoe new'],
    ['worker.finance desc, worker.support desc', 'lena maria omar paul zoe new'],
    ['worker.finance DESC, worker.support ASC', 'maria lena omar paul zoe new'],
    ['worker.support,worker.finance DESC', 'maria omar paul lena zoe new'],
    ['worker.skills.german DESC', 'omar maria lena paul zoe new'],
    ['worker.sid', 'maria lena omar paul zoe new'],
    ['worker.channel.chat.assigned_tasks', 'new zoe paul omar lena maria'],
    ['worker.levels.988EN DESC', 'lena maria omar paul zoe new'],
    ['worker.big DESC', 'paul zoe omar maria lena new'],
    ['worker.big', 'maria omar zoe paul lena new'],
    ['finance DESC', 'maria lena omar paul zoe new'],
    ['task.finance, worker.support DESC', 'lena omar paul maria zoe new'],
    ['worker.nothing DESC', 'maria lena omar paul zoe new']
  ])('%s: %s', (source, expected) => {
    const order = compileOrderBy(source)
    const byWorker = floor.toSorted((a, b) => order.compare(a, b))
    const byKeys = floor.toSorted((a, b) => order.compareKeys(order.keys(a), order.keys(b)))
    expect(byWorker.map(({ sid }) => sid).join(' ')).toBe(expected)
    expect(byKeys).toEqual(byWorker)
  })

  it('leaves ties to the longest idle', () => {
    const order = compileOrderBy('worker.finance DESC')
    expect(floor[0] && floor[1] && order.compare(floor[0], floor[1])).toBe(0)
    expect(floor[3] && floor[5] && order.compare(floor[3], floor[5])).toBe(0)
  })

  it('says what it reads', () => {
    const order = compileOrderBy('worker.a DESC, worker.b.c, worker.a ASC')
    expect(order.worker_paths.map(({ text }) => text)).toEqual(['worker.a', 'worker.b.c'])
    expect(order.terms.map(({ descending }) => descending)).toEqual([true, false, false])
    expect(order.keys(worker('x', { a: 1, b: { c: 'high' } }))).toEqual([1, undefined, 1])
  })

  it.each([
    ['', "mismatched input '<EOF>' expecting worker.<attribute>", 1],
    ['worker.a DOWN', "mismatched input 'DOWN' expecting {ASC, DESC}", 10],
    ['worker.a DESC,', "mismatched input '<EOF>' expecting worker.<attribute>", 15],
    ['worker.a DESC worker.b', "extraneous input 'worker' expecting {<EOF>, ','}", 15],
    ['worker.a-b DESC', "extraneous input '-' expecting {<EOF>, ','}", 9]
  ])('refuses %j: %s', (source, message, column) => {
    expect(() => compileOrderBy(source)).toThrow(expect.objectContaining({ message, column }))
    expect(() => compileOrderBy(source)).toThrow(ExpressionError)
  })
})

function worker(sid: string, attributes: unknown): WorkerView {
  const assigned_tasks = ['new', 'zoe', 'paul', 'omar', 'lena', 'maria'].indexOf(sid)
  return {
    sid,
    friendly_name: sid,
    activity_sid: 'WAidle',
    activity_name: 'Idle',
    attributes,
    channel: () => ({ configured_capacity: 9, assigned_tasks, available_capacity_percentage: 50 })
  }
}
