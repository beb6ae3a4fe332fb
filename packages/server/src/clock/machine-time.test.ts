import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ClockStep, MachineTime } from './machine-time.ts'

const hour = 3_600_000
const noon = Date.parse('2026-03-02T12:00:00Z')

/** A machine whose clocks are moved by hand. */
function machine() {
  let wall = noon
  let steady = 0
  const time = new MachineTime({ wall: () => wall, steady: () => steady })
  const steps: ClockStep[] = []
  time.onStep.add((step) => steps.push(step))
  return {
    time,
    steps,
    wall: () => wall,
    pass(ms: number) {
      wall += ms
      steady += ms
    },
    set(by: number) {
      wall += by
    }
  }
}

describe('the machine’s time', () => {
  it('is the wall clock’s as long as nobody sets it', () => {
    const { time, pass, wall, steps } = machine()
    for (const ms of [0, 1, 17, 1_000, 5 * hour]) {
      pass(ms)
      expect(time.now()).toBe(wall())
    }
    expect(steps).toEqual([])
    expect(time.step).toBeUndefined()
  })

  it('goes on when the wall clock is put back by an hour, and tells it once', () => {
    const { time, pass, set, steps } = machine()
    const before = time.now()
    set(-hour)
    pass(10_000)
    expect(time.now() - before).toBeGreaterThanOrEqual(9_900)
    expect(time.now() - before).toBeLessThanOrEqual(10_000)
    pass(10_000)
    time.now()
    expect(steps).toEqual([{ by: -hour, at: noon - hour + 10_000 }])
    expect(time.step).toMatchObject({ by: -hour, ahead: hour - 200 })
  })

  it('is the wall clock’s again when that has caught up', () => {
    const { time, pass, set, wall } = machine()
    set(-60_000)
    for (let n = 0; n < 7_000; n++) {
      pass(1_000)
      time.now()
    }
    expect(time.now()).toBe(wall())
    expect(time.step?.ahead).toBe(0)
  })

  it('goes with a wall clock that is put forward, and tells it', () => {
    const { time, pass, set, wall, steps } = machine()
    pass(1_000)
    set(hour)
    expect(time.now()).toBe(wall())
    expect(steps).toEqual([{ by: hour, at: wall() }])
    set(-hour)
    pass(1_000)
    time.now()
    expect(steps).toHaveLength(2)
  })

  it('goes on from an instant that was told before', () => {
    const { time, pass, steps } = machine()
    time.notBefore(noon + hour)
    pass(1_000)
    expect(time.now()).toBe(noon + hour + 990)
    expect(steps).toEqual([])
  })

  it('never goes back, never stands still, and is never behind the wall clock', () => {
    const move = fc.record({
      pass: fc.nat(100_000),
      set: fc.oneof(fc.constant(0), fc.integer({ min: -hour, max: hour }))
    })
    fc.assert(
      fc.property(fc.array(move), (moves) => {
        const { time, pass, set, wall } = machine()
        let last = time.now()
        for (const { pass: ms, set: by } of moves) {
          set(by)
          pass(ms)
          const now = time.now()
          expect(now).toBeGreaterThanOrEqual(last + Math.floor(Math.max(0, ms - 5) * 0.99) - 1)
          expect(now).toBeGreaterThanOrEqual(wall())
          last = now
        }
      })
    )
  })
})
