import type { LegEvent } from '@ringdown/contract/voice-leg'
import { describe, expect, it } from 'vitest'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'
import type { VoiceVerb } from './program.ts'

/* Programs that loop or flood, people who press everything, and reports that lie. None of it costs more than it may. */

const ann = '+15550111'
const apology = 'say: We are sorry, an application error has occurred. Goodbye.'
const again = verb('Redirect', {}, '/voice')
const times = (count: number, of: VoiceVerb) => Array.from({ length: count }, () => of)

describe('a program that leads in a circle', () => {
  it.each<[string, readonly VoiceVerb[]]>([
    ['at once', [again]],
    ['by nothing to hear', [say(''), verb('Pause', { length: 0 }), verb('Play', {}, ''), again]],
    ['by verbs that are not done', [verb('Pay'), verb('Prompt'), again]],
    ['by a number that nobody has', [verb('Dial', {}, '+4912345'), again]],
    ['by nobody to dial', [verb('Dial', {}, verb('Conference')), again]],
    ['by a workflow that is not there', [verb('Enqueue', { workflowSid: `WW${'0'.repeat(32)}` }), again]],
    ['by a queue that it leaves', [verb('Enqueue', { waitUrl: '/leave', action: '/voice' }, 'line')]],
    ['by the queue of nobody', [verb('Dial', { action: '/voice' }, verb('Queue', {}, 'empty'))]]
  ])('%s is stopped', (_, verbs) => {
    const center = new Switchboard().on(...verbs).page('/leave', [verb('Leave')])
    center.dial(ann)
    center.pass('1 min')
    expect(center.asked.length).toBeLessThan(50)
    expect(center.heard(ann)).toContain(apology)
    expect(center.status(ann)).toBe('completed')
    expect(center.state.tables.call.all().length).toBeLessThan(50)
  })

  it('may go on as long as somebody hears something', () => {
    const center = new Switchboard().on(say('Nobody is free'), again)
    center.dial(ann)
    center.pass('2 min')
    expect(center.status(ann)).toBe('in-progress')
    expect(center.heard(ann).length).toBeGreaterThan(60)
  })
})

describe('a document', () => {
  it('of thousands of verbs that take no time is broken off', () => {
    const center = new Switchboard().on(...times(5000, verb('Leave')), say('Never'))
    center.dial(ann)
    center.pass('10 s')
    expect(center.heard(ann)).toEqual([apology, 'ended: completed'])
  })

  it('rings ten at most', () => {
    const numbers = Array.from({ length: 300 }, (_, n) => verb('Number', {}, `+1555${1000 + n}`))
    const center = new Switchboard().on(verb('Dial', {}, ...numbers))
    center.dial(ann)
    expect(center.state.tables.call.all().filter(({ direction }) => direction === 'outbound-dial').length).toBe(10)
  })

  it('asks with a hundred prompts at most', () => {
    const center = new Switchboard().on(verb('Gather', {}, ...times(500, verb('Say', { loop: 1000 }, 'again'))))
    center.dial(ann)
    expect(center.callOf(ann).leg?.plays?.items.length).toBe(100)
  })

  it('with numbers out of all bounds has the usual ones', () => {
    const attributes = { timeout: '99999999999', numDigits: '-3', finishOnKey: '' }
    const center = new Switchboard().on(verb('Gather', { ...attributes, action: '/pressed' })).page('/pressed', [])
    center.dial(ann)
    center.act(ann, 'press', '1#')
    center.pass('10 s')
    expect(center.asked[1]?.parameters).toMatchObject({ Digits: '1#' })
  })

  it('for another question, or for a call that is over, changes nothing', () => {
    const center = new Switchboard().on(verb('Pause', { length: 60 }))
    const { sid: call_sid } = center.dial(ann)
    const document = { url: 'https://a.example/', method: 'POST', verbs: [say('Late')], problems: [], isMissing: false }
    const answer = (ticket: string, sid = call_sid) =>
      center.do({ type: 'call.document', call_sid: sid, ticket, ...document, method: 'POST' })
    for (const ticket of ['0', '1', '2', 'x', '']) answer(ticket)
    answer('1', `CA${'0'.repeat(32)}`)
    center.act(ann, 'hang-up')
    answer('1')
    center.pass('10 s')
    expect(center.heard(ann)).toEqual(['silence: 60000', 'ended: canceled'])
  })
})

