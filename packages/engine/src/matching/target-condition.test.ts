import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { workerView } from '../testing/views.ts'
import { compile } from './expression/compile.ts'
import { compileKnownWorker } from './expression/known-worker.ts'
import { TargetCondition } from './target-condition.ts'

function condition(expression?: string, known_worker?: string): TargetCondition {
  return new TargetCondition(
    expression === undefined ? undefined : compile(expression, 'target'),
    known_worker === undefined ? undefined : compileKnownWorker(known_worker, 'sid')
  )
}

function task(attributes: object) {
  return { attributes }
}

describe('keys of a target condition', () => {
  it('are one for everybody where nothing joins task and worker', () => {
    const open = condition()
    expect(open.keysOfTask(task({}))).toEqual(open.keysOfWorker(workerView({})))
    expect(open.keysOfTask(task({}))).toHaveLength(1)
  })

  it('are the joined value', () => {
    const language = condition('task.language == worker.language')
    expect(language.keysOfTask(task({ language: 'de' }))).toEqual(language.keysOfWorker(workerView({ language: 'de' })))
    expect(language.keysOfTask(task({ language: 'de' }))).not.toEqual(language.keysOfTask(task({ language: 'fr' })))
  })

  it('are all of a list, and none of an empty one', () => {
    const skill = condition('worker.skills HAS task.skill')
    expect(skill.keysOfWorker(workerView({ skills: ['tax', 'tax', 'law', null] }))).toHaveLength(2)
    expect(skill.keysOfWorker(workerView({ skills: [] }))).toEqual([])
    expect(skill.keysOfWorker(workerView({ skills: ['law', 'tax'] }))).toEqual(
      expect.arrayContaining([...(skill.keysOfTask(task({ skill: 'tax' })) ?? [])])
    )
  })

  it('are undefined for a task that nobody can fit', () => {
    expect(condition('task.vip == true').keysOfTask(task({ vip: false }))).toBeUndefined()
    expect(condition('worker.skills HAS task.skill').keysOfTask(task({}))).toBeUndefined()
    expect(condition(undefined, 'task.agent').keysOfTask(task({}))).toBeUndefined()
  })

  it('combine joins and the known worker', () => {
    const both = condition('task.language == worker.language', 'task.agent')
    const [key] = both.keysOfWorker(workerView({ language: 'de' }, 'WKbea'))
    expect(both.keysOfTask(task({ language: 'de', agent: 'WKbea' }))).toEqual([key])
    expect(both.keysOfTask(task({ language: 'de', agent: 'WKada' }))).not.toEqual([key])
  })

  it('never come from channel figures, which change with every reservation', () => {
    const figures = condition('task.n == worker.channel.chat.assigned_tasks')
    expect(figures).toMatchObject({ readsFigures: true, isMixed: true })
    expect(figures.keysOfWorker(workerView({}))).toEqual(condition().keysOfWorker(workerView({})))
  })

  it('of a worker are remembered with its view', () => {
    const language = condition('task.language == worker.language')
    const view = workerView({ language: 'de' })
    expect(language.keysOfWorker(view)).toBe(language.keysOfWorker(view))
  })
})

const expressions = fc.constantFrom(
  'task.a == worker.a',
  'worker.list HAS task.a',
  'task.list HAS worker.a AND task.b == worker.b',
  'task.a == worker.a AND task.b > worker.b',
  'task.a != worker.a AND worker.b == 1',
  'task.b == 1 AND worker.a IN ["x", "y"]',
  'task.a == worker.a OR task.b == worker.b',
  'task.list HAS worker.a AND worker.list HAS task.a',
  '1 == 1'
)
const scalars = fc.constantFrom('x', 'y', '1', 1, 2, null, true, undefined)
const attributes = fc.record({ a: scalars, b: scalars, list: fc.array(scalars, { maxLength: 3 }) })

describe('a worker who fits a task', () => {
  it('shares a key with it, is admitted, and fits by class', () => {
    let fitting = 0
    fc.assert(
      fc.property(expressions, attributes, attributes, (source, ofTask, ofWorker) => {
        const parsed = condition(source)
        const worker = workerView(ofWorker)
        if (!parsed.fits(task(ofTask), worker)) return
        fitting++
        const keys = parsed.keysOfWorker(worker)
        expect(parsed.keysOfTask(task(ofTask))?.some((key) => keys.includes(key))).toBe(true)
        expect(parsed.admits(worker)).toBe(true)
        expect(parsed.fitsClass(task(ofTask), worker)).toBe(true)
      }),
      { numRuns: 2_000 }
    )
    expect(fitting).toBeGreaterThan(100)
  })

  it('fits every task with the same values, and each worker of its class who shares its keys', () => {
    let compared = 0
    fc.assert(
      fc.property(expressions, attributes, attributes, attributes, (source, one, other, ofWorker) => {
        const parsed = condition(source)
        const worker = workerView(ofWorker)
        if (parsed.valuesOfTask(task(one)) === parsed.valuesOfTask(task(other)))
          expect(parsed.fits(task(one), worker)).toBe(parsed.fits(task(other), worker))
        const colleague = workerView(one, 'WKbea')
        if (parsed.valuesOfWorker(worker) !== parsed.valuesOfWorker(colleague)) return
        compared++
        expect(parsed.fitsClass(task(other), worker)).toBe(parsed.fitsClass(task(other), colleague))
      }),
      { numRuns: 2_000 }
    )
    expect(compared).toBeGreaterThan(100)
  })
})
