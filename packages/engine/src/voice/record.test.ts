import { expect, it } from 'vitest'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'

const ann = '+15550111'
const bob = '+15550122'

function voicemail(): Switchboard {
  return new Switchboard()
    .on(say('Leave a message'), verb('Record', { action: '/recorded', timeout: 5, maxLength: 60 }), say('Nothing'))
    .page('/recorded', [say('Thank you')])
}

it.each([
  ['a key', 'press', '5'],
  ['silence', '', ''],
  ['the end of the call', 'hang-up', 'hangup']
] as const)('a message is recorded until %s', (_, how, digits) => {
  const center = voicemail()
  center.dial(ann)
  center.pass('2 s')
  expect(center.heard(ann)).toEqual(['say: Leave a message', 'tone: beep'])
  center.act(ann, 'speak', 'Please call me back')
  center.pass('3 s')
  center.act(ann, 'speak', 'It is Ann')
  if (how === 'press') center.act(ann, 'press', '5')
  else if (how === 'hang-up') center.act(ann, 'hang-up')
  center.pass('10 s')
  const [recording] = center.state.tables.recording.all()
  expect(recording).toMatchObject({
    status: 'completed',
    words: 'Please call me back\nIt is Ann',
    source: 'RecordVerb'
  })
  expect(center.asked.at(-1)?.parameters).toMatchObject({ RecordingSid: recording?.sid, Digits: digits })
})

it('is nothing where nobody says a word', () => {
  const center = voicemail()
  center.dial(ann)
  center.pass('10 s')
  expect(center.state.tables.recording.all()).toMatchObject([{ status: 'absent' }])
  expect(center.heard(ann)).toContain('say: Nothing')
})

it('has both sides of a call, but for what is said while it is paused', () => {
  const center = new Switchboard().on(verb('Dial', { record: 'record-from-answer' }, bob))
  center.phone(bob, { call_outcome: 'answers' })
  const { sid: call_sid } = center.dial(ann)
  center.act(ann, 'speak', 'My card')
  const update = (status: 'paused' | 'in-progress') =>
    center.do({ type: 'recording.update', call_sid, sid: 'Twilio.CURRENT', status, pause_behavior: 'skip' })
  update('paused')
  center.act(ann, 'speak', '4111 1111')
  center.pass('10 s')
  update('in-progress')
  center.act(bob, 'speak', 'Thank you')
  center.pass('5 s')
  center.act(bob, 'hang-up')
  expect(center.state.tables.recording.all()).toMatchObject([
    { status: 'completed', words: `${ann}: My card\n${bob}: Thank you`, duration_ms: 5000 }
  ])
})

it('of a conference, by its name: the one that runs, whatever was recorded before it', () => {
  const center = new Switchboard().on(verb('Dial', {}, verb('Conference', { record: 'record-from-start' }, 'standup')))
  const join = (identity: string) =>
    center.do({
      ...{ type: 'call.arrive', arrival: identity, from: `client:${identity}`, to: ours },
      address: { sdk: { identity, device: `${identity}'s` } }
    })
  join('ada')
  const conference_sid = center.state.tables.conference.all()[0]?.sid ?? ''
  const update = (status: 'paused' | 'stopped') =>
    center.do({ type: 'recording.update', conference_sid, sid: 'Twilio.CURRENT', status }).recording
  const first = update('stopped')
  join('bob')
  expect(update('paused')).toMatchObject({ conference_sid, status: 'paused' })
  expect(center.state.get('recording', first.sid).status).toBe('stopped')
})
