import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { reloaded, snapshot } from '../../../../test/support/snapshot.ts'
import { ask, definition, say, trigger } from '../testing/flows.ts'
import { Stage } from '../testing/stage.ts'
import { checkDefinition } from './check.ts'
import { widgetTypes } from './widget-types.ts'

/* Definitions that nobody meant: whatever they say, nothing breaks, everything ends, and others have their turn. */

const names = ['a', 'b', 'c', 'd', 'e']
const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.constantFrom(
    '{{flow.variables.a}}',
    '{{widgets.a | to_json}}',
    '{% for i in (1..999) %}{{i}}{% endfor %}',
    '{% if',
    `{{ "x" | date: "%${'%'.repeat(50)}" }}`,
    'x'.repeat(20_000),
    '[',
    '{}',
    'https://acme.example/',
    'CH00000000000000000000000000000000',
    '0',
    '-1',
    '1e999'
  )
)
const anything = fc.oneof(text, fc.constant(null), fc.integer(), fc.boolean(), fc.jsonValue({ maxDepth: 2 }))
const properties = fc.record(
  Object.fromEntries(
    [
      'from to body timeout input variables method url content_type parameters attributes workflow channel priority',
      'flow_sid flow_revision participants conversation_service_sid conversation_sid media_url save_response_as'
    ]
      .join(' ')
      .split(' ')
      .map((name) => [name, anything])
  ),
  { requiredKeys: [] }
)
const events = [...new Set(Object.values(widgetTypes).flatMap((one) => [...one.events]))]
const transition = fc.record(
  {
    event: fc.oneof(fc.constantFrom(...events), anything),
    next: fc.oneof(fc.constantFrom(...names), anything),
    conditions: fc.oneof(
      fc.array(
        fc.record({
          type: fc.constantFrom('regex', 'equal_to', 'is_before_time', 'none'),
          arguments: fc.array(text),
          value: text
        }),
        { maxLength: 2 }
      ),
      anything
    )
  },
  { requiredKeys: [] }
)
const state = (name: string) =>
  fc.record({
    name: fc.oneof({ weight: 9, arbitrary: fc.constant(name) }, { weight: 1, arbitrary: anything }),
    type: fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom(...Object.keys(widgetTypes)) },
      { weight: 1, arbitrary: anything }
    ),
    transitions: fc.oneof(
      { weight: 9, arbitrary: fc.array(transition, { maxLength: 4 }) },
      { weight: 1, arbitrary: anything }
    ),
    properties: fc.oneof({ weight: 9, arbitrary: properties }, { weight: 1, arbitrary: anything })
  })
const nonsense = fc.record({
  initial_state: fc.oneof({ weight: 9, arbitrary: fc.constant('a') }, { weight: 1, arbitrary: anything }),
  states: fc.tuple(...names.map(state))
})

describe('definitions that nobody meant', () => {
  it('are looked through, and run to an end or until somebody answers', () => {
    fc.assert(
      fc.property(nonsense, fc.integer({ min: 1, max: 1e6 }), (flow, seed) => {
        const stage = new Stage(seed)
        const definition = JSON.stringify(flow)
        const { errors, warnings } = checkDefinition(stage.state, definition)
        for (const { message, property_path } of [...errors, ...warnings])
          expect([typeof message, property_path.startsWith('#')]).toEqual(['string', true])
        const { sid } = stage.do({ type: 'flow.create', friendly_name: 'x', status: 'draft', definition }).flow
        stage.do({ type: 'test_user.update', sid, test_users: ['+37255500001'] })
        const chat = stage.conversation(sid)
        for (const body of ['hi', '{{', '1']) stage.write(chat, body)
        stage.start(sid)
        for (const one of stage.state.tables.execution.all()) {
          expect(['turn', null].includes(one.waits_for) && one.status === 'active').toBe(false)
          expect(one.steps).toBeLessThanOrEqual(1000)
        }
        stage.pass('30 d')
        expect(stage.state.tables.execution.all().map(({ status }) => status)).not.toContain('active')
      }),
      { numRuns: 60, seed: 15 }
    )
  })

  it.each([
    [
      'a thousand states',
      definition(Array.from({ length: 1000 }, (_, n) => (n === 0 ? trigger({}) : say(`s${n}`, 'x')))),
      true
    ],
    [
      'a thousand and one',
      definition(Array.from({ length: 1001 }, (_, n) => (n === 0 ? trigger({}) : say(`s${n}`, 'x')))),
      false
    ],
    ['a text of a megabyte', definition([trigger({}), say('s', 'x'.repeat(1_048_576))]), true],
    ['depth', `{"states":${'['.repeat(500)}${']'.repeat(500)}}`, false]
  ])('%s', (_what, text, isValid) => {
    const { errors } = checkDefinition(new Stage().state, text)
    expect(errors.length === 0).toBe(isValid)
  })
})

describe('a center that is started anew', () => {
  it('goes on with executions where they were', () => {
    const stage = new Stage()
    const flow = stage.flow(
      definition([
        trigger({ incomingConversationMessage: 'a' }),
        ask('a', 'Name?', 'b'),
        say('b', 'Hi {{widgets.a.inbound.Body}}')
      ])
    )
    stage.write(stage.conversation(flow), 'hi')
    expect(snapshot(reloaded(stage.state))).toEqual(snapshot(stage.state))
  })
})
