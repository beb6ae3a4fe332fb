import { State } from '@ringdown/engine/center'
import { type Command, readsOf } from '@ringdown/engine/commands'
import { seedOf } from '@ringdown/engine/core/ids'
import { defaultSettings } from '@ringdown/engine/settings'
import { pino } from 'pino'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Clock } from '../clock/clock.ts'
import { Decider } from './decider.ts'
import { DueTimers } from './due-timers.ts'
import { nothingRead } from './entry.ts'
import { GroupCommit } from './group-commit.ts'
import { Reads } from './reads.ts'

/** A clock that is moved by hand, and calls back only then. */
class HandClock implements Clock {
  #now = Date.parse('2026-03-02T09:00:00Z')
  /** Instants for which somebody waits, with whom to call. */
  readonly alarms = new Map<object, { readonly instant: number; readonly call: () => void }>()

  now(): number {
    return this.#now
  }

  notBefore(instant: number): void {
    this.#now = Math.max(this.#now, instant)
  }

  at(instant: number, call: () => void): () => void {
    const alarm = {}
    this.alarms.set(alarm, { instant, call })
    return () => this.alarms.delete(alarm)
  }

  /** Milliseconds from now to each alarm. */
  get waits(): number[] {
    return [...this.alarms.values()].map(({ instant }) => instant - this.#now)
  }

  pass(ms: number): void {
    this.#now += ms
    for (const [alarm, { instant, call }] of [...this.alarms]) {
      if (instant > this.#now || !this.alarms.delete(alarm)) continue
      call()
    }
  }
}

const minute = 60_000
const account_sid = `AC${'0'.repeat(32)}`

let clock: HandClock
let decider: Decider
let timers: DueTimers
let isOpen: boolean
/** Rejects while the store is said to be away. */
let find: () => Promise<never[]>
/** Type of a command that must read before it is decided. */
let reading: string | undefined
let workspace_sid: string
let workflow_sid: string

beforeEach(() => {
  clock = new HandClock()
  isOpen = true
  reading = undefined
  find = async () => []
  const state = new State(account_sid, defaultSettings)
  const commit = new GroupCommit({
    store: { write: async () => {} },
    account_sid,
    epoch: 1,
    journal: false,
    isOpen: () => isOpen,
    onDurable: () => {},
    onFailed: () => {}
  })
  decider = new Decider({ state, commit, clock, seed: 1, isReady: () => isOpen })
  const reads = new Reads({
    state: () => decider.state,
    find: () => find(),
    absent: decider.cold.absent,
    readsOf: (command, state) =>
      command.type === reading ? [{ kind: 'user', where: { sid: `US${'a'.repeat(32)}` } }] : readsOf(command, state)
  })
  timers = new DueTimers({ decider, reads, clock, log: pino({ level: 'silent' }), isOpen: () => isOpen })
  decide({ type: 'workspace.create', friendly_name: 'Floor', template: 'FIFO' })
  workspace_sid = [...state.tables.workspace.all()][0]?.sid ?? ''
  workflow_sid = state.tables.workflow.firstBy('workspace_sid', workspace_sid)?.sid ?? ''
})

function decide(command: Command): void {
  decider.add({
    command,
    at: decider.now(),
    seed: seedOf(1, decider.state.decision),
    ...nothingRead,
    timer: undefined,
    resolve: () => {},
    reject: (error) => {
      throw error
    }
  })
}

/** A task that is given up after so many minutes. */
function task(minutes: number): void {
  decide({ type: 'task.create', workspace_sid, workflow_sid, timeout: (minutes * minute) / 1000 })
  timers.arm()
}

function statuses(): string[] {
  return [...decider.state.tables.task.all()].map(({ assignment_status }) => assignment_status)
}

describe('due timers', () => {
  it('have one alarm, for the first of them', () => {
    task(2)
    expect(clock.waits).toEqual([2 * minute])
    task(1)
    expect(clock.waits).toEqual([minute])
    task(3)
    expect(clock.waits).toEqual([minute])
    clock.pass(minute)
    expect(statuses()).toEqual(['pending', 'canceled', 'pending'])
    expect(clock.waits).toEqual([minute])
  })

  it('rest while the account is not open, and are decided when it is again', () => {
    task(1)
    isOpen = false
    clock.pass(minute)
    expect([statuses(), clock.waits]).toEqual([['pending'], []])
    isOpen = true
    timers.go()
    expect(statuses()).toEqual(['canceled'])
  })

  it('wait in their order for one that reads', async () => {
    task(1)
    task(1)
    reading = 'timer.task_ttl'
    clock.pass(minute)
    expect([statuses(), clock.waits]).toEqual([['pending', 'pending'], []])
    while (timers.held) await timers.held
    expect(statuses()).toEqual(['canceled', 'canceled'])
  })

  it('are parked after three failures, and hold up nothing any more', async () => {
    task(1)
    task(2)
    reading = 'timer.task_ttl'
    find = () => Promise.reject(new Error('the row cannot be read'))
    clock.pass(minute)
    while (timers.held) await timers.held
    expect([statuses(), clock.waits]).toEqual([['pending', 'pending'], [minute]])
    reading = undefined
    clock.pass(minute)
    expect(statuses()).toEqual(['pending', 'canceled'])
  })
})
