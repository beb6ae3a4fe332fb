import { describe, expect, it } from 'vitest'
import { logSubjects } from '../log/event-subjects.ts'
import { blocksOf, eventsIn, tokenOf, typeToken } from './log-blocks.ts'
import type { StoredEvent } from './store.ts'

const told = (seq: number, data: object = {}, type = 'task.created'): StoredEvent => ({
  seq,
  sid: `EV${seq}`,
  type,
  at: 1_000 + seq,
  data: JSON.stringify({ description: `é ${seq}\n`, data })
})
const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => told(from + n))
const cut = (events: readonly StoredEvent[]) =>
  blocksOf(events, logSubjects).map(({ place: [last, first] }) => [first, last])
const back = (events: readonly StoredEvent[]) =>
  blocksOf(events, logSubjects).flatMap(({ text: [, pieces] }) => eventsIn(pieces.join('')))

describe('blocks of the log', () => {
  it('hold a batch, or 128 events of it', () => {
    expect(cut([])).toEqual([])
    expect(cut(range(5, 8))).toEqual([[5, 8]])
    expect(cut(range(1, 300))).toEqual([
      [1, 128],
      [129, 256],
      [257, 300]
    ])
  })

  it('begin anew where a number is missing, and where texts are long', () => {
    expect(cut([...range(1, 3), ...range(5, 6)])).toEqual([
      [1, 3],
      [5, 6]
    ])
    const long = 'x'.repeat(700_000)
    expect(cut([told(1, { long }), told(2, { long }), told(3, { long: long + long }), told(4)])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4]
    ])
  })

  it('give every event back as it was, whatever stands in it', () => {
    const odd = { ...told(4), sid: '', type: 'a "type"\nof its own', data: 'no JSON\n{}[' }
    const events = [...range(1, 3), { ...odd, about: {} }, told(5, { text: '\u2028 😀 "\\"', lone: '\ud800' })]
    expect(back(events)).toEqual([...range(1, 3), odd, events[4]])
    expect(back(range(1, 600))).toEqual(range(1, 600))
  })

  it('are found by the SIDs and types of their events, each of them once', () => {
    const task = { workspace_sid: `WS${'a'.repeat(32)}`, task_sid: `WT${'b'.repeat(32)}`, task_priority: 3 }
    const worker = { ...task, worker_sid: `WK${'c'.repeat(32)}`, worker_name: null }
    const [block] = blocksOf([told(1, task), told(2, worker), told(3, task, 'task.canceled')], logSubjects)
    const sids = [task.workspace_sid, task.task_sid, worker.worker_sid].map(tokenOf)
    expect(block?.place).toEqual([3, 1, 1_003, [...sids, ...['task.created', 'task.canceled'].map(typeToken)].join('')])
    // What is at hand need not be read from the text.
    const [same] = blocksOf([{ ...told(1), about: worker }], logSubjects)
    expect(same?.place[3]).toContain(tokenOf(worker.worker_sid))
  })

  it('have tokens of types that no SID has', () => {
    expect(typeToken('task.created')).toMatch(/^\.[0-9a-v]{4}$/)
    expect(typeToken('task.created')).toBe(typeToken('task.created'))
    expect(typeToken('task.created')).not.toBe(typeToken('task.updated'))
  })
})
