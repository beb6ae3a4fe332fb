import { describe, expect, it } from 'vitest'
import type { Command } from '../commands.ts'
import { type Decision, decide } from '../decide.ts'
import { decideDue } from '../due.ts'
import { Refusal } from '../refusals.ts'
import { seedOf } from '../state/ids.ts'
import type { State } from '../state/state.ts'
import { audit } from './invariants.ts'
import { Dice, emptyState, nextCommand, opening } from './random.ts'
import { reloaded, snapshot } from './snapshot.ts'

/*
 * A floor on which anything may happen. Two centers live through the same: in one, decisions are broken off half-way and
 * tried again, and memory is lost and loaded anew; it must not be told apart from the other, in which nothing goes wrong.
 * To replay one run: RINGDOWN_SEED=17 npx vitest run packages/engine/src/testing/random.test.ts; RINGDOWN_SEEDS=5000 makes
 * a long one (with --testTimeout 0).
 */

class Sabotage extends Error {}

/** Decides a command, but throws at one of its events, or at its end if it has fewer. Nothing of it may be left. */
function breakOff(state: State, at: number, command: Command, after: number): void {
  const before = JSON.stringify(snapshot(state))
  const { emit, end } = state
  let left = after
  state.emit = (...told) => {
    if (left-- === 0) throw new Sabotage()
    emit.apply(state, told)
  }
  state.end = () => {
    throw new Sabotage()
  }
  try {
    decide(state, { at, seed: [1, 2, 3, after], command })
  } catch (error) {
    if (!(error instanceof Sabotage) && !(error instanceof Refusal)) throw error
  } finally {
    state.emit = emit
    state.end = end
  }
  same(JSON.stringify(snapshot(state)), before)
}

/** As `expect(…).toBe(…)`, which costs too much to be asked ten thousand times. */
function same(actual: string, expected: string): void {
  if (actual !== expected) expect(actual).toBe(expected)
}

interface Tally {
  decided: number
  refused: number
  broken: number
  offers: number
  /** Of expressions that were judged in pieces, all but the last. */
  pieces: number
}

function run(seed: number, tally: Tally): void {
  const dice = new Dice(seedOf(seed, 0))
  const seedFor = (decision: number) => seedOf(seed, decision + 1)
  let fragile = emptyState(seed)
  const plain = emptyState(seed)
  let at = 1_000_000_000_000

  const attempt = (state: State, command: Command): Decision | string => {
    try {
      return decide(state, { at, seed: seedFor(state.decision), command })
    } catch (error) {
      if (error instanceof Refusal) return error.message
      throw error
    }
  }
  const settle = (one: Decision, other: Decision) => {
    audit(fragile, one)
    same(textOf(one), textOf(other))
    tally.decided++
    tally.offers += one.events.filter((event) => event.type === 'reservation.created').length
  }
  const due = () => {
    for (;;) {
      const timer = fragile.nextTimer
      if (timer && timer.due <= at && dice.chance(15)) {
        const command = { type: timer.command, sid: timer.sid } as Command
        const then = Math.max(timer.due, fragile.at)
        breakOff(fragile, then, command, dice.roll(8))
        tally.broken++
      }
      const one = decideDue(fragile, at, seedFor).next()
      const other = decideDue(plain, at, seedFor).next()
      if (one.done || other.done) {
        expect(one.done).toBe(other.done)
        return
      }
      const { command } = one.value
      if (command.type === 'timer.judging' && fragile.find('judging', command.sid)) tally.pieces++
      settle(one.value.decision, other.value.decision)
    }
  }
  const execute = (command: Command) => {
    due()
    if (dice.chance(12)) {
      breakOff(fragile, at, command, dice.roll(8))
      tally.broken++
    }
    if (dice.chance(5)) {
      const loaded = reloaded(fragile)
      same(JSON.stringify(snapshot(loaded)), JSON.stringify(snapshot(fragile)))
      fragile = loaded
    }
    const one = attempt(fragile, command)
    const other = attempt(plain, command)
    if (typeof one === 'string' || typeof other === 'string') {
      same(String(one), String(other))
      tally.refused++
    } else {
      settle(one, other)
    }
    due()
  }

  for (const step of opening(dice)) execute(step(fragile))
  for (let n = 0; n < 60; n++) {
    at += dice.of([0, 0, 1, 500, 2_000, 7_000, 30_000])
    execute(nextCommand(fragile, dice, n))
  }
  same(JSON.stringify(snapshot(fragile)), JSON.stringify(snapshot(plain)))
}

function textOf({ changes, events, result }: Decision): string {
  return JSON.stringify({
    rows: changes.map(({ sid, after }) => after ?? sid),
    events: events.map(({ sid, type }) => [sid, type]),
    result
  })
}

describe('whatever happens', () => {
  const only = process.env.RINGDOWN_SEED
  const seeds =
    only === undefined
      ? Array.from({ length: Number(process.env.RINGDOWN_SEEDS ?? 120) }, (_, i) => i + 1)
      : [Number(only)]

  it(`leaves nothing undone that could be done, and no trace of what was undone (${seeds.length} seeds)`, () => {
    const tally: Tally = { decided: 0, refused: 0, broken: 0, offers: 0, pieces: 0 }
    for (const seed of seeds) {
      try {
        run(seed, tally)
      } catch (error) {
        const replay = `RINGDOWN_SEED=${seed} npx vitest run packages/engine/src/testing/random.test.ts`
        throw new Error(`seed ${seed} fails; replay it by: ${replay}`, { cause: error })
      }
    }
    // The run has done something worth the name.
    if (only !== undefined) return
    expect(tally.decided).toBeGreaterThan(seeds.length * 30)
    expect(tally.refused).toBeGreaterThan(seeds.length)
    expect(tally.broken).toBeGreaterThan(seeds.length * 5)
    expect(tally.offers).toBeGreaterThan(seeds.length * 10)
    expect(tally.pieces).toBeGreaterThan(seeds.length / 2)
  }, 120_000)
})
