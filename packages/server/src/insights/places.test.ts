import { describe, expect, it } from 'vitest'
import { TookTooLong } from '../store/store.ts'
import { Places } from './places.ts'

/** Work that goes on until it is told to end. */
function endless() {
  let end = () => {}
  const work = () => new Promise<string>((resolve) => (end = () => resolve('done')))
  return { work, end: () => end() }
}

describe('questions that are asked at once', () => {
  it('take turns, in the order in which they came', async () => {
    const places = new Places(1)
    const [first, second] = [endless(), endless()]
    const order: string[] = []
    const asked = [first, second].map(({ work }, n) =>
      places.work(60_000, () => {
        order.push(`begun ${n}`)
        return work()
      })
    )
    expect(order).toEqual(['begun 0'])
    first.end()
    await asked[0]
    await Promise.resolve()
    expect(order).toEqual(['begun 0', 'begun 1'])
    second.end()
    expect(await Promise.all(asked)).toEqual(['done', 'done'])
  })

  it('have the time that waiting has left of it', async () => {
    const places = new Places(1)
    const first = endless()
    const before = places.work(60_000, first.work)
    const late = places.work(0, () => Promise.resolve('too late'))
    const next = places.work(60_000, (left) => Promise.resolve(left > 0 && left <= 60_000))
    first.end()
    await before
    await expect(late).rejects.toThrow(TookTooLong)
    expect(await next).toBe(true)
  })

  it('give their place back when they fail', async () => {
    const places = new Places(1)
    await expect(places.work(60_000, () => Promise.reject(new Error('no store')))).rejects.toThrow('no store')
    expect(await places.work(60_000, () => Promise.resolve('answered'))).toBe('answered')
  })
})
