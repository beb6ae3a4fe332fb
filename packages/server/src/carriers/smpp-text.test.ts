import fc from 'fast-check'
import smpp from 'smpp'
import { expect, test } from 'vitest'
import { partsOf } from './smpp-text.ts'

const texts: readonly (readonly [name: string, text: string, parts: number, coding: number])[] = [
  ['nothing', '', 1, 0],
  ['as much as fits', 'a'.repeat(160), 1, 0],
  ['one more', 'a'.repeat(161), 2, 0],
  ['an escaped character at the edge', `${'a'.repeat(152)}€${'a'.repeat(10)}`, 2, 0],
  ['another alphabet', 'ж'.repeat(70), 1, 8],
  ['one more of it', 'ж'.repeat(71), 2, 8],
  ['a pair at the edge', `${'ж'.repeat(66)}😀${'ж'.repeat(5)}`, 2, 8]
]

test.each(texts)('%s', (_name, text, parts, coding) => {
  const made = partsOf(text, 7)
  expect(made.map(({ data_coding }) => data_coding)).toEqual(Array(parts).fill(coding))
  expect(joined(made)).toBe(text)
})

test('any text comes out as it went in, and no part is too long or ends within a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      const made = partsOf(text, 300)
      expect(joined(made)).toBe(text)
      for (const { message, udh } of made) expect(message.length).toBeLessThanOrEqual(udh ? 153 : 160)
    }),
    { numRuns: 60 }
  )
})

function joined(parts: ReturnType<typeof partsOf>): string {
  return parts
    .map(({ data_coding, message }) => {
      if (data_coding === 8) return new TextDecoder('utf-16be', { fatal: true }).decode(message)
      return smpp.encodings.ASCII.decode(message)
    })
    .join('')
}
