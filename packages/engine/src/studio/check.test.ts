import { describe, expect, it } from 'vitest'
import { ask, definition, say, set, split, trigger, widget } from '../testing/flows.ts'
import { Stage } from '../testing/stage.ts'
import { checkDefinition } from './check.ts'

/* What is found wrong with definitions, and where (reference studio 1.4 and 7). */

const first = trigger({ incomingMessage: 'a' })
const sub = (name: string, flow_sid: string, flow_revision = 'LatestPublished') =>
  widget(name, 'run-subflow', { completed: undefined }, { flow_sid, flow_revision })
const plain = (count: number) => Array.from({ length: count }, (_, n) => set(`s${n}`, { a: '1' }))
const unknown = (n: number) => `FW${String(n).padStart(32, '0')}`
const json = (value: object) => JSON.stringify(value)
const flex = (attributes: string) =>
  widget('a', 'send-to-flex', {}, { workflow: `WW${'0'.repeat(32)}`, channel: 'chat', attributes })

type Case = readonly [what: string, text: string | ((stage: Stage) => string), path: string, message: RegExp]

const errors: readonly Case[] = [
  ['no object', '[]', '#', /must be an object/],
  ['no states', json({ initial_state: 'a' }), '#/states', /at least one state/],
  ['no first state', json({ states: [first] }), '#/initial_state', /name of a state/],
  ['no trigger', json({ initial_state: 'a', states: [set('a', {})] }), '#/states', /exactly one is expected/],
  [
    'two triggers',
    definition([first, { ...first, name: 'Second' }, set('a', {})]),
    '#/states',
    /exactly one is expected/
  ],
  [
    'a state that is none',
    json({ initial_state: 'Trigger', states: [trigger({}), 5] }),
    '#/states/1',
    /must be an object/
  ],
  ['a name twice', definition([first, set('a', {}), set('a', {})]), '#/states/2/name', /name of another state/],
  ['a name with a blank', definition([first, set('a', {}), set('b c', {})]), '#/states/2/name', /no blanks or dots/],
  ['a name with a dot', definition([first, set('a', {}), set('b.c', {})]), '#/states/2/name', /no blanks or dots/],
  [
    'a name that begins with a digit',
    definition([first, set('a', {}), set('1b', {})]),
    '#/states/2/name',
    /begin with a letter/
  ],
  [
    'no name',
    json({ initial_state: 'Trigger', states: [trigger({}), { type: 'say-play' }] }),
    '#/states/1/name',
    /must be a text/
  ],
  [
    'no type',
    json({ initial_state: 'Trigger', states: [trigger({}), { name: 'a' }] }),
    '#/states/1/type',
    /must be a text/
  ],
  [
    'a transition to nowhere',
    definition([first, set('a', {}, 'gone')]),
    '#/states/1/transitions/0/next',
    /name of no state/
  ],
  [
    'an event of another type',
    definition([first, widget('a', 'say-play', { sent: undefined })]),
    '#/states/1/transitions/0/event',
    /does not happen at say-play/
  ],
  [
    'transitions that are no list',
    json({ initial_state: 'Trigger', states: [{ ...first, transitions: {} }] }),
    '#/states/0/transitions',
    /must be a list/
  ],
  [
    'a transition that is none',
    json({ initial_state: 'Trigger', states: [{ ...first, transitions: [5] }] }),
    '#/states/0/transitions/0',
    /must be an object/
  ],
  [
    'conditions that are no list',
    definition([first, { ...set('a', {}), transitions: [{ event: 'next', conditions: {} }] }]),
    '#/states/1/transitions/0/conditions',
    /must be a list/
  ],
  [
    'properties that are no object',
    json({ initial_state: 'Trigger', states: [{ ...first, properties: [] }] }),
    '#/states/0/properties',
    /must be an object/
  ],
  [
    'a null',
    definition([first, { ...set('a', {}), properties: { variables: null } }]),
    '#/states/1/properties/variables',
    /must not be null/
  ],
  [
    'a required property that is missing',
    definition([first, widget('a', 'send-to-flex', {}, { workflow: '' })]),
    '#/states/1/properties/workflow',
    /is required/
  ],
  ['a message without a text', definition([first, say('a', '')]), '#/states/1/properties/body', /is required/],
  [
    'a template without its SID',
    definition([first, widget('a', 'send-message', {}, { from: 'x', message_type: 'content_template' })]),
    '#/states/1/properties/content_sid',
    /is required/
  ],
  [
    'a list that is too long',
    definition([first, widget('a', 'set-variables', {}, { variables: Array(1001).fill({}) })]),
    '#/states/1/properties/variables',
    /at most 1000/
  ],
  [
    'more states than a flow may have',
    definition([first, set('a', {}), ...plain(999)]),
    '#/states',
    /has 1001 states; at most 1000/
  ],
  [
    'more subflow widgets than it may have',
    definition([first, set('a', {}), ...Array.from({ length: 151 }, (_, n) => sub(`r${n}`, unknown(1)))]),
    '#/states',
    /in 151 states; at most 150/
  ],
  [
    'more subflows than it may have',
    definition([first, set('a', {}), ...Array.from({ length: 51 }, (_, n) => sub(`r${n}`, unknown(n)))]),
    '#/states',
    /runs 51 subflows; at most 50/
  ],
  [
    'a subflow in two revisions',
    definition([first, sub('a', unknown(1), '1'), sub('b', unknown(1), '2')]),
    '#/states/2/properties/flow_revision',
    /in one revision/
  ],
  [
    'Liquid for a subflow',
    definition([first, sub('a', '{{flow.data.sid}}')]),
    '#/states/1/properties/flow_sid',
    /takes no Liquid/
  ],
  [
    'a subflow with subflows',
    (stage) => definition([first, sub('a', stage.flow(definition([first, sub('a', unknown(1))])))]),
    '#/states/1/properties/flow_sid',
    /runs subflows itself/
  ],
  [
    'more states than it may have with those of its subflows',
    (stage) => {
      const large = definition([first, set('a', {}), ...plain(998)])
      const [one, two] = [stage.flow(large), stage.flow(large)]
      return definition([first, sub('a', one), sub('b', two)])
    },
    '#/states',
    /has 2003 states with those of its subflows; at most 2000/
  ]
]

