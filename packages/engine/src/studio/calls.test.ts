import { describe, expect, it } from 'vitest'
import { ask, definition, phoneMenu, split, trigger, widget } from '../testing/flows.ts'
import { Hotline } from '../testing/hotline.ts'
import { ours, verb } from '../testing/switchboard.ts'

const ann = '+15550111'
const ada = 'client:ada'

const menu = () => new Hotline((workflow) => phoneMenu(workflow, 'voice'))

describe('a menu on the phone', () => {
  it('asks until it understands, and brings the caller to an agent', () => {
    const center = menu()
    center.addWorker('Ada', { attributes: { contact_uri: ada }, capacity: { voice: 1 } })
    center.phone(ada)
    center.dial(ann)
    expect(center.status(ann)).toBe('in-progress')
    center.pass('15 s')
    center.act(ann, 'press', '2#')
    const [task] = center.state.tables.task.all()
    expect(task).toMatchObject({ assignment_status: 'reserved', priority: 1 })
    expect(JSON.parse(task?.attributes ?? '')).toMatchObject({ dept: 'support', from: ann, type: 'inbound' })
    const [reservation] = center.state.tables.reservation.all()
    center.do({
      type: 'reservation.update',
      ...{ workspace_sid: center.workspace_sid, task_sid: task?.sid ?? '', sid: reservation?.sid ?? '' },
      instruction: 'conference'
    })
    center.act(ada, 'answer')
    center.act(ada, 'speak', 'How can I help?')
    center.act(ann, 'hang-up')
    expect(center.heard(ann)).toEqual([
      'say: For sales press 1, for support press 2.',
      'say: Sorry, I did not get that.',
      'say: For sales press 1, for support press 2.',
      'play: ringdown:music',
      `with ${ada}`,
      `${ada}: How can I help?`,
      'ended: completed'
    ])
    expect(center.execution).toMatchObject({ status: 'ended', ended_reason: 'FLOW_END' })
    expect(center.state.get('reservation', reservation?.sid ?? '').reservation_status).toBe('wrapping')
  })

  it('understands words, and records a message where nobody is there in time', () => {
    const center = menu()
    center.dial(ann)
    center.act(ann, 'speak', 'I want sales please')
    const [task] = center.state.tables.task.all()
    center.do({
      type: 'task.update',
      ...{ workspace_sid: center.workspace_sid, sid: task?.sid ?? '', assignment_status: 'canceled', reason: 'night' }
    })
    center.pass('1 s')
    center.act(ann, 'speak', 'Please call me back')
    center.pass('20 s')
    expect(center.state.tables.recording.all()).toMatchObject([{ status: 'completed', words: 'Please call me back' }])
    expect(center.heard(ann).slice(-3)).toEqual(['tone: beep', 'say: Thank you. Goodbye.', 'ended: completed'])
    expect(center.execution).toMatchObject({ status: 'ended', ended_reason: 'FLOW_END' })
  })

  it('ends when the caller hangs up, and nothing more is said', () => {
    const center = menu()
    center.dial(ann)
    center.act(ann, 'hang-up')
    expect(center.execution).toMatchObject({ status: 'ended', ended_reason: 'HANGUP' })
  })
})

describe('a flow that calls', () => {
  const reminder = definition([
    trigger({ incomingRequest: 'call' }),
    widget(
      'call',
      'make-outgoing-call-v2',
      { answered: 'remind', busy: 'busy', noAnswer: 'busy', failed: 'busy' },
      {
        from: ours,
        to: '{{contact.channel.address}}',
        timeout: 20
      }
    ),
    widget('remind', 'say-play', { audioComplete: undefined }, { say: 'Your table is at eight' }),
    widget('busy', 'set-variables', { next: undefined }, { variables: [{ key: 'reached', value: 'no' }] })
  ])

  it.each([
    ['answers', ['say: Your table is at eight', 'ended: completed'], 'remind'],
    ['busy', ['ended: busy'], 'busy'],
    ['rings', ['ended: canceled'], 'busy']
  ] as const)('somebody who %s', (call_outcome, heard, last) => {
    const center = menu()
    center.phone(ann, { call_outcome })
    const { flow } = center.do({
      type: 'flow.create',
      friendly_name: 'Remind',
      status: 'published',
      definition: reminder
    })
    center.do({ type: 'execution.create', flow_sid: flow.sid, to: ann, from: ours })
    center.pass('30 s')
    expect(center.heard(ann)).toEqual(heard)
    const steps = center.state.tables.execution_step.all().map(({ transitioned_from }) => transitioned_from)
    expect(steps.at(-1)).toBe(last)
    expect(center.execution.status).toBe('ended')
  })
})

