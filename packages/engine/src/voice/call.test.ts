import { describe, expect, it, test } from 'vitest'
import { render } from '../events.ts'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'

const ann = '+15550111'
const bob = '+15550122'

describe('a caller', () => {
  it('hears a menu, presses a key, is led on and hung up on', () => {
    const center = new Switchboard()
      .on(verb('Gather', { numDigits: 1, action: '/pressed' }, say('Press 2 for support')), say('Nothing was pressed'))
      .page('/pressed', ({ parameters }) => [say(`You pressed ${parameters.Digits}`), verb('Redirect', {}, 'next')])
      .page('/next', [verb('Pause', { length: 2 }), say('Goodbye'), verb('Hangup')])
    center.dial(ann)
    expect(center.status(ann)).toBe('in-progress')
    center.pass('500 ms')
    center.act(ann, 'press', '2')
    center.pass('1 min')
    expect(center.heard(ann)).toEqual([
      'say: Press 2 for support',
      'say: You pressed 2',
      'silence: 2000',
      'say: Goodbye',
      'ended: completed'
    ])
    expect(center.asked.map(({ url }) => url)).toEqual([
      'https://a.example/voice',
      'https://a.example/pressed',
      'https://a.example/next'
    ])
    expect(center.callOf(ann)).toMatchObject({ status: 'completed', ended_by: 'program' })
  })

  it('is asked again, and goes on without a key', () => {
    const center = new Switchboard().on(verb('Gather', { timeout: 3 }, say('Any key')), say('Too late'))
    center.dial(ann)
    center.pass('1 min')
    const [first, second] = center.heardRows(ann)
    expect(center.heard(ann).slice(0, 2)).toEqual(['say: Any key', 'say: Too late'])
    // 400 ms and 60 for each of seven characters, then three seconds.
    expect((second?.date_created ?? 0) - (first?.date_created ?? 0)).toBe(400 + 7 * 60 + 3000)
  })

  it.each([
    ['as many as are wanted', { numDigits: 3 }, '1234', { Digits: '123', msg: 'Gather End' }],
    ['up to the finish key', {}, '42#', { Digits: '42', FinishedOnKey: '#', msg: 'Gather End' }],
    ['with another finish key', { finishOnKey: '*' }, '4#2*', { Digits: '4#2', FinishedOnKey: '*', msg: 'Gather End' }],
    ['until nobody presses any more', {}, '77', { Digits: '77', msg: 'Gather End' }]
  ])('presses keys: %s', (_, attributes, keys, parameters) => {
    const center = new Switchboard()
      .on(verb('Gather', { action: '/pressed', ...attributes }, say('Keys?')))
      .page('/pressed', [say('Thanks')])
    center.dial(ann)
    center.act(ann, 'press', keys)
    center.pass('10 s')
    expect(center.asked[1]?.parameters).toEqual(parameters)
  })

  it('says something where speech is gathered', () => {
    const center = new Switchboard()
      .on(verb('Gather', { input: 'speech dtmf', action: '/said' }, say('What can we do?')))
      .page('/said', [say('I see')])
    center.dial(ann)
    center.act(ann, 'speak', 'My order')
    expect(center.asked[1]?.parameters).toMatchObject({ SpeechResult: 'My order', Confidence: '1' })
  })

  it('is not answered where the first verb rejects', () => {
    const center = new Switchboard().on(verb('Reject', { reason: 'busy' }))
    center.dial(ann)
    expect(center.callOf(ann)).toMatchObject({ status: 'busy', sip_response_code: 486, start_time: null })
  })

  it('is answered only after a pause that stands first', () => {
    const center = new Switchboard().on(verb('Pause', { length: 3 }), say('Hello'))
    center.dial(ann)
    expect(center.status(ann)).toBe('ringing')
    center.pass('3 s')
    expect(center.status(ann)).toBe('in-progress')
  })

  it('hears an apology where there is no document', () => {
    const center = new Switchboard()
    center.dial(ann)
    center.pass('10 s')
    expect(center.heard(ann)[0]).toMatch(/application error/)
    expect(center.status(ann)).toBe('completed')
  })

  it('is not led in a circle without end', () => {
    const center = new Switchboard().on(verb('Redirect', {}, '/voice'))
    center.dial(ann)
    expect(center.asked.length).toBeLessThan(30)
    center.pass('10 s')
    expect(center.heard(ann)[0]).toMatch(/application error/)
  })

  it('may hang up at any time', () => {
    const center = new Switchboard().on(say('A long text'))
    center.dial(ann)
    center.act(ann, 'hang-up')
    expect(center.callOf(ann)).toMatchObject({ status: 'completed', ended_by: 'caller', verb_due: null })
    center.pass('1 min')
    expect(center.heard(ann)).toEqual(['say: A long text', 'ended: completed'])
  })
})

