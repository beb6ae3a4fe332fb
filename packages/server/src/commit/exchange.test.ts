import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Exchange, Holding } from './exchange.ts'

describe('what followers are told of a durable batch', () => {
  let passed: string[]
  let holding: Holding<string>

  beforeEach(() => {
    vi.useFakeTimers()
    passed = []
    holding = new Holding((batch) => passed.push(batch))
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('passes at once where nobody asked, or all are answered', () => {
    const answered = new Exchange()
    answered.end()
    holding.add('timer', [])
    holding.add('answered', [answered])
    expect(passed).toEqual(['timer', 'answered'])
  })

  it('waits for the last of its own answers, and for the batches before it', () => {
    const [first, second, third] = [new Exchange(), new Exchange(), new Exchange()]
    holding.add('one', [first, second, first])
    holding.add('two', [third])
    holding.add('three', [])
    third.end()
    first.end()
    first.end()
    expect(passed).toEqual([])
    second.end()
    expect(passed).toEqual(['one', 'two', 'three'])
    holding.add('four', [])
    expect(passed).toEqual(['one', 'two', 'three', 'four'])
  })

  it('waits a quarter of a second for answers that nobody takes, not for each of them in turn', () => {
    holding.add('one', [new Exchange()])
    vi.advanceTimersByTime(200)
    holding.add('two', [new Exchange()])
    vi.advanceTimersByTime(50)
    expect(passed).toEqual(['one'])
    vi.advanceTimersByTime(199)
    expect(passed).toEqual(['one'])
    vi.advanceTimersByTime(1)
    expect(passed).toEqual(['one', 'two'])
  })

  it('is over for whoever waits when it has been told', async () => {
    const exchange = new Exchange()
    holding.add('one', [exchange])
    const drained = holding.drained().then(() => passed.push('drained'))
    exchange.end()
    await drained
    expect(passed).toEqual(['one', 'drained'])
    await holding.drained()
  })

  it('is told all the same when the account is lost', () => {
    holding.add('one', [new Exchange()])
    holding.add('two', [new Exchange()])
    holding.flush()
    expect(passed).toEqual(['one', 'two'])
    expect(vi.getTimerCount()).toBe(0)
  })
})
