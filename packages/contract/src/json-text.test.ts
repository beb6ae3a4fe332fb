import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  isInexact,
  membersOf,
  mergePatch,
  objectText,
  parseJson,
  removeAt,
  setAt,
  valueAt,
  withDefaults
} from './json-text.ts'

describe('numbers that a double does not hold', () => {
  const parsed = (text: string) => parseJson(text, (source) => ({ source }))

  test.each([
    ['17841444523369053', { source: '17841444523369053' }],
    ['{"a":[1,-17841444523369053]}', { a: [1, { source: '-17841444523369053' }] }],
    [
      '[0.12345678901234567,1e400,1E-400]',
      [{ source: '0.12345678901234567' }, { source: '1e400' }, { source: '1E-400' }]
    ],
    [
      '[1,1.0,0.1,123456789012345,1e22,true,null,"17841444523369053"]',
      [1, 1, 0.1, 123456789012345, 1e22, true, null, '17841444523369053']
    ]
  ])('%s', (text, value) => {
    expect(parsed(text)).toEqual(value)
  })

  test('__proto__ is a key like any other', () => {
    const value = parsed('{"__proto__":{"a":1},"b":17841444523369053}') as Record<string, unknown> // an object, as written
    expect(Object.keys(value)).toEqual(['__proto__', 'b'])
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype)
  })

  test('what is no JSON is refused', () => {
    expect(() => parsed('{"a":17841444523369053,}')).toThrow(SyntaxError)
  })

  test('a number of up to 15 digits is told from its neighbors by a double', () => {
    expect(['999999999999999', '-1.0000000000001', '1e99'].map(isInexact)).toEqual([false, false, false])
  })
})

describe('a change leaves all else as it is written', () => {
  const text = ' {"b" : 1.0 , "2":"\\u00e9", "id":17841444523369053,"1":[1.50, {"x":-0}] } '

  test.each([
    ['a number', ['b'], '2', ' {"b" : 2 , "2":"\\u00e9", "id":17841444523369053,"1":[1.50, {"x":-0}] } '],
    [
      'a key that looks like an index',
      ['2'],
      'null',
      ' {"b" : 1.0 , "2":null, "id":17841444523369053,"1":[1.50, {"x":-0}] } '
    ],
    [
      'inside of a list',
      ['1', 1, 'x'],
      '7',
      ' {"b" : 1.0 , "2":"\\u00e9", "id":17841444523369053,"1":[1.50, {"x":7}] } '
    ],
    ['behind a list', ['1', 2], '7', ' {"b" : 1.0 , "2":"\\u00e9", "id":17841444523369053,"1":[1.50, {"x":-0},7] } '],
    [
      'a new key',
      ['c', 'd'],
      '"x"',
      ' {"b" : 1.0 , "2":"\\u00e9", "id":17841444523369053,"1":[1.50, {"x":-0}],"c":{"d":"x"} } '
    ],
    [
      'below what was no object',
      ['b', 'd'],
      '3',
      ' {"b" : {"d":3} , "2":"\\u00e9", "id":17841444523369053,"1":[1.50, {"x":-0}] } '
    ]
  ])('set: %s', (_, path, value, expected) => {
    expect(setAt(text, path, value)).toBe(expected)
  })

  test.each([
    ['the first', ['b'], ' {"2":"\\u00e9", "id":17841444523369053,"1":[1.50, {"x":-0}] } '],
    ['the last', ['1'], ' {"b" : 1.0 , "2":"\\u00e9", "id":17841444523369053 } '],
    ['an item', ['1', 0], ' {"b" : 1.0 , "2":"\\u00e9", "id":17841444523369053,"1":[{"x":-0}] } '],
    ['the only one', ['1', 1, 'x'], ' {"b" : 1.0 , "2":"\\u00e9", "id":17841444523369053,"1":[1.50, {}] } '],
    ['what is not there', ['none', 'x'], text]
  ])('remove: %s', (_, path, expected) => {
    expect(removeAt(text, path)).toBe(expected)
  })

  test('the value at a path is its text', () => {
    expect(valueAt(text, ['id'])).toBe('17841444523369053')
    expect(valueAt(text, ['1', 0])).toBe('1.50')
    expect(valueAt(text, ['2'])).toBe('"\\u00e9"')
    expect(valueAt(text, ['1', 9])).toBeUndefined()
    expect(valueAt('{"a":1,"a":{"b":2}}', ['a', 'b'])).toBe('2')
  })

  test('of a key that occurs twice the last one counts, and both go', () => {
    expect(setAt('{"a":1,"a":2}', ['a'], '3')).toBe('{"a":1,"a":3}')
    expect(removeAt('{"a":1,"b":0,"a":2}', ['a'])).toBe('{"b":0}')
  })

  test('an object from its members', () => {
    expect(objectText({ a: '1.0', 'b"': undefined, 'c"': '[ 1 ]' })).toBe('{"a":1.0,"c\\"":[ 1 ]}')
  })
})

