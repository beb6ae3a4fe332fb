import { describe, expect, it } from 'vitest'
import { isKeyOf } from '../core/keys.ts'
import { definition, set, trigger, widget } from '../testing/flows.ts'
import { Hotline } from '../testing/hotline.ts'
import { Stage } from '../testing/stage.ts'
import { ours, say, verb } from '../testing/switchboard.ts'
import { memberOfContext } from './context.ts'
import type { ExecutionRow } from './rows.ts'
import { widgetTypes } from './widget-types.ts'

/* Each type of widgets by its name, with everything that can happen at it, what it leaves behind, and the number of its error. */

const ann = '+15550111'
const bob = '+15550122'
const form = 'application/x-www-form-urlencoded;charset=utf-8'

type Fields = Readonly<Record<string, unknown>>

/** A flow of one widget, from which each event leads to a mark of its own. */
function alone(type: string, properties: Fields): string {
  const events: readonly string[] = isKeyOf(widgetTypes, type) ? widgetTypes[type].events : []
  return definition([
    trigger({ incomingCall: 'w', incomingRequest: 'w', incomingConversationMessage: 'w', incomingMessage: 'w' }),
    widget('w', type, Object.fromEntries(events.map((event) => [event, `on_${event}`])), properties),
    ...events.map((event) => set(`on_${event}`, { done: event }))
  ])
}

/** What came of it. */
interface Shown {
  readonly execution: ExecutionRow
  readonly steps: readonly string[]
  readonly errors: readonly string[]
}

/** In a conversation: the customer writes, then `play`. */
function chats(
  type: string,
  properties: Fields | ((stage: Stage) => Fields),
  play: (stage: Stage, chat: string) => void = () => {}
) {
  return (): Shown => {
    const stage = new Stage()
    const chat = stage.conversation(
      stage.flow(alone(type, typeof properties === 'function' ? properties(stage) : properties))
    )
    stage.write(chat, 'hi')
    play(stage, chat)
    return stage
  }
}

/** Over REST. */
function starts(type: string, properties: Fields | ((stage: Stage) => Fields), to?: string) {
  return (): Shown => {
    const stage = new Stage()
    const text = alone(type, typeof properties === 'function' ? properties(stage) : properties)
    stage.start(stage.flow(text), to === undefined ? {} : { to })
    return stage
  }
}

/** Ann calls the number of the flow, then `play`. */
function calls(
  type: string,
  properties: Fields | ((workflow: string) => Fields),
  play: (center: Hotline) => void = () => {},
  before: (center: Hotline) => void = () => {}
) {
  return (): Shown => {
    const own = (workflow: string) => (typeof properties === 'function' ? properties(workflow) : properties)
    const center = new Hotline((workflow) => alone(type, own(workflow)))
    center.phone(bob)
    before(center)
    center.dial(ann)
    play(center)
    return center
  }
}

/** The flow calls Ann. */
function callsOut(
  type: string,
  call_outcome: 'answers' | 'busy' | 'rings' | 'rejects',
  properties: Fields = {},
  play: (center: Hotline) => void = () => {}
) {
  return (): Shown => {
    const center = new Hotline(() => alone(type, { from: ours, to: ann, timeout: 20, ...properties }))
    center.phone(ann, { call_outcome })
    center.do({ type: 'execution.create', flow_sid: center.flow_sid, to: ann, from: ours })
    center.pass('30 s')
    play(center)
    return center
  }
}

const asks = { method: 'GET', url: 'https://acme.example/x', content_type: form }
const message = { from: '{{flow.channel.address}}', body: 'Hello' }
const agents = (workflow: string) => ({ workflow, channel: 'default', attributes: '{"a":1}' })
/** JSON of so many characters once it is rendered. */
const longAttributes = (length: number) => `{"a":"{{'x'}}${'x'.repeat(length - 9)}"}`
const queued = (workflow: string) => ({ workflow_sid: workflow, task_attributes: '{"a":1}', priority: 3, timeout: 60 })
const elsewhere = { url: 'https://a.example/elsewhere', method: 'POST' }
const cancelTask = (center: Hotline) => {
  const [task] = center.state.tables.task.all()
  center.do({
    type: 'task.update',
    ...{ workspace_sid: center.workspace_sid, sid: task?.sid ?? '', assignment_status: 'canceled', reason: 'late' }
  })
}
const subflow = (text: string) => (stage: Stage) => ({
  flow_sid: stage.flow(text, 'Sub'),
  flow_revision: 'LatestPublished'
})

