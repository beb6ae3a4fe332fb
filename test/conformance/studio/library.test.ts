import { checkDefinition } from '@ringdown/engine/studio/check'
import { Stage } from '@ringdown/engine/testing/stage'
import { describe, expect, it } from 'vitest'
import { flowLibrary } from '../../../packages/cli/src/demo-flows.ts'

const stage = () => {
  const made = new Stage()
  made.do({ type: 'schedule.create', name: 'Support', time_zone: 'UTC', weekly: '{"thu":[["09:00","17:00"]]}' })
  return made
}

function conversation(on: Stage, name: keyof typeof flowLibrary, words: readonly string[]) {
  const places = { workflow_sid: on.workflow('Anyone').sid, task_channel: 'default' }
  const chat = on.conversation(on.flow(JSON.stringify(flowLibrary[name](places))))
  for (const word of words) on.write(chat, word)
  const [task] = on.state.tables.task.all()
  return { said: on.said(chat), task: task && JSON.parse(task.attributes) }
}

describe('the library of flows', () => {
  it.each(Object.entries(flowLibrary))('%s is valid, without a warning', (_name, made) => {
    const text = JSON.stringify(made({ workflow_sid: `WW${'0'.repeat(32)}`, task_channel: 'chat' }))
    expect(checkDefinition(stage().state, text)).toEqual({ errors: [], warnings: [] })
  })

  it.each([
    [['hi', 'Ana', 'a question about my INVOICE'], { topic: 'billing', customerName: 'Ana' }],
    [['hi', 'Bo', 'sales please'], { topic: 'sales', customerName: 'Bo' }],
    [['hi', 'Cy', 'help'], { topic: 'support', customerName: 'Cy' }]
  ])('Welcome brings %j to the right queue', (words, attributes) => {
    expect(conversation(stage(), 'Welcome', words).task).toMatchObject(attributes)
  })

  it('Opening hours hands over while it is open', () => {
    // It is a Thursday, at midnight.
    expect(conversation(stage(), 'Opening hours', ['hi'])).toMatchObject({
      task: undefined,
      said: [expect.anything(), expect.stringContaining('closed')]
    })
    const on = stage()
    on.pass('9 h')
    expect(conversation(on, 'Opening hours', ['hi']).task).toMatchObject({ topic: 'support' })
  })

  it('Callback request asks until it has a number', () => {
    const { said, task } = conversation(stage(), 'Callback request', ['hi', 'tomorrow', '+33 6 12 34 56 78'])
    expect(said.filter((one) => one.startsWith('Which number'))).toHaveLength(2)
    expect(task).toMatchObject({ taskType: 'callback', callback_number: '+33 6 12 34 56 78' })
  })
})
