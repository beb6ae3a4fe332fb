import { describe, expect, it } from 'vitest'
import { make } from '../../../../test/simulation/history.ts'
import type { State } from '../center.ts'
import type { Kind } from '../kinds.ts'
import {
  canTake,
  isRequest,
  reservationLifeCycle,
  reservationRequests,
  taskLifeCycle,
  taskRequests,
  transferLifeCycle
} from './life-cycle.ts'

describe('what a caller can set a task to', () => {
  it.each([
    ['pending', ['canceled']],
    ['reserved', ['canceled']],
    ['assigned', ['wrapping', 'completed']],
    ['wrapping', ['completed']],
    ['completed', []],
    ['canceled', []]
  ] as const)('%s: %j', (status, possible) => {
    const found = namesOf(taskRequests).filter((to) => canTake(taskLifeCycle, status, taskRequests[to].step))
    expect(found).toEqual(possible)
  })
})

describe('what a caller can set a reservation to', () => {
  it.each([
    ['pending', ['accepted', 'rejected']],
    ['accepted', ['wrapping', 'completed']],
    ['wrapping', ['completed']],
    ['rejected', []],
    ['timeout', []],
    ['canceled', []],
    ['rescinded', []],
    ['completed', []]
  ] as const)('%s: %j', (status, possible) => {
    const found = namesOf(reservationRequests).filter((to) =>
      canTake(reservationLifeCycle, status, reservationRequests[to].step)
    )
    expect(found).toEqual(possible)
  })
})

describe('a request', () => {
  it.each(['pending', 'reserved', 'assigned', 'toString', 'Canceled', ''])('is not: to set a task to %j', (status) => {
    expect(isRequest(taskRequests, status)).toBe(false)
  })

  it.each([
    ...Object.entries(taskRequests).map(([to, { step }]) => ({ to, lifeCycle: taskLifeCycle, step })),
    ...Object.entries(reservationRequests).map(([to, { step }]) => ({ to, lifeCycle: reservationLifeCycle, step }))
  ])('to set it to $to leads there, by $step', ({ to, lifeCycle, step }) => {
    const led = Object.values<Readonly<Record<string, string>>>(lifeCycle).flatMap((steps) => steps[step] ?? [])
    expect(new Set(led)).toEqual(new Set([to]))
  })
})

describe('the life cycles', () => {
  it('are what happens: every change of a status is a step, and every step happens', { timeout: 120_000 }, () => {
    const changes = { task: new Set<string>(), reservation: new Set<string>(), transfer: new Set<string>() }
    const steps = [stepsOf(taskLifeCycle), stepsOf(reservationLifeCycle), stepsOf(transferLifeCycle)]
    const all = steps.reduce((sum, { size }) => sum + size, 0)
    const seen = () => changes.task.size + changes.reservation.size + changes.transfer.size
    for (let seed = 1; seed <= 60 && (seed <= 12 || seen() < all); seed++)
      expect(make('churn', seed, 60, { watch: noting(changes) }).failure).toBeUndefined()
    expect(changes.reservation).toEqual(stepsOf(reservationLifeCycle))
    expect(changes.transfer).toEqual(stepsOf(transferLifeCycle))
    expect(changes.task).toEqual(stepsOf(taskLifeCycle))
  })
})

const columns: Readonly<Partial<Record<Kind, string>>> = {
  task: 'assignment_status',
  reservation: 'reservation_status',
  transfer: 'transfer_status'
}

type Changes = Readonly<Partial<Record<Kind, Set<string>>>>

/** Notes of a history which status followed upon which. */
function noting(changes: Changes): (state: State) => () => void {
  return (state) => {
    const change = state.change.bind(state)
    state.change = (kind, sid, changed) => {
      const from = statusOf(state, kind, sid)
      const row = change(kind, sid, changed)
      const to = statusOf(state, kind, sid)
      if (from !== to) changes[kind]?.add(`${kind === 'task' ? standing(state, sid, from, to) : from} -> ${to}`)
      return row
    }
    return () => undefined
  }
}

function statusOf(state: State, kind: Kind, sid: string): string | undefined {
  const column = columns[kind]
  return column && Object.entries(state.get(kind, sid)).find(([name]) => name === column)?.[1]
}

/** A task that is being transferred is wrapped up and completed as if it were assigned. */
function standing(state: State, sid: string, from: string | undefined, to: string | undefined): string | undefined {
  const isTransferred = state.tables.transfer.count('task_sid', sid) > 0
  const isWaiting = from === 'pending' || from === 'reserved'
  return isTransferred && isWaiting && to === 'completed' ? 'assigned' : from
}

function namesOf<T extends object>(table: T): (keyof T)[] {
  return Object.keys(table) as (keyof T)[] // a literal has no other keys
}

function stepsOf(lifeCycle: Readonly<Record<string, Readonly<Record<string, string>>>>): Set<string> {
  return new Set(Object.entries(lifeCycle).flatMap(([from, to]) => Object.values(to).map((one) => `${from} -> ${one}`)))
}
