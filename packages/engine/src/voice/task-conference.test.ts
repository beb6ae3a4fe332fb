import type { LegEvent } from '@ringdown/contract/voice-leg'
import { describe, expect, it } from 'vitest'
import { Switchboard, verb } from '../testing/switchboard.ts'

const ann = '+15550111'
const [ada, bob, sam] = ['client:ada', 'client:bob', 'client:sam']

/** Ann talks with Ada; Bob is a colleague, and Sam, who supervises, has no work. */
function talking(conference: object = {}) {
  const center = new Switchboard()
  center.addQueue('Support')
  const { sid } = center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
  center.addWorker('Ada', { attributes: { contact_uri: ada } })
  for (const [name, contact_uri] of [
    ['Bob', bob],
    ['Sam', sam]
  ] as const)
    center.addWorker(name, { attributes: { contact_uri }, activity: 'Offline' })
  for (const address of [ada, bob, sam]) center.phone(address)
  center.on(verb('Enqueue', { workflowSid: sid }))
  const customer = center.dial(ann).sid
  const { workspace_sid } = center
  const reserved = (name: string) => {
    const worker_sid = center.worker(name).sid
    const found = center.state.tables.reservation.all().findLast((one) => one.worker_sid === worker_sid)
    if (!found) throw new Error(`${name} has none`)
    return found
  }
  const takes = (name: string, phone: string) => {
    const { sid, task_sid } = reserved(name)
    const instruction = 'conference'
    center.do({ type: 'reservation.update', workspace_sid, task_sid, sid, instruction, ...conference })
    center.act(phone, 'answer')
  }
  takes('Ada', ada)
  const { task_sid } = reserved('Ada')
  const supervise = (mode: 'monitor' | 'whisper' | 'barge', name = 'Sam', params: object = {}) =>
    center.do({
      type: 'worker_supervision.update',
      ...{ workspace_sid, task_sid, worker_sid: center.worker(name).sid, mode, ...params }
    })
  const change = (call_sid: string, changes: object) =>
    center.do({
      type: 'conference_participant.update',
      ...{ conference_sid: center.state.tables.conference.all()[0]?.sid ?? '', call_sid, ...changes }
    })
  return { center, customer, workspace_sid, task_sid, reserved, takes, supervise, change }
}

const inWords = (center: Switchboard) =>
  center.state.tables.recording.all().map(({ words }) => words?.split('\n') ?? [])

describe('a supervisor', () => {
  it('listens, then whispers, then speaks to all, on one call', () => {
    const { center, supervise } = talking()
    const hears = (phone: string) => center.heard(phone).filter((line) => line.startsWith(sam))
    supervise('monitor')
    center.act(sam, 'answer')
    center.act(sam, 'speak', 'Nobody hears this')
    supervise('whisper')
    center.act(sam, 'speak', 'Offer a refund')
    supervise('barge')
    center.act(sam, 'speak', 'Good evening')
    expect(hears(ada)).toEqual([`${sam}: Offer a refund`, `${sam}: Good evening`])
    expect(hears(ann)).toEqual([`${sam}: Good evening`])
    center.act(ann, 'speak', 'Hello')
    expect(center.heard(sam)).toContain(`${ann}: Hello`)
    expect(center.state.tables.conference_participant.all().filter(({ label }) => label === 'supervisor')).toHaveLength(
      1
    )
    center.act(sam, 'hang-up')
    center.act(ann, 'speak', 'Still there?')
    expect(center.heard(ada).at(-1)).toBe(`${ann}: Still there?`)
  })

  it('is nobody who has the task, of no task without a call, and whispers to no reservation that is not there', () => {
    const { center, supervise, reserved } = talking()
    expect(center.refusal(() => supervise('monitor', 'Ada'))).toMatch(/^400.*of their own/)
    expect(center.refusal(() => supervise('whisper', 'Sam', { reservation_sid: `WR${'0'.repeat(32)}` }))).toMatch(
      /^400/
    )
    expect(supervise('whisper', 'Sam', { reservation_sid: reserved('Ada').sid }).conference.sid).toMatch(/^CF/)
    center.act(ann, 'hang-up')
    expect(center.refusal(() => supervise('monitor'))).toMatch(/^404/)
  })
})