describe('a call that goes out', () => {
  it.each([
    ['answers', 'completed'],
    ['busy', 'busy'],
    ['rejects', 'busy'],
    ['rings', 'no-answer']
  ] as const)('to a phone that %s ends %s', (call_outcome, status) => {
    const center = new Switchboard()
    center.phone(bob, { call_outcome })
    const { call } = center.do({ type: 'call.create', to: bob, from: ours, verbs: [say('Hello')] })
    expect(call.status).toBe('queued')
    center.pass('2 min')
    expect(center.state.get('call', call.sid).status).toBe(status)
  })

  it('lasts as long as an update says, whenever that comes', () => {
    const center = new Switchboard()
    center.phone(bob, { call_outcome: 'answers', answered_after_ms: 2000 })
    const { call } = center.do({ type: 'call.create', to: bob, from: ours, verbs: [verb('Pause', { length: 600 })] })
    center.do({ type: 'call.update', sid: call.sid, time_limit: 30 })
    center.pass('31 s')
    expect(center.status(bob)).toBe('in-progress')
    center.pass('2 s')
    expect(center.status(bob)).toBe('completed')
  })

  it('fails where nobody can be reached', () => {
    const center = new Switchboard()
    const { call } = center.do({ type: 'call.create', to: '+4912345', from: ours, verbs: [say('Hello')] })
    expect(center.state.get('call', call.sid)).toMatchObject({ status: 'failed', sip_response_code: 404 })
  })

  it('tells of its way in order', () => {
    const center = new Switchboard()
    center.phone(bob, { call_outcome: 'answers', answered_after_ms: 2000 })
    center.do({
      type: 'call.create',
      ...{ to: bob, from: ours, verbs: [say('Hello')], status_callback: 'https://a.example/status' },
      status_callback_event: ['initiated', 'ringing', 'answered', 'completed']
    })
    center.pass('1 min')
    const told = center.events().filter(({ refs }) => refs.extra?.callback_url !== undefined)
    expect(told.map(({ type, refs }) => [type, refs.extra?.sequence_number])).toEqual([
      ['call.initiated', 0],
      ['call.ringing', 1],
      ['call.answered', 2],
      ['call.completed', 3]
    ])
  })
})

describe('Dial', () => {
  it('connects the first who answers, who hears a whisper before', () => {
    const center = new Switchboard()
      .on(
        verb('Dial', { action: '/after' }, verb('Number', { url: '/whisper' }, bob), verb('Client', {}, 'ada')),
        say('never')
      )
      .page('/whisper', [say('A caller')])
      .page('/after', [say('Thanks')])
    center.phone(bob)
    center.phone('client:ada')
    center.dial(ann)
    expect(center.heard(ann)).toEqual(['ringback'])
    expect([center.status(bob), center.status('client:ada')]).toEqual(['ringing', 'ringing'])
    center.act(bob, 'answer')
    center.pass('2 s')
    expect(center.status('client:ada')).toBe('canceled')
    center.act(ann, 'speak', 'Hello')
    center.act(bob, 'speak', 'Hi')
    center.pass('8 s')
    center.act(bob, 'hang-up')
    center.pass('5 s')
    expect(center.heard(bob)).toEqual(['say: A caller', `with ${ann}`, `${ann}: Hello`, 'ended: completed'])
    expect(center.heard(ann)).toEqual(['ringback', `with ${bob}`, `${bob}: Hi`, 'say: Thanks', 'ended: completed'])
    expect(center.asked.at(-1)?.parameters).toMatchObject({ DialCallStatus: 'completed', DialBridged: 'true' })
  })

  it.each([
    ['busy', 'busy'],
    ['rings', 'no-answer'],
    ['rejects', 'busy']
  ] as const)('goes on with the next verb when the other one %s', (call_outcome, status) => {
    const center = new Switchboard().on(verb('Dial', { timeout: 10, action: '/after' }, bob)).page('/after', [])
    center.phone(bob, { call_outcome })
    center.dial(ann)
    center.pass('15 s')
    expect(center.asked.at(-1)?.parameters).toMatchObject({ DialCallStatus: status, DialBridged: 'false' })
  })

  it('calls nobody any more when the caller hangs up', () => {
    const center = new Switchboard().on(verb('Dial', {}, bob))
    center.phone(bob)
    center.dial(ann)
    center.act(ann, 'hang-up')
    expect(center.status(bob)).toBe('canceled')
  })
})

test('what is said and pressed is in no event', () => {
  const center = new Switchboard().on(verb('Gather', { input: 'speech dtmf' }, say('Secret words')))
  center.dial(ann)
  center.act(ann, 'press', '98765')
  center.act(ann, 'speak', 'My password')
  expect(JSON.stringify(center.events().map(render))).not.toMatch(/Secret|98765|password/)
})