describe('keys', () => {
  it('are taken up to a thousand', () => {
    const center = new Switchboard()
      .on(verb('Gather', { action: '/pressed', timeout: 60 }))
      .page('/pressed', [verb('Pause', { length: 60 })])
    center.dial(ann)
    for (let count = 0; count < 15; count++) center.act(ann, 'press', '7'.repeat(100))
    expect(center.asked[1]?.parameters.Digits).toBe('7'.repeat(1000))
    expect(center.asked).toHaveLength(2)
    expect(() => center.act(ann, 'press', '7'.repeat(101))).toThrow(/up to 100/)
    expect(() => center.act(ann, 'press', "1'; drop")).toThrow(/0-9/)
  })

  it('mean nothing where nobody asks for them', () => {
    const center = new Switchboard().on(verb('Enqueue', {}, 'line'))
    center.dial(ann)
    for (let count = 0; count < 10; count++) center.act(ann, 'press', '0123456789*#'.repeat(8))
    expect(center.heard(ann)).toEqual(['play: ringdown:music'])
    expect(center.asked).toHaveLength(1)
  })
})

describe('reports of whoever has the sound', () => {
  /** A call of ours to a device, which rings. */
  function ringing() {
    const center = new Switchboard()
    const { call } = center.do({
      type: 'call.create',
      to: 'client:ada',
      from: ours,
      verbs: [verb('Pause', { length: 60 })]
    })
    let number = 0
    const report = (event: LegEvent, as = ++number) =>
      center.do({ type: 'call.report', call_sid: call.sid, number: as, event }).call
    return { center, sid: call.sid, report, now: () => center.state.get('call', call.sid) }
  }

  it('are heard once, and only with a number', () => {
    const { center, sid, report, now } = ringing()
    report({ type: 'answered', device: 'D1' }, 5)
    report({ type: 'ended', status: 'completed', by: 'remote' }, 5)
    report({ type: 'ended', status: 'completed', by: 'remote' }, 3)
    expect(now().status).toBe('in-progress')
    const ended = { type: 'ended', status: 'completed', by: 'remote' } as const
    expect(() => report(ended, Number.NaN)).toThrow(/integer/)
    expect(() => center.do({ type: 'call.report', call_sid: `CA${'1'.repeat(32)}`, number: 1, event: ended })).toThrow()
    expect(center.state.get('call', sid).reported).toBe(5)
  })

  it('that lie change nothing', () => {
    const { report, now } = ringing()
    report({ type: 'answered', device: 'D1' })
    const before = now()
    report({ type: 'answered', device: 'D2' })
    report({ type: 'ringing' })
    report({ type: 'played', id: 4711 })
    report({ type: 'digit', digit: 'x'.repeat(1000) })
    report({ type: 'recorded', sid: `RE${'0'.repeat(32)}`, file: null, ms: -5 })
    report({ type: 'no_sound', seconds: 59 })
    report({ type: 'speaking' } as unknown as LegEvent)
    expect(now()).toMatchObject({ status: 'in-progress', program: before.program, leg: before.leg })
  })

  it('of a minute without sound end the call', () => {
    const { report, now } = ringing()
    report({ type: 'answered', device: 'D1' })
    report({ type: 'no_sound', seconds: 60 })
    expect(now()).toMatchObject({ status: 'completed', ended_by: 'network' })
    expect(now().leg).toMatchObject({ wanted: 'down', plays: null, hears: [] })
  })

  it('that come too late find the leg down: whoever was first has decided', () => {
    const { center, sid, report, now } = ringing()
    center.do({ type: 'call.update', sid, status: 'canceled' })
    report({ type: 'answered', device: 'D1' })
    expect(now()).toMatchObject({ status: 'canceled', start_time: null })
    expect(now().leg).toMatchObject({ wanted: 'down', reason: 'canceled' })
  })
})
