import { describe, expect, it } from 'vitest'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'

const ann = '+15550111'
const bea = '+15550112'
const ada = 'client:ada'
const bob = 'client:bob'
const sam = 'client:sam'

/** A floor with Ada (and Bob), whose workflow takes the calls of our number. */
function floor(...names: readonly string[]): Switchboard {
  const center = new Switchboard()
  center.addQueue('Support')
  const { sid } = center.addWorkflow(
    'Main',
    { default_filter: { queue: 'Support' } },
    { task_reservation_timeout: 120 }
  )
  for (const name of names.length > 0 ? names : ['Ada'])
    center.addWorker(name, {
      attributes: { contact_uri: `client:${name.toLowerCase()}` },
      capacity: { voice: 1, default: 1 }
    })
  for (const address of [ada, bob, sam]) center.phone(address)
  center.on(
    verb(
      'Enqueue',
      { workflowSid: sid, waitUrl: '/wait', action: '/queued' },
      verb('Task', { priority: 5 }, '{"why":"order"}')
    )
  )
  center.page('/wait', [say('Please hold'), verb('Pause', { length: 30 })])
  center.page('/queued', ({ parameters }) => [say(`It was ${parameters.QueueResult}`)])
  return center
}

/** The reservation that a worker has of the only task. */
function offered(center: Switchboard, name: string) {
  const { sid: worker_sid } = center.worker(name)
  const reservation = center.state.tables.reservation.all().findLast((one) => one.worker_sid === worker_sid)
  if (!reservation) throw new Error(`${name} was offered nothing`)
  return reservation
}

function instruct(center: Switchboard, name: string, instruction: string, params: object = {}): void {
  const { sid, task_sid, workspace_sid } = offered(center, name)
  center.do({ type: 'reservation.update', workspace_sid, task_sid, sid, instruction, ...params })
}

const taskOf = (center: Switchboard) => center.state.tables.task.all().at(-1)

