import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { LogLines } from './log-lines.ts'

let written: string[]
let lines: LogLines

beforeEach(() => {
  vi.useFakeTimers()
  written = []
  lines = new LogLines({ write: (text) => written.push(text), flushSync: () => written.push('flushed') })
})

afterEach(() => {
  vi.useRealTimers()
})

it('lines that come together are one write, a moment later', () => {
  lines.write('one\n')
  lines.write('two\n')
  expect(written).toEqual([])
  vi.advanceTimersByTime(20)
  expect(written).toEqual(['one\ntwo\n'])
  lines.write('three\n')
  vi.advanceTimersByTime(20)
  expect(written).toEqual(['one\ntwo\n', 'three\n'])
})

it('much of them does not wait', () => {
  lines.write('x'.repeat(8_000))
  lines.write('y'.repeat(192))
  expect(written.map(({ length }) => length)).toEqual([8_192])
  vi.advanceTimersByTime(20)
  expect(written).toHaveLength(1)
})

it('nothing is left when the process ends', () => {
  lines.write('last words\n')
  lines.flushSync()
  vi.advanceTimersByTime(20)
  expect(written).toEqual(['last words\n', 'flushed'])
})
