import { describe, expect, it } from 'vitest'
import { reloaded, snapshot } from '../../../../test/support/snapshot.ts'
import type { State } from '../center.ts'
import type { Command } from '../commands.ts'
import { decide } from '../decide.ts'
import { World } from '../testing/world.ts'
import { Unfinished } from './long-answers.ts'

const seed = [1, 2, 3, 4] as const

/** Twenty workers, of whom the last fits tasks for it, by an expression of a hundred comparisons. */
function floor(joiner: 'OR' | 'AND'): World {
  const world = new World({ settings: { comparisons_at_once: 250 } })
  world.addQueue('Support')
  const expression = Array.from({ length: 100 }, (_, i) => `worker.w${i} == task.t${i}`).join(` ${joiner} `)
  world.addWorkflow('Main', { filters: [{ expression: '1==1', targets: [{ queue: 'Support', expression }] }] })
  for (let n = 0; n < 20; n++) world.addWorker(`w${n}`, { attributes: hundred('w', n) })
  return world
}

const hundred = (letter: string, value: number) =>
  Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`${letter}${i}`, value]))

/** Decides in pieces; answers after how many. `between` is called after each. */
function inPieces(state: State, at: number, command: Command, between = () => {}) {
  for (let pieces = 1; ; pieces++) {
    try {
      return { pieces, decision: decide(state, { at, seed, command, comparisons: 250 }) }
    } catch (error) {
      if (!(error instanceof Unfinished)) throw error
      between()
    }
  }
}

describe('a decision that asks long expressions much', () => {
  it.each(['OR', 'AND'] as const)(
    'is made in pieces, of which nothing is left, and is what it would be at once: %s',
    (joiner) => {
      const world = floor(joiner)
      const { state, workspace_sid } = world
      const workflow_sid = state.tables.workflow.firstBy('workspace_sid', workspace_sid)?.sid ?? ''
      const attributes = JSON.stringify(hundred('t', 19))
      const command: Command = { type: 'task.create', workspace_sid, workflow_sid, attributes }
      const other = reloaded(state)
      const before = JSON.stringify(snapshot(state))
      const { pieces, decision } = inPieces(state, world.at, command, () =>
        expect(JSON.stringify(snapshot(state))).toBe(before)
      )
      expect(pieces).toBeGreaterThan(5)
      const atOnce = decide(other, { at: world.at, seed, command })
      expect(JSON.stringify(decision)).toBe(JSON.stringify(atOnce))
      expect(decision.events.map(({ type }) => type)).toContain('reservation.created')
    }
  )

  it('compiles the expressions of a configuration in pieces, and goes on where it was', () => {
    const world = floor('OR')
    const { state, workspace_sid } = world
    const queue = state.tables.task_queue.firstBy('workspace_sid', workspace_sid)?.sid
    const filters = Array.from({ length: 8 }, (_, n) => ({
      expression: Array.from({ length: 20 }, (_, i) => `f${n}_${i} == ${i}`).join(' OR '),
      targets: [{ queue }]
    }))
    const configuration = JSON.stringify({ task_routing: { filters } })
    const command: Command = { type: 'workflow.create', workspace_sid, friendly_name: 'Long', configuration }
    const other = reloaded(state)
    const before = JSON.stringify(snapshot(state))
    const { pieces, decision } = inPieces(state, world.at, command, () =>
      expect(JSON.stringify(snapshot(state))).toBe(before)
    )
    // One a piece, each being longer than what may be asked at once.
    expect(pieces).toBe(8)
    expect(JSON.stringify(decision)).toBe(JSON.stringify(decide(other, { at: world.at, seed, command })))
    // What is wrong is said all the same, and in the same words.
    const wrong = {
      ...command,
      friendly_name: 'Wrong',
      configuration: configuration.replace('f7_3 == 3', 'f7_3 == == 3')
    } as Command
    const said = (within: () => unknown) => expect(within).toThrow('task_routing.filters[7].expression')
    said(() => inPieces(state, world.at, wrong))
    said(() => decide(other, { at: world.at, seed, command: wrong }))
  })

  it('sees what changes in between', () => {
    const world = floor('OR')
    const { state, workspace_sid } = world
    const workflow_sid = state.tables.workflow.firstBy('workspace_sid', workspace_sid)?.sid ?? ''
    const attributes = JSON.stringify(hundred('t', 99))
    const { decision } = inPieces(
      state,
      world.at,
      { type: 'task.create', workspace_sid, workflow_sid, attributes },
      () => {
        const { sid, attributes } = world.worker('w0')
        if (attributes !== '{"w7":99}') world.do({ type: 'worker.update', workspace_sid, sid, attributes: '{"w7":99}' })
      }
    )
    const [offered] = decision.changes.filter(({ kind }) => kind === 'reservation')
    expect(offered?.after).toMatchObject({ worker_sid: world.worker('w0').sid })
  })

  it('is made for a worker, too, whom many tasks wait for', () => {
    const world = floor('OR')
    const { state, workspace_sid } = world
    for (let n = 100; n < 130; n++) world.addTask(`t${n}`, { attributes: hundred('t', n) })
    const { sid } = world.worker('w3')
    const command: Command = {
      type: 'worker.update',
      workspace_sid,
      sid,
      attributes: JSON.stringify(hundred('w', 129))
    }
    const { pieces, decision } = inPieces(state, world.at, command)
    expect(pieces).toBeGreaterThan(5)
    const [offered] = decision.changes.filter(({ kind }) => kind === 'reservation')
    expect(offered?.after).toMatchObject({ worker_sid: sid, task_sid: world.sid('t129') })
  })
})