describe('a caller who waits', () => {
  it('is a task with what is known of the call, and hears announcements', () => {
    const center = floor()
    const { sid } = center.dial(ann)
    center.pass('1 min')
    expect(center.heard(ann).slice(0, 5)).toEqual([
      ...['play: ringdown:music', 'say: Please hold', 'silence: 30000', 'say: Please hold', 'silence: 30000']
    ])
    const task = taskOf(center)
    expect(task).toMatchObject({ assignment_status: 'reserved', priority: 5 })
    expect(JSON.parse(task?.attributes ?? '')).toMatchObject({
      ...{ call_sid: sid, from: ann, to: ours, why: 'order', direction: 'inbound', from_country: 'US' }
    })
  })

  it('gives up: nobody is offered the task any more', () => {
    const center = floor()
    center.dial(ann)
    center.act(ann, 'hang-up')
    expect(taskOf(center)).toMatchObject({ assignment_status: 'canceled', reason: 'hangup' })
    expect(offered(center, 'Ada').reservation_status).toBe('canceled')
    expect(center.asked.at(-1)?.parameters).toMatchObject({ QueueResult: 'hangup' })
  })

  it('gives up while the worker rings, who rings no longer', () => {
    const center = floor()
    center.dial(ann)
    instruct(center, 'Ada', 'conference')
    expect(center.status(ada)).toBe('ringing')
    center.act(ann, 'hang-up')
    expect(center.status(ada)).toBe('canceled')
    expect(taskOf(center)?.assignment_status).toBe('canceled')
  })

  it('goes on with the next document when the task is canceled', () => {
    const center = floor()
    center.dial(ann)
    const { sid = '' } = taskOf(center) ?? {}
    const { workspace_sid } = center
    center.do({ type: 'task.update', workspace_sid, sid, assignment_status: 'canceled', reason: 'closed' })
    center.pass('10 s')
    expect(center.heard(ann)).toContain('say: It was leave')
  })

  it('is led elsewhere: the task has no caller any more, and no worker rings for it', () => {
    const center = floor()
    const { sid } = center.dial(ann)
    instruct(center, 'Ada', 'conference')
    center.page('/elsewhere', [say('Welcome elsewhere'), verb('Pause', { length: 60 })])
    center.do({ type: 'call.update', sid, url: 'https://a.example/elsewhere' })
    expect(center.heard(ann).at(-1)).toBe('say: Welcome elsewhere')
    expect(taskOf(center)).toMatchObject({ assignment_status: 'canceled', reason: 'redirected' })
    expect(offered(center, 'Ada').reservation_status).toBe('canceled')
    expect(center.status(ada)).toBe('canceled')
    expect(center.state.tables.queue_member.size).toBe(0)
    expect(center.status(ann)).toBe('in-progress')
  })

  it('is led into a workflow again: another task waits', () => {
    const center = floor()
    const { sid } = center.dial(ann)
    const first = taskOf(center)
    const workflowSid = first?.workflow_sid ?? ''
    center.do({ type: 'call.update', sid, verbs: [verb('Enqueue', { workflowSid })] })
    expect(center.state.find('task', first?.sid)?.assignment_status).toBe('canceled')
    expect(taskOf(center)?.assignment_status).toBe('reserved')
    expect(center.state.tables.call.list('task_sid', taskOf(center)?.sid ?? '').map((call) => call.sid)).toEqual([sid])
  })

  it.each([
    ['bridge', () => verb('Dial', {}, ada)],
    ['conference', () => verb('Dial', {}, verb('Conference', { startConferenceOnEnter: false }, 'Room'))]
  ])('is led there out of a %s, and waits', (place, dials) => {
    const center = floor()
    const [workflow] = center.state.tables.workflow.all()
    center.on(dials())
    const { sid } = center.dial(ann)
    if (place === 'bridge') center.act(ada, 'answer')
    center.do({ type: 'call.update', sid, verbs: [verb('Enqueue', { workflowSid: workflow?.sid ?? '' })] })
    expect(center.state.tables.queue_member.firstBy('call_sid', sid)).toBeDefined()
    expect(center.status(ann)).toBe('in-progress')
    expect(taskOf(center)?.assignment_status).toBe('reserved')
  })

  it('is ended by whoever manages the call: the task ends with it', () => {
    const center = floor()
    const { sid } = center.dial(ann)
    center.do({ type: 'call.update', sid, status: 'completed' })
    expect(taskOf(center)).toMatchObject({ assignment_status: 'canceled', reason: 'hangup' })
    expect(center.state.tables.queue_member.size).toBe(0)
  })

  it('leaves by a key', () => {
    const center = floor()
    center.page('/wait', [verb('Gather', { action: '/key', numDigits: 1 }, say('Press 1 to leave'))])
    center.page('/key', [verb('Leave')])
    center.dial(ann)
    center.act(ann, 'press', '1')
    center.pass('10 s')
    expect(center.heard(ann)).toContain('say: It was leave')
    expect(taskOf(center)).toMatchObject({ assignment_status: 'canceled', reason: 'leave' })
    expect(center.state.tables.queue_member.size).toBe(0)
  })

  it('is sent away where the queue is full', () => {
    const center = new Switchboard().on(verb('Enqueue', { maxQueueSize: 1, action: '/full' }, 'line'))
    center.page('/full', ({ parameters }) => [say(`${parameters.QueueResult}`)])
    center.dial(ann)
    center.dial(bea)
    center.pass('5 s')
    expect(center.heard(bea)[0]).toBe('say: queue-full')
    expect(center.status(ann)).toBe('in-progress')
  })

  it('is taken by who dials the queue, the first first', () => {
    const center = new Switchboard().on(verb('Enqueue', {}, 'line'))
    center.dial(ann)
    center.pass('10 s')
    center.dial(bea)
    center.on(verb('Dial', { action: '/after' }, verb('Queue', {}, 'line'))).page('/after', [])
    center.dial('+15550133')
    center.act('+15550133', 'speak', 'Who is it?')
    expect(center.heard(ann)).toContain('+15550133: Who is it?')
    expect(center.heard(bea)).toEqual(['play: ringdown:music'])
  })
})