describe('calls and messages of one contact', () => {
  const line = (more: Readonly<Record<string, unknown>> = {}) =>
    definition(
      [
        trigger({ incomingCall: 'ask', incomingMessage: 'text' }),
        widget(
          'ask',
          'gather-input-on-call',
          { keypress: 'thanks' },
          { say: 'Your number?', save_response_as: 'number' }
        ),
        widget('thanks', 'say-play', { audioComplete: undefined }, { say: 'Thank you for {{flow.variables.number}}' }),
        ask('text', 'Your number?', undefined)
      ],
      more
    )
  const executions = (center: Hotline) =>
    center.state.tables.execution.all().map(({ trigger_event, status }) => `${trigger_event} ${status}`)
  const receive = (center: Hotline, parameters: Readonly<Record<string, string>>) =>
    center.do({ type: 'flow.receive', flow_sid: center.flow_sid, parameters: { From: ann, To: ours, ...parameters } })

  it('are apart: who has written may call, and is answered where it writes', () => {
    const center = new Hotline(() => line())
    center.phone(ann)
    receive(center, { Body: 'hi', MessageSid: `SM${'1'.repeat(32)}` })
    center.pass('1 s')
    center.dial(ann)
    center.act(ann, 'press', '17#')
    center.pass('10 s')
    expect(center.heard(ann)).toEqual(['say: Your number?', 'say: Thank you for 17', 'ended: completed'])
    expect(executions(center)).toEqual(['incomingMessage active', 'incomingCall ended'])
    receive(center, { Body: '18' })
    expect(executions(center)).toEqual(['incomingMessage ended', 'incomingCall ended'])
  })

  it.each([
    [false, ['incomingCall active'], 'completed'],
    [true, ['incomingCall active', 'incomingCall active'], 'in-progress']
  ])('one at a time, or more where the flow allows it: %s', (allow_concurrent_calls, running, status) => {
    const center = new Hotline(() => line({ flags: { allow_concurrent_calls } }))
    const [first, second] = [center.dial(ann), center.dial(ann)]
    expect(executions(center)).toEqual(running)
    expect(center.state.get('call', second.sid).status).toBe(status)
    // The first goes on with its own flow.
    expect(center.state.tables.execution.all()[0]?.call_sid).toBe(first.sid)
    expect(center.state.get('call', first.sid).status).toBe('in-progress')
    expect(center.errors).toHaveLength(allow_concurrent_calls ? 0 : 1)
  })

  it('end when a status callback says that the call is over, which begins nothing', () => {
    const center = new Hotline(() => line())
    const CallSid = `CA${'1'.repeat(32)}`
    receive(center, { CallSid, CallStatus: 'completed' })
    expect(executions(center)).toEqual([])
    const { sid } = center.dial(ann)
    receive(center, { CallSid: sid, CallStatus: 'completed' })
    expect(center.execution).toMatchObject({ status: 'ended', ended_reason: 'HANGUP' })
  })
})