describe('the recording of a task’s call', () => {
  it('has what is said to all: also while the customer is on hold, and after its first worker has gone', () => {
    const { center, supervise, change, workspace_sid, task_sid, reserved, takes } = talking({
      conference_record: 'record-from-start',
      end_conference_on_exit: false
    })
    center.act(ann, 'speak', 'My parcel is lost')
    change('customer', { hold: true })
    center.act(ann, 'speak', 'La la')
    center.move('Bob', 'Available')
    const { sid: reservation_sid, worker_sid } = reserved('Ada')
    const to = center.worker('Bob').sid
    center.do({ type: 'transfer.create', workspace_sid, worker_sid, reservation_sid, task_sid, to, mode: 'WARM' })
    takes('Bob', bob)
    center.act(ada, 'speak', 'She lost her parcel')
    supervise('whisper', 'Sam', { reservation_sid: reserved('Bob').sid })
    center.act(sam, 'answer')
    center.act(sam, 'speak', 'Be kind')
    change('customer', { hold: false })
    center.act(ada, 'hang-up')
    center.act(bob, 'speak', 'Hello Ann')
    center.act(ann, 'hang-up')
    expect(inWords(center)).toEqual([[`${ann}: My parcel is lost`, `${ada}: She lost her parcel`, `${bob}: Hello Ann`]])
    const [recording] = center.state.tables.recording.all()
    expect(recording).toMatchObject({ status: 'completed', source: 'Conference', task_sid })
  })

  it('is paused while a card’s number is said, and goes on; without a recording that is refused', () => {
    const { center, workspace_sid, task_sid } = talking({ conference_record: 'true' })
    const update = (recording: 'paused' | 'in-progress') =>
      center.do({ type: 'task_call.update', workspace_sid, task_sid, recording })
    update('paused')
    center.act(ann, 'speak', '4111 1111 1111 1111')
    update('in-progress')
    center.act(ann, 'speak', 'Thank you')
    expect(inWords(center)).toEqual([[`${ann}: Thank you`]])
    const other = talking()
    const { center: quiet } = other
    const of = { workspace_sid: other.workspace_sid, task_sid: other.task_sid }
    expect(quiet.refusal(() => quiet.do({ type: 'task_call.update', ...of, recording: 'paused' }))).toMatch(/^400/)
  })
})

describe('somebody outside', () => {
  const eve = '+15550199'
  const invited = () => {
    const floor = talking({ end_conference_on_exit: false })
    const { center, workspace_sid, task_sid, change } = floor
    const update = (params: object) => center.do({ type: 'task_call.update', workspace_sid, task_sid, ...params })
    center.phone(eve)
    change('customer', { hold: true })
    update({ invite: '+1 (555) 0199' })
    return { ...floor, update }
  }

  it('is asked while the customer waits, talks with both, and goes on with the customer when the worker has gone', () => {
    const { center, change, reserved } = invited()
    expect(center.callOf(eve)).toMatchObject({ status: 'ringing', from: '+15550100' })
    center.act(eve, 'answer')
    center.act(ada, 'speak', 'Where is the parcel?')
    expect(center.heard(eve)).toContain(`${ada}: Where is the parcel?`)
    expect(center.heard(ann).join()).not.toContain('parcel')
    change('customer', { hold: false })
    center.act(eve, 'speak', 'On its way')
    expect(center.heard(ann)).toContain(`${eve}: On its way`)
    center.act(ada, 'hang-up')
    expect(reserved('Ada').reservation_status).toBe('wrapping')
    center.act(ann, 'speak', 'Thank you')
    expect(center.heard(eve).at(-1)).toBe(`${ann}: Thank you`)
    center.act(eve, 'hang-up')
    expect(center.status(ann)).toBe('completed')
    expect(center.state.tables.conference.all().at(-1)?.status).toBe('completed')
  })

  it('has the customer to talk with, even where the worker hangs up first', () => {
    const { center } = invited()
    center.act(eve, 'answer')
    center.act(ada, 'hang-up')
    center.act(eve, 'speak', 'Hello Ann')
    expect(center.heard(ann).at(-1)).toBe(`${eve}: Hello Ann`)
    center.act(ann, 'hang-up')
    expect(center.status(eve)).toBe('completed')
  })

  it('does not answer, or is taken out: the customer is the worker’s as before', () => {
    const { center, change, update } = invited()
    center.act(eve, 'reject')
    update({ invite: eve })
    center.act(eve, 'answer')
    update({ remove: center.callOf(eve).sid })
    expect(center.status(eve)).toBe('completed')
    change('customer', { hold: false })
    center.act(ada, 'speak', 'Still here')
    expect(center.heard(ann).at(-1)).toBe(`${ada}: Still here`)
  })

  it('is one at a time, has a number, and is nobody else of the call', () => {
    const { center, customer, update } = invited()
    const refused = (params: object) => center.refusal(() => update(params))
    expect(refused({ invite: '+15550198' })).toMatch(/^409/)
    expect(refused({ invite: 'client:bob' })).toMatch(/^400.*E\.164/)
    expect(refused({ remove: customer })).toMatch(/^404/)
    expect(refused({})).toMatch(/^400.*required/)
    center.act(ann, 'hang-up')
    expect(refused({ invite: '+15550198' })).toMatch(/^404/)
  })
})

it('somebody outside is called by nobody in particular where the customer’s device has called no number', () => {
  const center = new Switchboard()
  center.addQueue('Support')
  const { sid } = center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
  center.addWorker('Ada', { attributes: { contact_uri: ada } })
  center.phone(ada)
  center.phone('+15550199')
  center.on(verb('Enqueue', { workflowSid: sid }))
  const { application } = center.do({ type: 'application.create', voice_url: 'https://a.example/voice' })
  const address = { sdk: { identity: 'web' } }
  const { sid: application_sid } = application
  center.do({ type: 'call.arrive', arrival: 'A1', from: 'client:web', to: '', address, application_sid })
  const { sid: reservation_sid = '', task_sid = '' } = center.state.tables.reservation.all().at(-1) ?? {}
  const { workspace_sid } = center
  const of = { workspace_sid, task_sid }
  center.do({ type: 'reservation.update', ...of, sid: reservation_sid, instruction: 'conference' })
  expect(center.callOf(ada).from).toBe('Anonymous')
  center.act(ada, 'answer')
  center.do({ type: 'task_call.update', ...of, invite: '+15550199' })
  expect(center.callOf('+15550199')).toMatchObject({ status: 'ringing', from: 'Anonymous' })
})

