import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compile, type Expression, type PlainConjunct, type WorkerLookup } from './compile.ts'
import { numberOf, readJson } from './decimal.ts'
import type { Scope, WorkerView } from './environment.ts'
import { ExpressionError } from './error.ts'
import {
  contains,
  equal,
  equalityKey,
  has,
  lacks,
  membership,
  omits,
  rank,
  type Scalar,
  unequal,
  valueKey
} from './value.ts'

// Few names, so that expressions and attributes meet.
const name = fc.constantFrom('a', 'b', 'sid', '988EN', '0', '__proto__', 'constructor', 'length')
const text = fc.oneof(
  fc.constantFrom('', '5', '5.0', '-0', '05', 'x', 'true', '\ud83d', '\uffff', '1e999', '17841444523369053'),
  fc.constantFrom('0.1', '123456789012345678901234567890', '123456789012345678901234567890.0')
)
/** Numbers as both JSON and expressions write them; many of them are one double. */
const number = fc.oneof(
  fc.constantFrom('0', '-0', '5', '5.5', '-3', '5.0', '0.1', '0.10', '1.0', '0.10000000000000000001'),
  fc.constantFrom('17841444523369052', '17841444523369053', '-17841444523369053', '17841444523369053.0'),
  fc.bigInt(10n ** 16n, 10n ** 30n).map(String),
  fc.bigInt(10n ** 29n, 10n ** 29n + 3n).map(String)
)
const jsonNumber = fc.oneof(number, fc.constantFrom('1e999', '10E998', '-1e999', '1e-999', '1e0', '50e-1', '0e999'))
const jsonScalar = fc.oneof(
  text.map((value) => JSON.stringify(value)),
  jsonNumber,
  fc.constantFrom('true', 'false', 'null')
)
const scalar = jsonScalar.map((source) => readJson(source) as Scalar) // it is the text of one

/** Attributes as they are read, `__proto__` included. */
const { jsonText } = fc.letrec<{ jsonText: string; list: string; object: string }>((tie) => ({
  jsonText: fc.oneof({ depthSize: 'small', withCrossShrink: true }, jsonScalar, tie('list'), tie('object')),
  list: fc
    .oneof(fc.array(tie('jsonText'), { maxLength: 3 }), fc.array(jsonScalar, { minLength: 9, maxLength: 12 }))
    .map((items) => `[${items}]`),
  object: fc
    .array(fc.tuple(name, tie('jsonText')), { maxLength: 4 })
    .map((entries) => `{${entries.map(([key, value]) => `${JSON.stringify(key)}:${value}`)}}`)
}))
const json = jsonText.map(readJson)

const literal = fc.oneof(text.map(quote), number, fc.constantFrom('true', 'false', 'null'))
const steps = fc.array(
  fc.oneof(
    name.map((key) => `.${key}`),
    fc.constantFrom('[0]', '[1]')
  ),
  { maxLength: 2 }
)
const path = fc
  .tuple(fc.constantFrom('task.', 'worker.', 'worker.channel.'), name, steps)
  .map(([root, key, rest]) => root + key + rest.join(''))
const operand = fc.oneof(
  path,
  path,
  fc.constantFrom('a', 'sid', 'task', 'workers.available'),
  literal,
  fc.array(literal, { maxLength: 3 }).map((list) => `[${list}]`)
)
const operator = fc.constantFrom(
  '==',
  '!=',
  '<',
  '<=',
  '>',
  '>=',
  'IN',
  'HAS',
  'CONTAINS',
  'NOT IN',
  'NOT HAS',
  'NOT CONTAINS',
  '='
)

/** Texts that are target expressions, from the grammar. */
const { expression } = fc.letrec<{ expression: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    fc.tuple(operand, operator, operand).map((words) => words.join(' ')),
    operand
  ),
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('atom'),
    fc
      .tuple(tie('expression'), fc.constantFrom('AND', 'OR', 'and', '||'), tie('expression'))
      .map((words) => words.join(' ')),
    tie('expression').map((inner) => `(${inner})`),
    tie('expression').map((inner) => `NOT ${inner}`)
  )
}))

/** Texts that say something of a worker's attributes which can be looked up, mostly. */
const lookup = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc
          .tuple(
            fc.constantFrom('worker.a', 'worker.b'),
            fc.constantFrom(...['== ?', 'HAS ?', 'IN [?, ?]', '', '!= ?', 'NOT HAS ?'])
          )
          .map((words) => words.join(' ')),
        fc.constantFrom('? == worker.a', '? IN worker.b', '? IN worker.a')
      ),
      literal,
      literal
    ),
    { minLength: 1, maxLength: 3 }
  )
  .chain((atoms) =>
    fc
      .constantFrom(' AND ', ' OR ')
      .map((joint) =>
        atoms.map(([text, first, second]) => text.replace('?', () => first).replace('?', () => second)).join(joint)
      )
  )