const warnings: readonly Case[] = [
  [
    'a type that nobody knows',
    definition([first, widget('a', 'invented', { any: undefined })]),
    '#/states/1/type',
    /is not known here/
  ],
  [
    'what is not done here',
    definition([first, widget('a', 'capture-payments', {})]),
    '#/states/1/type',
    /is not done here/
  ],
  [
    'a discontinued product',
    definition([first, widget('a', 'send-to-auto-pilot', {}, { autopilot_assistant_sid: 'x', from: 'x', body: 'x' })]),
    '#/states/1/type',
    /discontinued/
  ],
  [
    'what has no effect',
    definition([first, widget('a', 'record-voicemail', {}, { transcribe: true })]),
    '#/states/1/properties/transcribe',
    /no effect/
  ],
  [
    'attributes that the original may not take',
    definition([first, flex(json({ note: 'é'.repeat(1014) }))]),
    '#/states/1/properties/attributes',
    /has 1025 characters; the original documents 1024 at most/
  ],
  [
    'a pattern that is none',
    definition([first, split('a', 'x', [['regex', '(?=x)', 'a']])]),
    '#/states/1/transitions/1/conditions/0/value',
    /no regular expression/
  ],
  [
    'a condition that is none',
    definition([first, split('a', 'x', [['sounds_like', 'x', 'a']])]),
    '#/states/1/transitions/1/conditions/0/type',
    /no condition/
  ],
  [
    'a subflow that is not here',
    definition([first, sub('a', unknown(1))]),
    '#/states/1/properties/flow_sid',
    /no flow here/
  ],
  [
    'a revision that is not there',
    (stage) => definition([first, sub('a', stage.flow(definition([trigger({})])), '7')]),
    '#/states/1/properties/flow_revision',
    /no revision 7/
  ]
]

describe('a definition', () => {
  const textOf = (stage: Stage, text: Case[1]) => (typeof text === 'string' ? text : text(stage))

  it.each(errors)('is wrong with %s', (_what, text, property_path, message) => {
    const stage = new Stage()
    const found = checkDefinition(stage.state, textOf(stage, text)).errors
    expect(found).toContainEqual({ property_path, message: expect.stringMatching(message) })
  })

  it.each(warnings)('is odd with %s', (_what, text, property_path, message) => {
    const stage = new Stage()
    const found = checkDefinition(stage.state, textOf(stage, text))
    expect(found).toEqual({ errors: [], warnings: [{ property_path, message: expect.stringMatching(message) }] })
  })

  it('that runs itself is wrong', () => {
    const stage = new Stage()
    const sid = stage.flow(definition([trigger({})]))
    expect(checkDefinition(stage.state, definition([first, sub('a', sid)]), sid).errors).toEqual([
      { property_path: '#/states/1/properties/flow_sid', message: 'is the flow itself' }
    ])
  })

  it.each([
    [
      'no next',
      definition([
        first,
        {
          ...set('a', {}),
          transitions: [
            { event: 'next', next: null },
            { event: 'next', next: '' }
          ]
        }
      ])
    ],
    [
      'what its editor keeps',
      definition([first, Object.assign(ask('a', 'x', undefined), { editor: { zoom: 1 } })], { schema: 'x' })
    ],
    [
      'a picture instead of a text',
      definition([first, widget('a', 'send-message', {}, { from: 'x', media_url: 'https://a.example/a.png' })])
    ],
    [
      'a hundred and fifty subflow widgets',
      definition([first, set('a', {}), ...Array.from({ length: 150 }, (_, n) => sub(`r${n}`, unknown(n % 50)))])
    ]
  ])('may have %s', (_what, text) => {
    expect(checkDefinition(new Stage().state, text).errors).toEqual([])
  })

  it.each([
    ['1,024 characters, however many bytes they are', json({ note: '😀'.repeat(1013) })],
    ['Liquid, of which nobody knows how long it becomes', json({ note: `{{flow.data.note}}${'x'.repeat(1100)}` })]
  ])('may hand over attributes of %s', (_what, attributes) => {
    expect(checkDefinition(new Stage().state, definition([first, flex(attributes)]))).toEqual({
      errors: [],
      warnings: []
    })
  })

  it('with more flaws than anybody reads tells a hundred of them', () => {
    const text = definition([first, set('a', {}), ...Array.from({ length: 300 }, (_, n) => say(`s${n}`, '', 'gone'))])
    expect(checkDefinition(new Stage().state, text).errors).toHaveLength(100)
  })
})