describe('the instruction conference', () => {
  it('calls the worker, stops the time of the reservation, and accepts with the answer', () => {
    const center = floor()
    const { sid } = center.dial(ann)
    instruct(center, 'Ada', 'conference', { from: ours })
    expect(offered(center, 'Ada')).toMatchObject({ reservation_status: 'pending', timeout_at: null })
    center.act(ada, 'answer')
    expect(offered(center, 'Ada').reservation_status).toBe('accepted')
    const task = taskOf(center)
    expect(task?.assignment_status).toBe('assigned')
    expect(JSON.parse(task?.attributes ?? '').conference).toMatchObject({
      participants: { worker: center.callOf(ada).sid, customer: sid }
    })
    center.act(ann, 'speak', 'Hello')
    center.act(ada, 'speak', 'Hi')
    expect(center.heard(ada)).toEqual([`with ${ann}`, `${ann}: Hello`])
    expect(center.heard(ann).slice(-2)).toEqual([`with ${ada}`, `${ada}: Hi`])
    center.act(ann, 'hang-up')
    expect(center.status(ada)).toBe('completed')
    expect(offered(center, 'Ada').reservation_status).toBe('wrapping')
    expect(taskOf(center)?.assignment_status).toBe('wrapping')
    const [conference] = center.state.tables.conference.all()
    expect(conference).toMatchObject({
      status: 'completed',
      reason_conference_ended: 'participant-with-end-conference-on-exit-left'
    })
  })

  it.each([
    ['does not answer', 'rings', 'timeout'],
    ['is busy', 'busy', 'canceled'],
    ['declines', 'rejects', 'canceled']
  ] as const)('is taken back from a worker who %s', (_, call_outcome, status) => {
    const center = floor()
    center.phone(ada, { call_outcome })
    center.dial(ann)
    const { sid } = offered(center, 'Ada')
    instruct(center, 'Ada', 'conference', { timeout: 20 })
    center.pass('21 s')
    expect(center.state.get('reservation', sid).reservation_status).toBe(status)
    expect(center.status(ann)).toBe('in-progress')
  })

  it('puts the customer on hold, who hears music meanwhile', () => {
    const center = floor()
    const { sid: call_sid } = center.dial(ann)
    instruct(center, 'Ada', 'conference')
    center.act(ada, 'answer')
    const conference_sid = center.state.tables.conference.all()[0]?.sid ?? ''
    const participant = (changes: object) =>
      center.do({ type: 'conference_participant.update', conference_sid, call_sid: 'customer', ...changes })
    participant({ hold: true })
    center.act(ada, 'speak', 'What now?')
    participant({ hold: false, muted: true })
    center.act(ann, 'speak', 'Can you hear me?')
    center.act(ada, 'speak', 'Sorry for the wait')
    expect(center.heard(ann).slice(-3)).toEqual(['play: ringdown:music', `with ${ada}`, `${ada}: Sorry for the wait`])
    expect(center.heard(ada)).not.toContain(`${ann}: Can you hear me?`)
    expect(call_sid).toMatch(/^CA/)
  })

  it('hands a call on warm: they talk, then one of them leaves', () => {
    const center = floor('Ada', 'Bob')
    center.move('Bob', 'Offline')
    center.dial(ann)
    instruct(center, 'Ada', 'conference', { end_conference_on_exit: false })
    center.act(ada, 'answer')
    center.move('Bob', 'Available')
    const { sid: reservation_sid, task_sid, workspace_sid, worker_sid } = offered(center, 'Ada')
    const conference_sid = center.state.tables.conference.all()[0]?.sid ?? ''
    center.do({ type: 'conference_participant.update', conference_sid, call_sid: 'customer', hold: true })
    center.do({
      type: 'transfer.create',
      ...{ workspace_sid, worker_sid, reservation_sid, task_sid, to: center.worker('Bob').sid, mode: 'WARM' }
    })
    instruct(center, 'Bob', 'conference')
    center.act(bob, 'answer')
    center.act(ada, 'speak', 'She lost her parcel')
    expect(center.heard(bob)).toContain(`${ada}: She lost her parcel`)
    expect(center.heard(ann).at(-1)).toBe('play: ringdown:music')
    center.do({ type: 'conference_participant.update', conference_sid, call_sid: 'customer', hold: false })
    center.act(ada, 'hang-up')
    center.act(bob, 'speak', 'Hello Ann')
    expect(center.heard(ann).at(-1)).toBe(`${bob}: Hello Ann`)
    expect([offered(center, 'Ada').reservation_status, offered(center, 'Bob').reservation_status]).toEqual([
      'wrapping',
      'accepted'
    ])
    center.act(bob, 'hang-up')
    center.act(ann, 'hang-up')
    expect(taskOf(center)?.assignment_status).toBe('wrapping')
  })

  it('hands a call on cold: the customer hears music until the next one has answered', () => {
    const center = floor('Ada', 'Bob')
    center.move('Bob', 'Offline')
    center.dial(ann)
    instruct(center, 'Ada', 'conference', { end_conference_on_exit: false })
    center.act(ada, 'answer')
    center.move('Bob', 'Available')
    const { sid: reservation_sid, task_sid, workspace_sid, worker_sid } = offered(center, 'Ada')
    center.do({
      type: 'transfer.create',
      ...{ workspace_sid, worker_sid, reservation_sid, task_sid, to: center.worker('Bob').sid, mode: 'COLD' }
    })
    center.act(ada, 'hang-up')
    expect(center.heard(ann).at(-1)).toBe('play: ringdown:music')
    expect(center.status(ann)).toBe('in-progress')
    instruct(center, 'Bob', 'conference')
    center.act(bob, 'answer')
    center.act(bob, 'speak', 'Hello Ann')
    expect(center.heard(ann).at(-1)).toBe(`${bob}: Hello Ann`)
    expect(taskOf(center)?.assignment_status).toBe('assigned')
  })

  it.each([
    ['monitor', [], []],
    ['whisper', [`${sam}: Offer a refund`], []],
    ['barge', [`${sam}: Offer a refund`], [`${sam}: Offer a refund`]]
  ])('lets a supervisor %s', (supervisor_mode, agent, caller) => {
    const center = floor('Ada')
    center.addWorker('Sam', { attributes: { contact_uri: sam }, activity: 'Offline' })
    center.dial(ann)
    instruct(center, 'Ada', 'conference')
    center.act(ada, 'answer')
    instruct(center, 'Ada', 'supervise', { supervisor: center.worker('Sam').sid, supervisor_mode })
    center.act(sam, 'answer')
    center.act(sam, 'speak', 'Offer a refund')
    center.act(ann, 'speak', 'I am angry')
    const said = (address: string) => center.heard(address).filter((line) => line.endsWith('refund'))
    expect([said(ada), said(ann)]).toEqual([agent, caller])
    expect(center.heard(sam)).toContain(`${ann}: I am angry`)
  })

  it('calls the customer of a task that goes out when the worker is there', () => {
    const center = floor()
    center.phone(ann, { call_outcome: 'answers', answered_after_ms: 3000 })
    center.addTask('callback', {
      attributes: { outbound_to: ann, from: ours, direction: 'outbound' }
    })
    instruct(center, 'Ada', 'conference')
    center.act(ada, 'answer')
    expect(center.callOf(ann)).toMatchObject({ status: 'ringing', from: ours })
    center.pass('3 s')
    center.act(ann, 'speak', 'Yes?')
    expect(center.heard(ada)).toContain(`${ann}: Yes?`)
  })
})

