import type { LegEvent } from '@ringdown/contract/voice-leg'
import { describe, expect, it } from 'vitest'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'

/* What is heard in a queue, in a conference that has not begun, and on hold: documents, until there is somebody (reference voice 5 and 7). */

const ann = '+15550111'
const bea = '+15550112'
const hold = 'https://a.example/hold'

const room = (attributes: object = {}) =>
  verb('Dial', { action: '/after' }, verb('Conference', { waitUrl: '/wait', waitMethod: 'GET', ...attributes }, 'Room'))

function conferring(attributes: object = {}): Switchboard {
  return new Switchboard()
    .on(room(attributes))
    .page('/wait', [say('Nobody is here yet'), verb('Pause', { length: 20 })])
    .page('/hold', [say('One moment'), verb('Pause', { length: 20 })])
    .page('/after', [])
}

const change = (center: Switchboard, call_sid: string, changes: object) =>
  center.do({
    type: 'conference_participant.update',
    ...{ conference_sid: center.state.tables.conference.all()[0]?.sid ?? '', call_sid },
    ...changes
  })

describe('who waits in a conference', () => {
  it('hears its document over and over, until somebody else is there, and again when that one is gone', () => {
    const center = conferring()
    center.dial(ann)
    expect(center.asked.at(-1)).toMatchObject({ url: 'https://a.example/wait', method: 'GET' })
    center.pass('30 s')
    expect(center.heard(ann)).toEqual([
      ...['play: ringdown:music', 'say: Nobody is here yet', 'silence: 20000', 'say: Nobody is here yet'],
      'silence: 20000'
    ])
    center.dial(bea)
    const before = center.heard(ann).length
    center.pass('1 min')
    expect(center.heard(ann).slice(before - 1)).toEqual([`with ${bea}`])
    center.act(bea, 'hang-up')
    expect(center.heard(ann).slice(before)).toEqual(['play: ringdown:music', 'say: Nobody is here yet'])
    center.act(ann, 'hang-up')
    expect(center.state.tables.conference.all()[0]?.status).toBe('completed')
  })

  it('hears one on hold, without a document of its own', () => {
    const center = conferring()
    center.phone(bea, { call_outcome: 'answers' })
    center.dial(ann)
    center.do({ type: 'conference_participant.create', conference_sid: 'Room', from: ours, to: bea, label: 'bea' })
    center.pass('1 s')
    change(center, 'bea', { hold: true, hold_url: hold })
    expect(center.asked.at(-1)).toMatchObject({ url: hold, method: 'GET' })
    center.act(ann, 'speak', 'Are you there?')
    center.pass('30 s')
    expect(center.heard(bea).slice(-4)).toEqual([
      ...['say: One moment', 'silence: 20000', 'say: One moment', 'silence: 20000']
    ])
    change(center, 'bea', { hold: false })
    center.act(ann, 'speak', 'Hello again')
    expect(center.heard(bea).slice(-2)).toEqual([`with ${ann}`, `${ann}: Hello again`])
    center.act(ann, 'hang-up')
    change(center, 'bea', { hold: true, hold_url: hold })
    expect(center.heard(bea).at(-1)).toBe('say: One moment')
    center.do({
      type: 'conference.update',
      sid: center.state.tables.conference.all()[0]?.sid ?? '',
      status: 'completed'
    })
    expect(center.status(bea)).toBe('completed')
  })

  it('hears music where there is no document, silence where none is wanted, and asks no one without end', () => {
    const lost = conferring().page('/wait', () => [])
    lost.dial(ann)
    expect(lost.heard(ann)).toEqual(['play: ringdown:music'])
    expect(lost.asked.length).toBeLessThan(6)
    lost.pass('1 min')
    expect(lost.asked.length).toBeLessThan(6)
    expect(lost.status(ann)).toBe('in-progress')

    const away = new Switchboard().on(room())
    away.dial(ann)
    away.pass('1 min')
    expect(away.heard(ann)).toEqual(['play: ringdown:music'])

    const silent = conferring({ waitUrl: '' })
    silent.dial(ann)
    silent.pass('1 min')
    expect(silent.heard(ann)).toEqual(['tone: silence'].slice(1).concat(['silence']))
  })
})

it('who is with somebody whose connection is lost hears music, until that one is there again or has left', () => {
  const center = new Switchboard().on(verb('Dial', {}, verb('Conference', {}, 'Room')))
  center.dial(ann)
  center.do({ type: 'conference_participant.create', conference_sid: 'Room', from: ours, to: 'client:ada' })
  const { sid: call_sid } = center.state.tables.call.all().find(({ to }) => to === 'client:ada') ?? { sid: '' }
  let number = 0
  const report = (event: LegEvent) => center.do({ type: 'call.report', call_sid, number: ++number, event })
  report({ type: 'answered', device: 'D1' })
  expect(center.heard(ann).at(-1)).toBe('with client:ada')
  report({ type: 'no_sound', seconds: 5 })
  expect(center.heard(ann).at(-1)).toBe('play: ringdown:music')
  report({ type: 'no_sound', seconds: 15 })
  report({ type: 'sound_again' })
  expect(center.heard(ann).slice(-2)).toEqual(['play: ringdown:music', 'with client:ada'])
  report({ type: 'no_sound', seconds: 5 })
  report({ type: 'ended', status: 'completed', by: 'network' })
  expect(center.heard(ann).slice(-2)).toEqual(['with client:ada', 'play: ringdown:music'])
  expect(center.status(ann)).toBe('in-progress')
})