/** What happened, the number of the error that the debugger was told (null for none), and what stands below `widgets.w`. */
type Row = readonly [event: string, error: number | null, output: unknown, play: () => Shown]

const rows: Readonly<Record<string, readonly Row[]>> = {
  'send-message': [
    ['sent', null, { outbound: expect.objectContaining({ Body: 'Hello', Index: 1 }) }, chats('send-message', message)],
    [
      'failed',
      81011,
      undefined,
      starts('send-message', { from: ours, message_type: 'content_template', content_sid: `HX${'0'.repeat(32)}` })
    ]
  ],
  'send-and-wait-for-reply': [
    [
      'incomingMessage',
      null,
      expect.objectContaining({ inbound: expect.objectContaining({ Body: 'yes' }) }),
      chats('send-and-wait-for-reply', { ...message, timeout: '60' }, (stage, chat) => stage.write(chat, 'yes'))
    ],
    [
      'timeout',
      null,
      { outbound: expect.objectContaining({ Body: 'Hello' }) },
      chats('send-and-wait-for-reply', { ...message, timeout: '60' }, (stage) => stage.pass('60 s'))
    ],
    [
      'deliveryFailure',
      81011,
      expect.anything(),
      starts('send-and-wait-for-reply', { ...message, timeout: '60' }, '+37255599999')
    ]
  ],
  'split-based-on': [
    ['noMatch', null, undefined, chats('split-based-on', { input: '{{trigger.conversation.Body}}' })],
    [
      'match',
      null,
      undefined,
      () => {
        const stage = new Stage()
        const [first, split, ...marks] = JSON.parse(alone('split-based-on', { input: 'x' })).states
        split.transitions[0].conditions = [{ friendly_name: 'x', arguments: ['x'], type: 'equal_to', value: 'X' }]
        stage.write(stage.conversation(stage.flow(definition([first, split, ...marks]))), 'hi')
        return stage
      }
    ]
  ],
  'set-variables': [['next', null, { a: '1' }, chats('set-variables', { variables: [{ key: 'a', value: '1' }] })]],
  'make-http-request': [
    [
      'success',
      null,
      { body: '{"a":1}', content_type: 'application/json', status_code: 201, parsed: { a: 1 } },
      chats('make-http-request', asks, (stage) => stage.answer(201, { a: 1 }))
    ],
    [
      'failed',
      81014,
      { body: 'no', content_type: 'text/plain', status_code: 500 },
      chats('make-http-request', asks, (stage) => stage.answer(500, 'no', 'text/plain'))
    ],
    ['failed', 81014, undefined, chats('make-http-request', { ...asks, parameters: [{ key: 'method', value: 'x' }] })],
    ['failed', 81014, undefined, chats('make-http-request', { ...asks, method: 'DELETE' })],
    ['failed', 81014, undefined, chats('make-http-request', { ...asks, url: 'ftp://x' })],
    ['failed', 81014, undefined, chats('make-http-request', asks, (stage) => stage.pass('16 min'))]
  ],
  'run-function': [
    [
      'success',
      null,
      expect.objectContaining({ status_code: 200, headers: { 'x-y': '1' } }),
      chats('run-function', { url: asks.url }, (stage) => stage.answer(200, 'x', 'text/plain'))
    ],
    ['fail', 81010, undefined, chats('run-function', { url: asks.url }, (stage) => stage.fail('timeout: 10 s'))],
    ['fail', 81010, undefined, chats('run-function', { url: 'no address' })],
    [
      'fail',
      81017,
      expect.objectContaining({ status_code: 500 }),
      chats('run-function', { url: asks.url }, (stage) => stage.answer(500, 'x', 'text/plain'))
    ]
  ],
  'run-subflow': [
    [
      'completed',
      null,
      { a: '1' },
      chats('run-subflow', subflow(definition([trigger({ incomingParent: 'a' }), set('a', { a: '1' })])))
    ],
    ['failed', 81021, undefined, chats('run-subflow', { flow_sid: `FW${'0'.repeat(32)}`, flow_revision: '1' })],
    [
      'failed',
      81024,
      {},
      chats('run-subflow', subflow(definition([trigger({ incomingParent: 'a' }), widget('a', 'no-such-type', {})])))
    ]
  ],
  'send-to-flex': [
    [
      'callComplete',
      null,
      expect.objectContaining({ sid: expect.stringMatching(/^KD/), TaskSid: expect.stringMatching(/^WT/) }),
      chats('send-to-flex', (stage) => agents(stage.workflow('Anyone').sid))
    ],
    ['failedToEnqueue', 20001, undefined, chats('send-to-flex', agents(`WW${'0'.repeat(32)}`))],
    [
      'failedToEnqueue',
      20001,
      undefined,
      chats('send-to-flex', (stage) => ({ ...agents(stage.workflow('Anyone').sid), attributes: '{"a":' }))
    ],
    [
      'callComplete',
      null,
      expect.objectContaining({ QueueResult: 'hangup' }),
      calls('send-to-flex', agents, (one) => one.act(ann, 'hang-up'))
    ],
    [
      'callFailure',
      81009,
      expect.objectContaining({ QueueResult: 'leave' }),
      calls('send-to-flex', agents, cancelTask)
    ],
    // More than the original documents: it goes on all the same, and the debugger is told.
    [
      'callComplete',
      20001,
      expect.objectContaining({ TaskSid: expect.stringMatching(/^WT/) }),
      chats('send-to-flex', (stage) => ({ ...agents(stage.workflow('Anyone').sid), attributes: longAttributes(1025) }))
    ],
    [
      'callComplete',
      null,
      expect.objectContaining({ TaskSid: expect.stringMatching(/^WT/) }),
      chats('send-to-flex', (stage) => ({ ...agents(stage.workflow('Anyone').sid), attributes: longAttributes(1024) }))
    ],
    [
      'callComplete',
      20001,
      expect.objectContaining({ QueueResult: 'hangup' }),
      calls(
        'send-to-flex',
        (workflow) => ({ ...agents(workflow), attributes: longAttributes(1025) }),
        (one) => one.act(ann, 'hang-up')
      )
    ]
  ],
  'start-conversation': [
    [
      'created',
      null,
      { ConversationSid: expect.stringMatching(/^CH/), ChatServiceSid: expect.stringMatching(/^IS/), State: 'active' },
      starts('start-conversation', (stage) => ({
        conversation_service_sid: stage.state.tables.chat_service.all()[0]?.sid,
        participants: [{ type: 'chat', identity: 'ana' }]
      }))
    ],
    // A group is looked at when all are there: on the way to it, it may be one that is open.
    [
      'created',
      null,
      expect.objectContaining({ State: 'active' }),
      starts('start-conversation', (stage) => {
        const [first, second] = ['+15550000001', '+15550000002'].map((address) => ({
          messaging_binding_address: address
        }))
        const number = { messaging_binding_projected_address: '+15005550006', identity: 'emil' }
        const conversation_sid = stage.do({ type: 'conversation.create' }).conversation.sid
        for (const one of [number, first]) stage.do({ type: 'participant.create', conversation_sid, ...one })
        const { chat_service_sid } = stage.state.get('conversation', conversation_sid)
        return { conversation_service_sid: chat_service_sid, participants: [number, first, second] }
      })
    ],
    ['failed', 20001, undefined, starts('start-conversation', { conversation_service_sid: 'IS1', participants: [] })],
    ['failed', 20001, undefined, chats('start-conversation', { conversation_service_sid: 'IS1', participants: [] })]
  ],
  'resume-conversation': [
    [
      'resumed',
      null,
      expect.objectContaining({ State: 'active' }),
      starts('resume-conversation', (stage) => ({ conversation_sid: stage.conversation() }))
    ],
    ['failed', 20001, undefined, starts('resume-conversation', { conversation_sid: `CH${'0'.repeat(32)}` })],
    ['failed', 20001, undefined, starts('resume-conversation', {})]
  ],
  'say-play': [
    [
      'audioComplete',
      null,
      expect.objectContaining({ CallStatus: 'in-progress' }),
      calls('say-play', { say: 'Hello' }, (one) => one.pass('20 s'))
    ],
    [
      'audioComplete',
      null,
      expect.anything(),
      calls('say-play', { play: 'https://a.example/a.mp3' }, (one) => one.pass('60 s'))
    ],
    ['audioComplete', null, expect.anything(), calls('say-play', { digits: '1w2' }, (one) => one.pass('20 s'))]
  ],
  'gather-input-on-call': [
    [
      'keypress',
      null,
      expect.objectContaining({ Digits: '4711' }),
      calls('gather-input-on-call', { say: 'Number?', finish_on_key: '#', timeout: 5 }, (one) =>
        one.act(ann, 'press', '4711#')
      )
    ],
    [
      'speech',
      null,
      expect.objectContaining({ SpeechResult: 'sales please', Confidence: expect.any(String) }),
      calls('gather-input-on-call', { say: 'What is it about?' }, (one) => one.act(ann, 'speak', 'sales please'))
    ],
    [
      'timeout',
      null,
      expect.anything(),
      calls('gather-input-on-call', { say: 'Number?', timeout: 5 }, (one) => one.pass('20 s'))
    ]
  ],
  'connect-call-to': [
    [
      'callCompleted',
      null,
      expect.objectContaining({
        DialCallStatus: 'completed',
        DialCallSid: expect.stringMatching(/^CA/),
        DialCallDuration: '5'
      }),
      calls('connect-call-to', { noun: 'number', to: bob, caller_id: ours }, (one) => {
        one.pass('2 s')
        one.act(bob, 'answer')
        one.pass('5 s')
        one.act(bob, 'hang-up')
      })
    ],
    [
      'callCompleted',
      null,
      expect.objectContaining({ DialCallStatus: 'no-answer' }),
      calls('connect-call-to', { noun: 'number-multi', to: `${bob}, +15550133`, timeout: 10 }, (one) =>
        one.pass('40 s')
      )
    ],
    [
      'hangup',
      null,
      expect.objectContaining({ DialCallStatus: 'canceled' }),
      calls('connect-call-to', { noun: 'number', to: bob }, (one) => one.act(ann, 'hang-up'))
    ]
  ],
  'make-outgoing-call': [
    [
      'answered',
      null,
      expect.objectContaining({ CallSid: expect.stringMatching(/^CA/), CallStatus: 'in-progress' }),
      callsOut('make-outgoing-call', 'answers')
    ],
    ['busy', null, undefined, callsOut('make-outgoing-call', 'busy')],
    ['noAnswer', null, undefined, callsOut('make-outgoing-call', 'rings')],
    ['failed', 20001, undefined, callsOut('make-outgoing-call', 'answers', { to: 'nobody' })]
  ],
  'make-outgoing-call-v2': [
    [
      'answered',
      null,
      expect.objectContaining({ CallStatus: 'in-progress' }),
      callsOut('make-outgoing-call-v2', 'answers')
    ],
    ['busy', null, undefined, callsOut('make-outgoing-call-v2', 'busy')],
    ['noAnswer', null, undefined, callsOut('make-outgoing-call-v2', 'rings')],
    ['failed', 20001, undefined, callsOut('make-outgoing-call-v2', 'answers', { from: '{{flow.data.from}}' })],
    ['failed', 20001, undefined, calls('make-outgoing-call-v2', { from: ours, to: bob })]
  ],
  'record-voicemail': [
    [
      'recordingComplete',
      null,
      expect.objectContaining({
        RecordingSid: expect.stringMatching(/^RE/),
        RecordingDuration: expect.any(String),
        Digits: '#'
      }),
      calls('record-voicemail', { timeout: 5, finish_on_key: '#', max_length: 120 }, (one) => {
        one.pass('2 s')
        one.act(ann, 'speak', 'Please call me back')
        one.act(ann, 'press', '#')
      })
    ],
    ['noAudio', null, expect.anything(), calls('record-voicemail', { timeout: 5 }, (one) => one.pass('30 s'))],
    [
      'hangup',
      null,
      expect.objectContaining({ RecordingSid: expect.stringMatching(/^RE/) }),
      calls('record-voicemail', { timeout: 5 }, (one) => {
        one.pass('2 s')
        one.act(ann, 'speak', 'Please call me back')
        one.act(ann, 'hang-up')
      })
    ]
  ],
  'record-call': [
    [
      'success',
      null,
      expect.objectContaining({ Sid: expect.stringMatching(/^RE/), CallSid: expect.stringMatching(/^CA/) }),
      calls('record-call', { record_call: true })
    ],
    ['failed', 20404, undefined, calls('record-call', { record_call: false })]
  ],
  'enqueue-call': [
    [
      'callComplete',
      null,
      expect.objectContaining({ QueueResult: 'hangup' }),
      calls('enqueue-call', { queue_name: 'line' }, (one) => one.act(ann, 'hang-up'))
    ],
    [
      'callFailure',
      81009,
      expect.objectContaining({ QueueResult: 'leave', QueueTime: '60' }),
      calls('enqueue-call', queued, (one) => one.pass('61 s'))
    ],
    [
      'failedToEnqueue',
      null,
      expect.objectContaining({ QueueResult: 'system-error' }),
      calls('enqueue-call', { workflow_sid: `WW${'0'.repeat(32)}` })
    ],
    ['failedToEnqueue', 20001, undefined, calls('enqueue-call', { queue_name: 'line', task_attributes: '[1]' })]
  ],
  'add-twiml-redirect': [
    [
      'return',
      null,
      expect.objectContaining({ FlowEvent: 'return', answer: '4 2', CallStatus: 'in-progress' }),
      calls(
        'add-twiml-redirect',
        { ...elsewhere, timeout: '60' },
        (one) => one.pass('20 s'),
        (one) => {
          const back = `${one.address(one.flow_sid)}?FlowEvent=return&answer=4+2`
          one.page('/elsewhere', [say('One moment'), verb('Redirect', {}, back)])
        }
      )
    ],
    [
      'timeout',
      null,
      undefined,
      calls(
        'add-twiml-redirect',
        { ...elsewhere, timeout: '30' },
        (one) => one.pass('31 s'),
        (one) => one.page('/elsewhere', [verb('Pause', { length: 90 })])
      )
    ],
    [
      'fail',
      11200,
      undefined,
      calls('add-twiml-redirect', { ...elsewhere, url: 'https://a.example/gone' }, (one) => one.pass('1 s'))
    ],
    ['fail', 20001, undefined, calls('add-twiml-redirect', { ...elsewhere, url: 'gone' })],
    ['fail', 20001, undefined, calls('add-twiml-redirect', { ...elsewhere, timeout: '14401' })]
  ],
  'capture-payments': [['providerError', 20001, undefined, calls('capture-payments', {})]],
  'connect-virtual-agent-v2': [['failed', 20001, undefined, calls('connect-virtual-agent-v2', {})]],
  'run-conversation-relay': [['failed', 20001, undefined, calls('run-conversation-relay', { url: 'wss://a.example' })]],
  'send-to-auto-pilot': [
    ['failure', 20001, undefined, chats('send-to-auto-pilot', { autopilot_assistant_sid: 'UA1', from: 'x', body: 'y' })]
  ]
}

