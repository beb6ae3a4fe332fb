import { describe, expect, it } from 'vitest'
import type { Backend } from './backend.ts'
import { Fault } from './errors.ts'
import { takeTurn } from './rate.ts'

/** Whoever calls; nothing of it is looked at. */
const caller = () => ({}) as Backend

/** How many of some calls at one instant are taken. */
function taken(backend: Backend, calls: number, now: number): number {
  let many = 0
  for (let call = 0; call < calls; call++)
    try {
      takeTurn(backend, now)
      many++
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      expect(error.bodies).toEqual([
        expect.objectContaining({ code: 20429, status: 429, retryAfterSeconds: 1, next: 'wait, then repeat the call' })
      ])
    }
  return many
}

describe('calls of one credential', () => {
  it('are two hundred at once, and fifty more with each second, however long nothing came', () => {
    const one = caller()
    expect(taken(one, 250, 0)).toBe(200)
    expect(taken(one, 60, 1_000)).toBe(50)
    expect(taken(one, 10, 1_100)).toBe(5)
    expect(taken(one, 500, 3_600_000)).toBe(200)
  })

  it('take nothing from another', () => {
    const [one, other] = [caller(), caller()]
    expect(taken(one, 201, 0)).toBe(200)
    expect(taken(other, 200, 0)).toBe(200)
  })
})