/** A device that has answered, and what is reported of it. */
function deviceOf(center: Switchboard, address: string) {
  const { sid: call_sid } = center.state.tables.call.all().find(({ to }) => to === address) ?? { sid: '' }
  let number = 0
  const report = (event: LegEvent) => center.do({ type: 'call.report', call_sid, number: ++number, event })
  report({ type: 'answered', device: 'D1' })
  const leg = () => center.state.get('call', call_sid).leg
  return { call_sid, report, leg }
}

it('so does who is connected with somebody by a document alone, from either side, and goes on with it', () => {
  const center = new Switchboard().on(
    verb('Dial', {}, verb('Client', {}, 'ada')),
    say('And now'),
    verb('Dial', {}, verb('Client', {}, 'bob'))
  )
  center.dial(ann)
  const ada = deviceOf(center, 'client:ada')
  expect(center.heard(ann).at(-1)).toBe('with client:ada')
  const [caller] = ada.leg()?.hears ?? []
  ada.report({ type: 'no_sound', seconds: 5 })
  expect(center.heard(ann).at(-1)).toBe('play: ringdown:music')
  expect(ada.leg()).toMatchObject({ hears: [], plays: { items: [{ play: 'ringdown:music' }] } })
  ada.report({ type: 'sound_again' })
  expect(center.heard(ann).at(-1)).toBe('with client:ada')
  expect(ada.leg()).toMatchObject({ hears: [caller], plays: null })
  ada.report({ type: 'no_sound', seconds: 5 })
  ada.report({ type: 'ended', status: 'completed', by: 'network' })
  center.pass('10 s')
  // The next one is there.
  expect(center.heard(ann).slice(-3)).toEqual(['play: ringdown:music', 'say: And now', 'ringback'])
  deviceOf(center, 'client:bob')
  expect(center.heard(ann).at(-1)).toBe('with client:bob')
})

it('so does an agent who asks a colleague while the customer is on hold, and a customer whom somebody listens in to', () => {
  const center = new Switchboard().on(verb('Dial', {}, verb('Conference', { participantLabel: 'customer' }, 'Room')))
  center.dial(ann)
  const join = (identity: string, as = {}) => {
    const to = `client:${identity}`
    center.do({ type: 'conference_participant.create', conference_sid: 'Room', from: ours, to, label: identity, ...as })
    return deviceOf(center, to)
  }
  const agent = join('ada')
  const boss = join('boss', { muted: true })
  expect(center.heard(ann).at(-1)).toBe('with client:ada')
  agent.report({ type: 'no_sound', seconds: 5 })
  expect(center.heard(ann).at(-1)).toBe('play: ringdown:music')
  expect(boss.leg()?.hears).toHaveLength(1)
  agent.report({ type: 'sound_again' })
  boss.report({ type: 'ended', status: 'completed', by: 'remote' })

  const colleague = join('bob')
  change(center, 'customer', { hold: true })
  expect(agent.leg()).toMatchObject({ hears: [colleague.call_sid], plays: null })
  colleague.report({ type: 'no_sound', seconds: 5 })
  expect(agent.leg()).toMatchObject({ hears: [], plays: { items: [{ play: 'ringdown:music' }] } })
  colleague.report({ type: 'sound_again' })
  expect(agent.leg()).toMatchObject({ hears: [colleague.call_sid], plays: null })
})

it('what was asked of somebody who waits is asked no more when it is their turn', () => {
  const center = new Switchboard()
    .on(verb('Enqueue', { waitUrl: '/wait', action: '/after' }, 'line'))
    .page('/wait', [verb('Gather', { timeout: 5, action: '/key' }, say('Press 1')), say('You are still waiting')])
    .page('/key', [verb('Leave')])
    .page('/after', [])
  center.dial(ann)
  center.pass('2 s')
  center.on(verb('Dial', {}, verb('Queue', {}, 'line')))
  center.dial(bea)
  center.act(ann, 'press', '1')
  center.pass('1 min')
  expect(center.heard(ann)).toEqual(['play: ringdown:music', 'say: Press 1', `with ${bea}`])
  expect(center.asked.map(({ url }) => url)).not.toContain('https://a.example/key')
})

it('a document that comes when its caller waits no longer is not heard', () => {
  const center = new Switchboard().on(verb('Enqueue', {}, 'line'))
  const { sid: call_sid } = center.dial(ann)
  center.do({
    type: 'call.update',
    sid: call_sid,
    verbs: [verb('Enqueue', { waitUrl: 'https://late.example/' }, 'line')]
  })
  center.on(verb('Dial', {}, verb('Queue', {}, 'line')))
  center.dial(bea)
  const verbs = [say('Too late')]
  const late = { url: 'https://late.example/', method: 'POST', verbs, problems: [], isMissing: false } as const
  for (const ticket of ['1', '2', '3']) center.do({ type: 'call.document', call_sid, ticket, ...late })
  center.pass('10 s')
  expect(center.heard(ann).at(-1)).toBe(`with ${bea}`)
})
