import { describe, expect, it } from 'vitest'
import { ask, definition, first, say } from '../testing/flows.ts'
import { staged } from '../testing/stage.ts'

describe('an execution', () => {
  it('is the same once more: same steps, same words, same bytes', () => {
    const run = () => {
      const { stage, write, said } = staged([
        first('a'),
        ask('a', 'Name? {{"now" | date: "%F"}}', 'b'),
        say('b', 'Hi {{widgets.a.inbound.Body}} {{flow.sid}}')
      ])
      write('x')
      stage.pass('5 min')
      write('Ana')
      return JSON.stringify([said(), stage.execution, stage.stepRows])
    }
    expect(run()).toBe(run())
  })

  it('stays on its revision while others are published', () => {
    const { stage, write, flow, said } = staged([first('a'), ask('a', 'one', 'b'), say('b', 'first')])
    write('hi')
    stage.do({
      type: 'flow.update',
      sid: flow,
      status: 'published',
      definition: definition([first('a'), say('a', 'second')])
    })
    write('more')
    expect(said().at(-1)).toBe('first')
    write('again')
    expect(said().at(-1)).toBe('second')
  })

  it('ends with its flow, and goes with it', () => {
    const { stage, write, flow } = staged([first('a'), ask('a', 'one', 'b'), say('b', 'x')])
    write('hi')
    stage.do({ type: 'flow.delete', sid: flow })
    expect(stage.events('flow.execution.ended')).toHaveLength(1)
    for (const kind of ['execution', 'execution_step', 'flow_revision', 'flow'] as const)
      expect(stage.state.tables[kind].size).toBe(0)
    write('hi')
    expect(stage.errors.at(-1)).toContain('does not exist')
  })
})
