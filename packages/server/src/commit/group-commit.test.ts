import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Batch } from '../store/store.ts'
import type { Entry } from './entry.ts'
import { GroupCommit } from './group-commit.ts'
import { Unavailable } from './ledger.ts'

/** A store that is told when each of its writes has ended, and how. */
class Desk {
  readonly batches: { readonly batch: Batch; readonly end: (error?: Error) => void }[] = []

  write(batch: Batch): Promise<void> {
    return new Promise((resolve, reject) => {
      this.batches.push({ batch, end: (error) => (error ? reject(error) : resolve()) })
    })
  }

  get decisions(): number[] {
    return this.batches.map(({ batch }) => batch.head.decision)
  }
}

let desk: Desk
let commit: GroupCommit
let answered: number[]
let durable: number[]
let failures: unknown[]
let isOpen: boolean
let decisions: number

beforeEach(() => {
  desk = new Desk()
  answered = []
  durable = []
  failures = []
  isOpen = true
  decisions = 0
  commit = new GroupCommit({
    store: desk,
    account_sid: `AC${'0'.repeat(32)}`,
    epoch: 1,
    journal: false,
    isOpen: () => isOpen,
    onDurable: (entries) => durable.push(...entries.map(({ head }) => head.decision)),
    onFailed: (error) => failures.push(error)
  })
})

/** Hands over so many decisions, numbered in their order. */
function add(many: number): void {
  for (let i = 0; i < many; i++) {
    const decision = ++decisions
    commit.add({
      decision: { changes: [], events: [], result: decision },
      head: { at: 0, decision, next_seq: 1, next_event: 1 },
      fetched: [],
      resolve: (result: unknown) => answered.push(result as number), // its number
      reject: () => answered.push(-decision)
    } as unknown as Entry) // as: what the group commit looks at
  }
}

/** Resolves when all that follows by itself has happened. */
async function turn(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve))
}

/** The n-th write ends. */
async function end(n: number, error?: Error): Promise<void> {
  desk.batches[n]?.end(error)
  await turn()
}

describe('a group commit', () => {
  it('writes together what is decided in one turn, and answers it when it is on disk', async () => {
    add(3)
    expect(desk.batches).toEqual([])
    await turn()
    expect([desk.decisions, answered, commit.length]).toEqual([[3], [], 3])
    await end(0)
    expect([answered, durable, commit.length]).toEqual([[1, 2, 3], [1, 2, 3], 0])
  })

  it('gathers what comes during a write, and writes ahead only what is worth a transaction', async () => {
    add(1)
    await turn()
    add(15)
    await turn()
    expect(desk.decisions).toEqual([1])
    add(1)
    await turn()
    expect(desk.decisions).toEqual([1, 17])
    add(200)
    await turn()
    expect(desk.decisions).toEqual([1, 17])
    await end(0)
    expect(desk.decisions).toEqual([1, 17, 17 + 64])
  })

  it('has the few that came during a write wait a moment for others, and nobody else', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    try {
      add(1)
      await turn()
      add(2)
      await end(0)
      add(1)
      await turn()
      expect(desk.decisions).toEqual([1])
      vi.advanceTimersByTime(1)
      expect(desk.decisions).toEqual([1, 4])
      await end(1)
      add(1)
      await turn()
      expect(desk.decisions).toEqual([1, 4, 5])
      add(2)
      await end(2)
      await turn()
      expect(desk.decisions).toEqual([1, 4, 5])
      // Four are written at once, whether they wait or come while a batch is being written.
      add(2)
      await turn()
      expect(desk.decisions).toEqual([1, 4, 5, 9])
      add(5)
      await turn()
      expect(desk.decisions).toEqual([1, 4, 5, 9])
      await end(3)
      expect(desk.decisions).toEqual([1, 4, 5, 9, 14])
      expect(vi.getTimerCount()).toBe(0)
    } finally {
      vi.useRealTimers()
    }
  })

  it('answers in the order of the batches, whichever the store has finished first', async () => {
    add(1)
    await turn()
    add(20)
    await turn()
    await end(1)
    expect(answered).toEqual([])
    await end(0)
    expect(answered).toEqual(Array.from({ length: 21 }, (_, i) => i + 1))
  })

  it('is settled for those who asked as soon as what they saw is durable', async () => {
    await commit.settled(0)
    add(1)
    const seen: string[] = []
    void commit.settled(1).then(() => seen.push('first'))
    await turn()
    add(20)
    void commit.settled(21).then(() => seen.push('all'))
    await turn()
    await end(0)
    expect(seen).toEqual(['first'])
    await end(1)
    expect(seen).toEqual(['first', 'all'])
  })

  it('tells of a failed write once, and gives up everything behind it', async () => {
    add(2)
    await turn()
    add(20)
    const settled = commit.settled(22)
    await turn()
    const error = new Error('the disk is gone')
    await end(0, error)
    await end(1)
    expect([failures, answered]).toEqual([[error], []])
    const { entries, suspects } = commit.giveUp()
    expect([entries.length, suspects, commit.length]).toEqual([22, 2, 0])
    await expect(settled).rejects.toThrow(Unavailable)
  })

  it('does not answer for a batch that was given up while it was being written', async () => {
    add(2)
    await turn()
    commit.giveUp()
    await end(0)
    expect([answered, durable]).toEqual([[], []])
  })

  it('writes under the epoch in which the account was taken, and not before it is open again', async () => {
    isOpen = false
    commit.taken(2)
    add(1)
    await turn()
    expect(desk.batches).toEqual([])
    isOpen = true
    commit.pump()
    await turn()
    expect(desk.batches.map(({ batch }) => batch.epoch)).toEqual([2])
  })
})