const scope = fc.constantFrom<Scope>('worker', 'task', 'target', 'skip_if')
const words = fc.constantFrom(
  ...[
    'task',
    'worker',
    '.',
    'a',
    '[',
    ']',
    '0',
    '-1',
    '==',
    '<-',
    '>-',
    '!',
    '-',
    "'",
    '"',
    '\\',
    'AND',
    'OR',
    'NOT',
    'IN',
    '(',
    ')',
    ',',
    ' ',
    'null',
    '{'
  ]
)
const noise = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(words, { maxLength: 20 }).map((list) => list.join(''))
)

describe('whatever the text', () => {
  it('compile answers with an expression or an ExpressionError that points into it', () => {
    fc.assert(
      fc.property(noise, scope, (source, where) => {
        try {
          expect(compile(source, where).source).toBe(source)
        } catch (error) {
          if (!(error instanceof ExpressionError)) throw error
          expect(error.column).toBeGreaterThanOrEqual(1)
          expect(error.column).toBeLessThanOrEqual(source.length + 1)
        }
      }),
      { numRuns: 3_000 }
    )
  })
})

describe('whatever the attributes', () => {
  it('evaluation answers, and the conjuncts together say the same as the whole', () => {
    fc.assert(
      fc.property(expression, json, json, (source, task, attributes) => {
        const compiled = compile(source, 'target')
        const views = [{ attributes: task }, worker(attributes)] as const
        const whole = compiled.matches(...views)
        expect(typeof whole).toBe('boolean')
        expect(compiled.conjuncts.every((part) => part.matches(...views))).toBe(whole)
        if (compiled.constant !== undefined) expect(whole).toBe(compiled.constant)
      }),
      { numRuns: 3_000 }
    )
  })

  it('a chain of comparisons says what its parts say together', () => {
    const bounds = ['task.a < ?', 'task.a <= ?', '? < task.a', '? <= task.a', 'task.a > ?', 'task.a >= ?']
    const atom = fc
      .tuple(
        fc.constantFrom('task.a == ?', '? == task.a', 'task.a HAS ?', '? IN task.a', 'task.a != ?', ...bounds),
        literal
      )
      .map(([part, value]) => part.replace('?', () => value))
    const negative = fc
      .tuple(fc.constantFrom('task.a != ?', 'task.a NOT HAS ?', '? NOT IN task.a', 'task.a == ?', ...bounds), literal)
      .map(([part, value]) => part.replace('?', () => value))
    const some = { minLength: 1, maxLength: 12 }
    fc.assert(
      fc.property(fc.array(atom, some), fc.array(negative, some), json, (ors, ands, a) => {
        const view = { attributes: { a } }
        const each = (parts: readonly string[]) => parts.map((part) => compile(part, 'target').matches(view))
        expect(compile(ors.join(' OR '), 'target').matches(view)).toBe(each(ors).includes(true))
        expect(compile(ands.join(' AND '), 'target').matches(view)).toBe(!each(ands).includes(false))
        expect(compile(`NOT (${ands.join(' AND ')})`, 'target').matches(view)).toBe(each(ands).includes(false))
      }),
      { numRuns: 2_000 }
    )
  })

  it('a conjunct compiled from its own text says the same, and is of the same kind', () => {
    fc.assert(
      fc.property(expression, json, json, (source, task, attributes) => {
        for (const part of compile(source, 'target').conjuncts) {
          const again = compile(part.source, 'target')
          expect(again.matches({ attributes: task }, worker(attributes))).toBe(
            part.matches({ attributes: task }, worker(attributes))
          )
          expect(again.conjuncts.map(({ kind }) => kind)).toEqual([part.kind])
        }
      })
    )
  })

  it('whoever fits is found where an expression can be looked up', () => {
    let found = 0
    fc.assert(
      fc.property(lookup, json, (source, attributes) => {
        const compiled = compile(source, 'target')
        const view = worker(attributes)
        if (!compiled.matches(undefined, view)) return
        for (const { lookups } of compiled.conjuncts as readonly PlainConjunct[]) {
          if (!lookups) continue
          found++
          const keys = ({ path, isList }: WorkerLookup) => {
            const value = path.read(view)
            return isList ? (Array.isArray(value) ? value.map(equalityKey) : []) : [equalityKey(value)]
          }
          expect(lookups.some((lookup) => keys(lookup).some((key) => Object.is(key, lookup.key)))).toBe(true)
        }
      }),
      { numRuns: 5_000 }
    )
    expect(found).toBeGreaterThan(50)
  })

  it('expressions depend on nothing but the paths they name', () => {
    fc.assert(
      fc.property(expression, json, json, json, json, (source, taskA, workerA, taskB, workerB) => {
        const compiled = compile(source, 'target')
        const before = [{ attributes: taskA }, worker(workerA)] as const
        const after = [{ attributes: taskB }, worker(workerB)] as const
        if (reads(compiled, ...before) !== reads(compiled, ...after)) return
        expect(compiled.matches(...after)).toBe(compiled.matches(...before))
      }),
      { numRuns: 3_000 }
    )
  })
})