test('a merge patch writes its own values as they are written, and leaves the others so', () => {
  const target = '{"id":17841444523369053, "deep":{"1.0":1.0,"gone":1},"list":[1]}'
  const patch = '{"deep":{"gone":null,"new":{"a":1.50,"none":null}},"list":{"b":-0}}'
  expect(mergePatch(target, patch)).toBe(
    '{"id":17841444523369053, "deep":{"1.0":1.0,"new":{"a":1.50}},"list":{"b":-0}}'
  )
})

describe('any document', () => {
  const key = fc.oneof(fc.string(), fc.nat(20).map(String), fc.constantFrom('e\u0301', '__proto__', '988EN'))
  const number = fc.oneof(fc.bigInt(), fc.double({ noNaN: true, noDefaultInfinity: true })).map(String)
  const scalar = fc.oneof(
    number,
    fc.string().map((text) => JSON.stringify(text)),
    fc.constantFrom('1.0', '-0', 'null', '1e999', '"\\u00e9"')
  )
  const { document } = fc.letrec<{ document: string; object: string }>((tie) => ({
    document: fc.oneof(
      { maxDepth: 3 },
      scalar,
      tie('object'),
      fc.array(tie('document'), { maxLength: 4 }).map((items) => `[ ${items.join(' ,')}]`)
    ),
    object: fc
      .array(fc.tuple(key, tie('document')), { maxLength: 5 })
      .map((members) => `{${members.map(([name, value]) => `${JSON.stringify(name)}: ${value}`).join(', ')} }`)
  }))

  test('reads as JSON.parse does, but for numbers', () => {
    fc.assert(
      fc.property(document, (text) => {
        expect(parseJson(text, Number)).toEqual(JSON.parse(text))
      })
    )
  })

  test('a change of one key changes no other text', () => {
    fc.assert(
      fc.property(document, key, document, (text, name, value) => {
        const before = text.startsWith('{') ? text : `{"document":${text}}`
        const after = setAt(before, [name], value)
        expect(valueAt(after, [name])).toBe(value)
        const others = (of: string) =>
          membersOf(of)
            .filter((member) => member.key !== name)
            .map((member) => of.slice(member.start, member.end))
        expect(others(after)).toEqual(others(before))
        expect(membersOf(removeAt(after, [name])).map((member) => member.key)).not.toContain(name)
        expect(others(removeAt(after, [name]))).toEqual(others(before))
      })
    )
  })

  test('takes defaults before its own members, which stay as they are', () => {
    fc.assert(
      fc.property(document, fc.uniqueArray(key, { maxLength: 4 }), document, (text, names, value) => {
        const before = text.startsWith('{') ? text : `{"document":${text}}`
        const after = withDefaults(before, Object.fromEntries(names.map((name) => [name, value])))
        const own = (of: string) => membersOf(of).map((member) => of.slice(member.start, member.end))
        const [was, is] = [own(before), own(after)]
        expect(is.slice(is.length - was.length)).toEqual(was)
        const given: object = JSON.parse(before)
        for (const name of names) {
          // An object of defaults does not hold this one.
          if (name !== '__proto__' && !Object.hasOwn(given, name)) expect(valueAt(after, [name])).toBe(value)
        }
        JSON.parse(after)
      })
    )
  })

  test('a merge patch means what its definition says', () => {
    fc.assert(
      fc.property(document, document, (target, patch) => {
        expect(JSON.parse(mergePatch(target, patch))).toEqual(merged(JSON.parse(target), JSON.parse(patch)))
      })
    )
  })
})

/** RFC 7396, section 2, word for word. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const isObject = typeof target === 'object' && target !== null && !Array.isArray(target)
  const result = new Map(isObject ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) result.delete(name)
    else result.set(name, merged(result.get(name), value))
  }
  return Object.fromEntries(result)
}