describe('a worker whose browser has answered, and is never connected', () => {
  const answered = (end_conference_on_exit = false) => {
    const center = new Switchboard()
    center.addQueue('Support')
    const { sid } = center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
    center.addWorker('Ada', { attributes: { contact_uri: ada } })
    center.on(verb('Enqueue', { workflowSid: sid }))
    center.dial(ann)
    const { workspace_sid } = center
    const reservation = () => center.state.tables.reservation.all().at(-1)
    const { sid: reservation_sid = '', task_sid = '' } = reservation() ?? {}
    const of = { workspace_sid, task_sid, sid: reservation_sid }
    const more: object = { end_conference_on_exit }
    center.do({ type: 'reservation.update', ...of, instruction: 'conference', ...more })
    const calls = () => center.state.tables.call.all().filter(({ to }) => to === ada)
    const report = (event: LegEvent) => {
      const { sid: call_sid = '', reported = 0 } = calls().at(-1) ?? {}
      center.do({ type: 'call.report', call_sid, number: reported + 1, event })
    }
    report({ type: 'answered', device: 'D1' })
    return { center, calls, report, status: () => reservation()?.reservation_status }
  }
  const lost = { type: 'ended', status: 'failed', by: 'network', never_connected: true } as const

  it.each([false, true])('is rung once more, while the customer waits (ends the conference: %s)', (ends) => {
    const { center, calls, report, status } = answered(ends)
    report(lost)
    expect(center.heard(ann).at(-1)).toBe('play: ringdown:music')
    expect(calls().map((call) => call.status)).toEqual(['failed', 'queued'])
    expect(status()).toBe('accepted')
    report({ type: 'answered', device: 'D2' })
    expect(center.heard(ann).at(-1)).toBe(`with ${ada}`)
    const [task] = center.state.tables.task.all()
    expect(JSON.parse(task?.attributes ?? '').conference.participants.worker).toBe(calls().at(-1)?.sid)
    // What has failed twice is over.
    report(lost)
    expect([calls().length, status()]).toEqual([2, 'wrapping'])
    expect(center.status(ann)).toBe('completed')
  })

  it('does not answer again: nobody waits for ever', () => {
    const { center, status, report } = answered()
    report(lost)
    center.pass('70 s')
    expect(status()).toBe('wrapping')
    expect(center.status(ann)).toBe('completed')
    expect(center.state.tables.conference.all().at(-1)?.status).toBe('completed')
  })

  it('is not rung again when its browser has vanished later', () => {
    const { calls, report, status } = answered()
    report({ type: 'ended', status: 'completed', by: 'network' })
    expect([calls().length, status()]).toEqual([1, 'wrapping'])
  })
})

it('calls whose sound is gone for good end: who waits loses the task, and who works on one wraps it up', () => {
  const center = new Switchboard()
  center.addQueue('Support')
  const { sid: workflow } = center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
  center.addWorker('Ada', { attributes: { contact_uri: ada } })
  center.on(verb('Enqueue', { workflowSid: workflow }))
  const { application } = center.do({ type: 'application.create', voice_url: 'https://a.example/voice' })
  const arrives = (identity: string) => {
    const address = { sdk: { identity } }
    const from = `client:${identity}`
    const { sid: application_sid } = application
    return center.do({ type: 'call.arrive', arrival: identity, from, to: '', address, application_sid }).call.sid
  }
  const talking = arrives('web')
  const { workspace_sid } = center
  const { sid: reservation_sid = '', task_sid = '' } = center.state.tables.reservation.all().at(-1) ?? {}
  const of = { workspace_sid, task_sid, sid: reservation_sid }
  center.do({ type: 'reservation.update', ...of, instruction: 'conference' })
  const { sid: worker } = center.state.tables.call.all().find(({ to }) => to === ada) ?? { sid: '' }
  center.do({ type: 'call.report', call_sid: worker, number: 1, event: { type: 'answered', device: 'D1' } })
  expect(center.state.get('call', worker).leg?.hears).toEqual([talking])
  const waiting = arrives('elsewhere')
  for (const call_sid of [waiting, worker, talking]) {
    const number = center.state.get('call', call_sid).reported + 1
    center.do({ type: 'call.report', call_sid, number, event: { type: 'ended', status: 'failed', by: 'network' } })
  }
  const { call, task, reservation } = center.state.tables
  expect(call.all().map(({ status }) => status)).toEqual(['failed', 'failed', 'failed'])
  expect(task.all().map(({ assignment_status }) => assignment_status)).toEqual(['wrapping', 'canceled'])
  expect(reservation.all().map(({ reservation_status }) => reservation_status)).toEqual(['wrapping'])
})