describe('a call that is led elsewhere', () => {
  const led = (properties: Readonly<Record<string, unknown>>) =>
    definition([
      trigger({ incomingCall: 'away' }),
      widget('away', 'add-twiml-redirect', { return: 'back', timeout: 'late', fail: undefined }, properties),
      widget('back', 'say-play', { audioComplete: undefined }, { say: 'Back with {{widgets.away.k}}' }),
      widget('late', 'say-play', { audioComplete: undefined }, { say: 'That was long' })
    ])
  const away = 'https://a.example/away'
  const center = (properties: Readonly<Record<string, unknown>>) => {
    const made = new Hotline(() => led({ url: away, method: 'POST', ...properties }))
    made.page(
      '/away',
      Array.from({ length: 30 }, () => verb('Pause', { length: 100 }))
    )
    return made
  }

  it('comes back when somebody says so at the flow’s address, in whatever it is', () => {
    const one = center({ timeout: '600' })
    const { sid } = one.dial(ann)
    one.do({
      type: 'flow.receive',
      flow_sid: one.flow_sid,
      parameters: { From: ann, To: ours, CallSid: sid, FlowEvent: 'return', k: 'v' }
    })
    one.pass('10 s')
    expect(one.heard(ann).slice(-2)).toEqual(['say: Back with v', 'ended: completed'])
  })

  it('without a timeout goes on until it is over', () => {
    const one = center({ timeout: '0' })
    one.dial(ann)
    one.pass('40 min')
    expect(one.execution).toMatchObject({ status: 'active', waits_for: 'call', date_timeout: null })
    one.act(ann, 'hang-up')
    expect(one.execution).toMatchObject({ status: 'ended', ended_reason: 'HANGUP' })
  })

  it('goes on when that takes too long', () => {
    const one = center({ timeout: '600' })
    one.dial(ann)
    one.pass('601 s')
    one.pass('10 s')
    expect(one.heard(ann).slice(-2)).toEqual(['say: That was long', 'ended: completed'])
  })

  it('begins the flow anew where none waits for its return', () => {
    const one = new Hotline(() =>
      definition([trigger({ incomingCall: 'hi' }), widget('hi', 'say-play', {}, { say: 'Hi' })])
    )
    const [number] = one.state.tables.incoming_phone_number.all()
    one.do({
      type: 'incoming_phone_number.update',
      ...{ sid: number?.sid ?? '', voice_url: `${one.address(one.flow_sid)}?FlowEvent=return&k=v` }
    })
    one.dial(ann)
    expect(one.steps).toEqual(['Trigger incomingCall hi'])
    expect(one.execution.context).toMatchObject({ trigger: { call: { FlowEvent: 'return', k: 'v' } } })
  })

  it('to another flow speaks with that one, and the first is over', () => {
    const one = new Hotline(() => led({ url: 'https://a.example/second' }))
    const second = one.flow(
      definition([trigger({ incomingCall: 'hi' }), widget('hi', 'say-play', {}, { say: 'The other one' })])
    )
    one.page('/second', [verb('Redirect', {}, one.address(second))])
    one.dial(ann)
    one.pass('10 s')
    expect(one.heard(ann)).toEqual(['say: The other one', 'ended: completed'])
    expect(one.state.tables.execution.all().map(({ flow_sid, ended_reason }) => [flow_sid, ended_reason])).toEqual([
      [one.flow_sid, 'FLOW_END'],
      [second, 'FLOW_END']
    ])
  })
})

describe('a caller who hangs up', () => {
  it('while the flow asks elsewhere leaves it at its next word', () => {
    const center = new Hotline(() =>
      definition([
        trigger({ incomingCall: 'hello' }),
        widget('hello', 'say-play', { audioComplete: 'look' }, { say: 'Hello' }),
        widget(
          'look',
          'make-http-request',
          { success: 'tell', failed: 'tell' },
          { method: 'GET', url: 'https://acme.example', content_type: 'text/plain' }
        ),
        widget('tell', 'say-play', { audioComplete: undefined }, { say: 'Found' })
      ])
    )
    center.dial(ann)
    center.pass('10 s')
    center.act(ann, 'hang-up')
    const { sid, ticket } = center.execution
    expect(center.execution.waits_for).toBe('answer')
    center.do({
      type: 'execution.answer',
      ...{ execution_sid: sid, ticket: String(ticket), widget: 'look', widget_type: 'make-http-request' },
      ...{ status: 200, body: '', content_type: 'text/plain' }
    })
    expect(center.execution).toMatchObject({ status: 'ended', ended_reason: 'HANGUP' })
    expect(center.steps.at(-1)).toBe('look success tell')
  })
})

describe('opening hours', () => {
  it.each([
    ['9 h', ['say: Welcome', 'ended: completed']],
    ['8 h', ['say: We open at 2026-01-01T09:00:00.000Z', 'ended: completed']]
  ])('are asked on a call: after %s', (passed, heard) => {
    const center = new Hotline(() =>
      definition([
        trigger({ incomingCall: 'hours' }),
        split('hours', '{{schedules.Support.open}}', [['equal_to', 'true', 'open']], 'closed'),
        widget('open', 'say-play', { audioComplete: undefined }, { say: 'Welcome' }),
        widget(
          'closed',
          'say-play',
          { audioComplete: undefined },
          { say: 'We open at {{schedules.Support.next_change | divided_by: 1000 | date: "%Y-%m-%dT%H:%M:%S.000Z"}}' }
        )
      ])
    )
    // The first of January is a Thursday.
    center.do({ type: 'schedule.create', name: 'Support', weekly: '{"thu":[["09:00","17:00"]]}' })
    center.pass(passed)
    center.dial(ann)
    center.pass('10 s')
    expect(center.heard(ann)).toEqual(heard)
  })
})