/** What can happen at a widget of the original, and not here. */
const notHere: Readonly<Record<string, readonly string[]>> = {
  // Other products' ways, and a catalogue's that does nothing.
  'send-to-flex': ['composerStarted'],
  'make-outgoing-call': ['answeredByMachine', 'hangup'],
  'capture-payments': ['success', 'maxFailedAttempts', 'payInterrupted', 'hangup', 'validationError'],
  'connect-virtual-agent-v2': ['completed', 'live-agent-handoff', 'hangup', 'paused', 'timeout'],
  'run-conversation-relay': ['success'],
  'send-to-auto-pilot': ['sessionEnded', 'timeout'],
  // These have no way for what is not done.
  'fork-stream': ['next'],
  'connect-virtual-agent': ['return', 'hangup']
}

describe('each type of widgets', () => {
  const all = Object.entries(rows).flatMap(([type, list]) => list.map((row) => [type, ...row] as const))
  it.each(all)('%s: %s %s', (_type, event, error, output, play) => {
    const { steps, errors, execution } = play()
    expect(steps).toContain(`w ${event} on_${event}`)
    expect(steps.at(-1)).toBe(`on_${event} next Ended`)
    expect(memberOfContext(execution.context, 'widgets', 'w')).toEqual(output)
    expect(errors.map((one) => Number(/^Error (\d+)/.exec(one)?.[1])).at(-1) ?? null).toBe(error)
    expect(execution.status).toBe('ended')
  })

  it('is here, with each of its events', () => {
    const { trigger: _started, ...types } = widgetTypes
    for (const [type, { events }] of Object.entries(types)) {
      const shown = [...(rows[type] ?? []).map(([event]) => event), ...(notHere[type] ?? [])]
      expect([type, [...new Set(shown)].sort()]).toEqual([type, [...events].sort()])
    }
  })

  it.each(['fork-stream', 'connect-virtual-agent'])('%s is not done here: it ends the flow, and says so', (type) => {
    const { execution, errors } = calls(type, { stream_action: 'start', connector: 'x' })()
    expect(execution).toMatchObject({ status: 'ended', ended_reason: 'ERROR' })
    expect(errors.at(-1)).toBe(`Error 20001: w: ${type} is not done here`)
  })
})
