import { describe, expect, it } from 'vitest'
import { render } from '../events.ts'
import { World } from '../testing/world.ts'
import type { CallbackFailure, instructReservation } from './instruction.ts'

const late: CallbackFailure = { code: 11205, message: 'no answer within 5000 ms', callback: 'assignment_callback_url' }

/** A floor whose workflow asks a program what to do with its reservations. */
class CallbackCenter extends World {
  constructor(...workers: readonly string[]) {
    super()
    this.addQueue('Support', { max_reserved_workers: 1 })
    this.addWorkflow(
      'Main',
      { default_filter: { queue: 'Support' } },
      { assignment_callback_url: 'https://a.example/' }
    )
    for (const name of workers) this.addWorker(name)
    this.addTask('task')
  }

  answer(worker: string, answer: Partial<Parameters<typeof instructReservation>[1]>): void {
    const { sid: reservation_sid } = this.reservation(worker, 'task')
    this.do({ type: 'reservation.instruct', reservation_sid, instruction: null, ...answer })
  }

  fail(worker: string, ...failures: readonly CallbackFailure[]): void {
    const { sid: reservation_sid } = this.reservation(worker, 'task')
    this.do({ type: 'reservation.callback_failed', reservation_sid, failures })
  }

  get warnings(): readonly unknown[] {
    return this.events('ringdown.warning').map((event) => event.refs.extra?.error_code)
  }
}

describe('the answer of an assignment callback', () => {
  it('accepts', () => {
    const center = new CallbackCenter('Ada')
    center.answer('Ada', { instruction: 'accept' })
    expect(center.where('task')).toBe('assigned Ada')
    expect(center.warnings).toEqual([])
  })

  it('rejects, and moves the worker where it says', () => {
    const center = new CallbackCenter('Ada', 'Bea')
    center.answer('Ada', { instruction: 'reject', activity_sid: center.activity('Unavailable').sid })
    expect([center.where('task'), center.activityOf('Ada')]).toEqual(['reserved Bea', 'Unavailable'])
    center.answer('Bea', { instruction: 'reject' })
    expect([center.where('task'), center.activityOf('Bea')]).toEqual(['pending', 'Available'])
  })

  it.each([
    ['that does not exist', () => `WA${'0'.repeat(32)}`],
    ['of another workspace', (other: string) => other]
  ])('calls the reservation off when it names an activity %s', (_, activity) => {
    const center = new CallbackCenter('Ada')
    const { workspace } = center.do({ type: 'workspace.create', friendly_name: 'Other' })
    center.answer('Ada', { instruction: 'reject', activity_sid: activity(workspace.default_activity_sid) })
    expect([center.who('task', 'canceled'), center.activityOf('Ada'), center.where('task')]).toEqual([
      ['Ada'],
      'Available',
      'pending'
    ])
    expect(center.warnings).toEqual([40100])
  })

  it('calls the reservation off when as many workers as may be are available', () => {
    const center = new World({ settings: { limits: { available_workers: 1 } } })
    center.addQueue('Support')
    center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
    center.addWorker('Ada')
    center.addTask('task')
    center.move('Ada', 'Offline')
    center.addWorker('Bea')
    const { sid: reservation_sid } = center.reservation('Ada', 'task')
    const activity_sid = center.activity('Available').sid
    center.do({ type: 'reservation.instruct', reservation_sid, instruction: 'reject', activity_sid })
    expect([center.who('task', 'canceled'), center.activityOf('Ada')]).toEqual([['Ada'], 'Offline'])
  })

  it('may be empty: the reservation waits for REST', () => {
    const center = new CallbackCenter('Ada')
    center.answer('Ada', { instruction: null, failures: [late] })
    expect([center.where('task'), center.warnings]).toEqual(['reserved Ada', [11205]])
  })

  it.each(['accept', 'reject'] as const)('to %s comes too late for what has been decided', (instruction) => {
    const center = new CallbackCenter('Ada')
    center.accept('Ada', 'task')
    const before = center.events().length
    center.answer('Ada', { instruction })
    expect([center.where('task'), center.events().length]).toEqual(['assigned Ada', before])
    const { sid: reservation_sid } = center.reservation('Ada', 'task')
    center.deleteTask('task')
    expect(center.do({ type: 'reservation.instruct', reservation_sid, instruction })).toEqual({})
    expect(center.do({ type: 'reservation.callback_failed', reservation_sid, failures: [late] })).toEqual({})
  })
})

