import { describe, expect, it } from 'vitest'
import { AttributesError, parseAttributes } from './attributes.ts'

describe('attributes', () => {
  it.each(['{}', '{"languages": ["en", "de"], "level": 5, "team": null}', ' \n{"a": {"b": 1}} '])(
    'accepts %s',
    (text) => {
      expect(parseAttributes(text)).toEqual(JSON.parse(text))
    }
  )

  it.each([
    ['', 'Attributes are not valid JSON'],
    ['{level: 5}', 'Attributes are not valid JSON'],
    ['{"a": 1} x', 'Attributes are not valid JSON'],
    ['null', 'Attributes must be a JSON object'],
    ['5', 'Attributes must be a JSON object'],
    ['"text"', 'Attributes must be a JSON object'],
    ['[{"a": 1}]', 'Attributes must be a JSON object']
  ])('refuses %j: %s', (text, message) => {
    expect(() => parseAttributes(text)).toThrow(new AttributesError(message))
  })

  it('counts white space, and refuses the 4,097th character', () => {
    expect(parseAttributes('{}'.padEnd(4096))).toEqual({})
    expect(() => parseAttributes('{}'.padEnd(4097))).toThrow('4097 characters long; the limit is 4096')
  })

  it('survives the deepest nesting that fits, there and back', () => {
    const text = `{"a":${'['.repeat(2045)}${']'.repeat(2045)}}`
    expect(JSON.stringify(parseAttributes(text))).toBe(text)
    expect(() => parseAttributes(`{"a":${'['.repeat(4000)}`)).toThrow(AttributesError)
  })

  it('keeps __proto__ as a key like any other', () => {
    const attributes = parseAttributes('{"__proto__": {"admin": true}}')
    expect(Object.getPrototypeOf(attributes)).toBe(Object.prototype)
    expect(Object.keys(attributes)).toEqual(['__proto__'])
    expect('admin' in attributes).toBe(false)
  })
})
