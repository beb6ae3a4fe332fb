import { describe, expect, it } from 'vitest'
import { type Gone, OpenOnes } from './open-ones.ts'

const gone = (key: string, seq: number): Gone => ({ key, seq, tasks: [] })

function taken(ones: OpenOnes<string>) {
  const told: string[] = []
  ones.take({ over: ({ key, seq }) => told.push(`${key} over at ${seq}`), open: (_, value) => told.push(value) })
  return told
}

describe('what is open', () => {
  it('is told as it is now, and not again before something happens to it', () => {
    const ones = new OpenOnes<string>()
    ones.put(undefined, 'CH1', 'one message')
    ones.put(ones.spot('CH1'), 'CH1', 'two messages')
    expect(taken(ones)).toEqual(['two messages'])
    expect(taken(ones)).toEqual([])
    ones.put(ones.spot('CH1'), 'CH1', 'three messages')
    expect(taken(ones)).toEqual(['three messages'])
  })

  it('is told to be over to a store that knows it, and otherwise never was', () => {
    const ones = new OpenOnes<string>()
    ones.begin('CH1', 'known')
    ones.put(undefined, 'CH2', 'short')
    ones.end(gone('CH1', 7))
    ones.end(gone('CH2', 8))
    expect(taken(ones)).toEqual(['CH1 over at 7'])
    expect(ones.size).toBe(0)
  })

  it('is told to be over also when it was open once more in between', () => {
    const ones = new OpenOnes<string>()
    ones.begin('CH1', 'known')
    ones.end(gone('CH1', 7))
    ones.put(ones.spot('CH1'), 'CH1', 'again')
    ones.end(gone('CH1', 9))
    expect(taken(ones)).toEqual(['CH1 over at 9'])
  })

  it('is told as open when it is open again', () => {
    const ones = new OpenOnes<string>()
    ones.begin('CH1', 'known')
    ones.end(gone('CH1', 7))
    ones.put(ones.spot('CH1'), 'CH1', 'again')
    expect(taken(ones)).toEqual(['CH1 over at 7', 'again'])
  })
})