describe('an assignment callback that failed', () => {
  it('gives the task to others first, then to the same worker after a back-off, whose activity stays', () => {
    const center = new CallbackCenter('Ada', 'Bea')
    center.fail('Ada', late)
    expect([center.where('task'), center.who('task', 'canceled'), center.activityOf('Ada')]).toEqual([
      'reserved Bea',
      ['Ada'],
      'Available'
    ])
    center.fail('Bea', late)
    expect(center.where('task')).toBe('pending')
    center.pass('3 s')
    expect(center.where('task')).toBe('pending')
    center.pass('1 s')
    expect(center.where('task')).toMatch(/^reserved /)
  })

  it('leaves the other reservations of the task alone', () => {
    const center = new World()
    center.addQueue('Support', { max_reserved_workers: 2 })
    center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
    center.addWorker('Ada')
    center.addWorker('Bea')
    center.addTask('task')
    expect(center.where('task')).toBe('reserved Ada, Bea')
    const { sid: reservation_sid } = center.reservation('Ada', 'task')
    center.do({ type: 'reservation.callback_failed', reservation_sid, failures: [late] })
    expect(center.where('task')).toBe('reserved Bea')
    center.accept('Bea', 'task')
    expect(center.where('task')).toBe('assigned Bea')
  })

  it('is told of each address, without what people wrote', () => {
    const center = new CallbackCenter('Ada')
    center.fail('Ada', late, { code: 40001, message: 'no JSON', callback: 'fallback_assignment_callback_url' })
    const [event, other] = center.events('ringdown.warning').map(render)
    expect(event).toMatchObject({
      workspace_sid: center.workspace_sid,
      resource_type: 'reservation',
      resource_sid: center.reservation('Ada', 'task').sid,
      description: '11205: no answer within 5000 ms',
      data: {
        warning: 'assignment_callback',
        error_code: 11205,
        callback: 'assignment_callback_url',
        workflow_sid: center.workflow('Main').sid,
        task_sid: center.sid('task'),
        worker_sid: center.worker('Ada').sid
      }
    })
    expect(other?.data.error_code).toBe(40001)
    expect(event?.data.task_attributes).toBeUndefined()
    expect(event?.data.worker_attributes).toBeUndefined()
  })

  it('that nobody hears of changes nothing when it comes too late, but is told', () => {
    const center = new CallbackCenter('Ada')
    center.accept('Ada', 'task')
    center.fail('Ada', late)
    expect([center.where('task'), center.warnings]).toEqual(['assigned Ada', [11205]])
  })
})

describe('an instruction by REST that needs a telephone', () => {
  const dialable = { attributes: { contact_uri: 'client:ada' } }

  function instruct(center: World, params: object): string {
    const { workspace_sid } = center
    const { sid, task_sid } = center.reservation('Ada', 'task')
    return center.refusal(() => center.do({ type: 'reservation.update', workspace_sid, task_sid, sid, ...params }))
  }

  it.each([
    ['dequeue', {}, 'The call of task WT… is over'],
    ['call', { call_from: '+1555' }, /has no url \(error 40112\)$/],
    ['call', { call_url: 'https://a.example/' }, /has no from \(error 40111\)$/],
    ['redirect', { redirect_call_sid: 'CA1', redirect_url: 'https://a.example/' }, 'Call CA1 is no living call'],
    ['redirect', { redirect_url: 'https://a.example/' }, /has no call_sid \(error 40121\)$/],
    ['redirect', { redirect_call_sid: 'CA1' }, /has no url \(error 40120\)$/],
    ['conference', { to: 'client:ada' }, 'The call of task WT… is over'],
    ['conference', { post_work_activity_sid: 'WA1' }, /does not exist \(error 40139\)$/],
    ['dequeue', { dequeue_post_work_activity_sid: 'WA1' }, /does not exist \(error 40130\)$/],
    ['supervise', { supervisor: 'client:boss', supervisor_mode: 'whisper' }, /has no conference/],
    ['supervise', { supervisor: 'client:boss' }, /has no supervisor_mode \(error 40147\)$/]
  ])('%s %j', (instruction, params, expected) => {
    const center = new World()
    center.addQueue('Support')
    center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
    center.addWorker('Ada', dialable)
    center.addTask('task', { attributes: { call_sid: 'CA1' } })
    const refused = instruct(center, { instruction, ...params })
    if (typeof expected === 'string') expect(refused.replace(/WT\w+/, 'WT…')).toBe(`400/20001 ${expected}`)
    else expect(refused).toMatch(expected)
    expect(center.where('task')).toBe('reserved Ada')
  })

  it('says whom it could not call, and about which call', () => {
    const center = new CallbackCenter('Ada')
    expect(
      instruct(center, { instruction: 'call', call_from: '+15550001111', call_url: 'https://a.example/' })
    ).toMatch(/40110/)
    expect(instruct(center, { instruction: 'dequeue' })).toMatch(/40131/)
    expect(instruct(center, { instruction: 'dequeue', dequeue_to: '+15550001111' })).toMatch(/needs call_sid .*40140/)
    expect(instruct(center, { instruction: 'conference', to: 'sip:ada@x.test' })).toMatch(/needs call_sid .*40142/)
  })

  it.each(['5550001111', '+1', '+0155500011', 'tel:+15550001111', 'client:'])('calls nobody at %s', (address) => {
    const own = new CallbackCenter('Ada')
    expect(instruct(own, { instruction: 'dequeue', dequeue_to: address })).toMatch(/has a to that is .*40131/)
    own.do({
      type: 'worker.update',
      workspace_sid: own.workspace_sid,
      sid: own.worker('Ada').sid,
      attributes: JSON.stringify({ contact_uri: address })
    })
    expect(instruct(own, { instruction: 'conference' })).toMatch(/worker with a contact_uri that is .*40137/)
  })

  it('is refused for a reservation that is not pending, and when nobody knows it', () => {
    const center = new CallbackCenter('Ada')
    expect(instruct(center, { instruction: 'dance' })).toMatch(
      /^400\/20001 Value 'dance' provided for Instruction is not one of accept, reject, dequeue,/
    )
    center.accept('Ada', 'task')
    expect(instruct(center, { instruction: 'dequeue' })).toMatch(
      /^400\/20001 Cannot dequeue reservation .* accepted\.$/
    )
  })
})