describe('a task that goes out to nobody', () => {
  it('is refused, and called off by whoever asks by the callback', () => {
    const center = floor()
    center.addTask('callback', { attributes: { outbound_to: 'nobody' } })
    expect(() => instruct(center, 'Ada', 'conference')).toThrow(/nobody can be reached/)
    expect(center.state.tables.call.size).toBe(0)
  })

  it('leaves a worker who answers alone, where it was changed meanwhile', () => {
    const center = floor()
    center.phone(ada, { call_outcome: 'answers', answered_after_ms: 2000 })
    center.addTask('callback', { attributes: { outbound_to: ann, from: ours } })
    instruct(center, 'Ada', 'conference')
    const { sid, workspace_sid } = taskOf(center) ?? { sid: '', workspace_sid: '' }
    center.do({ type: 'task.update', workspace_sid, sid, attributes: JSON.stringify({ outbound_to: 'nobody' }) })
    center.pass('3 s')
    expect(center.status(ada)).toBe('in-progress')
    expect(center.heard(ada)).toEqual(['play: ringdown:music'])
    center.act(ada, 'hang-up')
    expect(taskOf(center)?.assignment_status).toBe('wrapping')
  })
})

describe('other instructions', () => {
  it('dequeue connects both, and moves the worker on afterwards', () => {
    const center = floor()
    center.dial(ann)
    const { sid } = center.activity('Unavailable')
    instruct(center, 'Ada', 'dequeue', { dequeue_post_work_activity_sid: sid })
    center.act(ada, 'answer')
    expect(offered(center, 'Ada').reservation_status).toBe('accepted')
    center.act(ada, 'speak', 'Hello')
    expect(center.heard(ann)).toContain(`${ada}: Hello`)
    center.act(ada, 'hang-up')
    expect(center.worker('Ada').activity_sid).toBe(sid)
    expect(taskOf(center)?.assignment_status).toBe('wrapping')
    center.pass('5 s')
    expect(center.heard(ann)).toContain('say: It was bridged')
  })

  it('call has the worker hear a document, and accepts where it says so', () => {
    const center = floor().page('/agent', [say('A call for you')])
    center.dial(ann)
    instruct(center, 'Ada', 'call', { call_from: ours, call_url: 'https://a.example/agent', call_accept: true })
    center.act(ada, 'answer')
    expect(center.heard(ada)).toEqual(['say: A call for you'])
    expect(offered(center, 'Ada').reservation_status).toBe('accepted')
  })

  it('redirect leads the caller elsewhere', () => {
    const center = floor().page('/elsewhere', [say('Welcome elsewhere'), verb('Pause', { length: 60 })])
    const { sid } = center.dial(ann)
    instruct(center, 'Ada', 'redirect', {
      ...{ redirect_call_sid: sid, redirect_url: 'https://a.example/elsewhere', redirect_accept: true }
    })
    expect(center.heard(ann).at(-1)).toBe('say: Welcome elsewhere')
    expect(taskOf(center)?.assignment_status).toBe('assigned')
  })

  it("Dial of a queue by reservation takes the task's caller", () => {
    const center = floor()
    center.dial(ann)
    const { sid } = offered(center, 'Ada')
    center.on(verb('Dial', {}, verb('Queue', { reservationSid: sid }, '')))
    center.dial(ada)
    expect(center.state.get('reservation', sid).reservation_status).toBe('accepted')
    center.act(ada, 'speak', 'Hello')
    expect(center.heard(ann)).toContain(`${ada}: Hello`)
  })
})