describe('numbers of any length', () => {
  /** Times 10^40, which makes all of them whole. */
  const scaled = (source: string) => {
    const [whole = '', fraction = ''] = source.split('.')
    return BigInt(whole + fraction.padEnd(40, '0'))
  }

  it('compare as they are written, and are one key when they are one number', () => {
    fc.assert(
      fc.property(number, number, (a, b) => {
        const [left, right] = [numberOf(a), numberOf(b)]
        const [x, y] = [scaled(a), scaled(b)]
        expect(Math.sign(rank(left, right))).toBe(x < y ? -1 : x > y ? 1 : 0)
        expect(equal(left, right)).toBe(x === y)
        expect(equalityKey(left) === equalityKey(right)).toBe(x === y)
        expect(equal(left, b)).toBe(x === y)
        expect(Math.sign(rank(a, right))).toBe(x < y ? -1 : x > y ? 1 : 0)
      }),
      { numRuns: 3_000 }
    )
  })

  it.each([
    ['1e999', '10e998', 0],
    ['1e999', '1e998', 1],
    ['-1e999', '1', -1],
    ['1e-999', '0', 1],
    ['-1e-999', '0', -1],
    ['1e-999', '1e-998', -1],
    ['1180591620717411303424', '1.1805916207174113e+21', 1],
    ['1e23', '100000000000000000000000', 0],
    [`1e${'9'.repeat(4000)}`, '1e999', 1],
    ['0e999', '-0.000000000000000000', 0],
    ['00017841444523369053', '17841444523369053.000', 0]
  ])('%s against %s', (a, b, order) => {
    expect(Math.sign(rank(numberOf(a), numberOf(b)))).toBe(order)
    expect(Math.sign(rank(numberOf(b), numberOf(a)))).toBe(0 - order)
    expect(equal(numberOf(a), numberOf(b))).toBe(order === 0)
  })

  it('nested as deep as attributes may be are read', () => {
    const source = `${'['.repeat(2000)}12345678901234567890${']'.repeat(2000)}`
    expect(Array.isArray(readJson(source))).toBe(true)
  })
})

describe('keys for indexes and classes', () => {
  it('values that are equal share an equality key', () => {
    fc.assert(
      fc.property(json, json, (a, b) => {
        if (equal(a, b)) expect(Object.is(equalityKey(a), equalityKey(b))).toBe(true)
      }),
      { numRuns: 3_000 }
    )
  })

  it('what a list has shares an equality key with an element of it', () => {
    fc.assert(
      fc.property(fc.array(json), json, (list, element) => {
        if (has(list, element)) expect(list.map(equalityKey)).toContain(equalityKey(element))
      })
    )
  })

  it('values with the same value key are the same to every operator', () => {
    fc.assert(
      fc.property(json, json, json, (a, b, c) => {
        if (valueKey(a) !== valueKey(b)) return
        for (const operation of [equal, unequal, rank, contains, omits, has, lacks]) {
          expect(operation(a, c)).toBe(operation(b, c))
          expect(operation(c, a)).toBe(operation(c, b))
        }
      }),
      { numRuns: 3_000 }
    )
  })

  it('a list known beforehand answers like any other', () => {
    fc.assert(
      fc.property(fc.array(scalar, { maxLength: 5 }), json, (list, element) => {
        expect(membership(list)(element)).toBe(has(list, element))
      }),
      { numRuns: 3_000 }
    )
  })

  it.each([
    [5, 5],
    ['5.0', 5],
    [-0, 0],
    ['-0', 0],
    ['-0.0', 0],
    ['x', 'x'],
    [true, true],
    [undefined, null],
    [null, null],
    [[1], undefined],
    [{}, undefined]
  ])('the equality key of %j is %j', (value, key) => {
    expect(equalityKey(value)).toBe(key)
  })

  it.each([
    ['"b","a"', '"b","a"', '["a","b"]'],
    ['5', '5, 5, null, {}', '[5]']
  ])('lists are told apart by the scalars they hold: [%s]', (a, b, key) => {
    expect([valueKey(JSON.parse(`[${a}]`)), valueKey(JSON.parse(`[${b}]`))]).toEqual([key, key])
  })
})

function reads(compiled: Expression, task: { attributes: unknown }, of: WorkerView): string {
  return [
    ...compiled.task_paths.map((path) => valueKey(path.read(task))),
    ...compiled.worker_paths.map((path) => valueKey(path.read(of)))
  ].join(',')
}

function worker(attributes: unknown): WorkerView {
  return {
    sid: 'x',
    friendly_name: '5',
    activity_sid: 'x',
    activity_name: '',
    attributes,
    channel: (unique_name) =>
      unique_name === 'a'
        ? { configured_capacity: 5, assigned_tasks: 0, available_capacity_percentage: 100 }
        : undefined
  }
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
