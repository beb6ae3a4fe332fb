import { describe, expect, test } from 'vitest'
import { segmentsOf, smartEncoded } from './segments.ts'

describe('A text takes as many parts as an operator bills', () => {
  test.each([
    ['nothing', '', 1],
    ['a short text', 'Hello', 1],
    ['160 characters of the alphabet', 'a'.repeat(160), 1],
    ['one more', 'a'.repeat(161), 2],
    ['two full parts', 'a'.repeat(306), 2],
    ['one more than that', 'a'.repeat(307), 3],
    ['letters of the alphabet that are not English', 'ÄÖÑÜäöñüàèéùìòÇ'.repeat(10), 1],
    ['80 euros, which take two places each', '€'.repeat(80), 1],
    ['81 of them', '€'.repeat(81), 2],
    ['an extended character that the end of a part would split', `${'a'.repeat(152)}€${'a'.repeat(152)}`, 3],
    ['70 of any other', 'ж'.repeat(70), 1],
    ['71 of them', 'ж'.repeat(71), 2],
    ['one curly quote among Latin letters', `${'a'.repeat(70)}\u2019`, 2],
    ['35 emoji, which take two units each', '😀'.repeat(35), 1],
    ['67 units that would end in half an emoji', '😀'.repeat(67), 3]
  ])('%s', (_name, text, parts) => {
    expect(segmentsOf(text)).toBe(parts)
  })

  test('Smart encoding makes what the alphabet has of what it has not', () => {
    const text = '\u201cIt\u2019s here\u201d \u2013 wait\u2026'
    expect(smartEncoded(text)).toBe('"It\'s here" - wait...')
    expect(segmentsOf(smartEncoded(text.repeat(6)))).toBe(1)
  })
})
