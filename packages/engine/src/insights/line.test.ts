import { describe, expect, it } from 'vitest'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'
import { insightEvents, insightOf } from './insight-event.ts'
import { Insights } from './insights.ts'
import type { Segment } from './segment.ts'

/* Calls as segments: who talked for how long, what of it was on hold, and who ended it. */

const ann = '+15550111'
const ada = 'client:ada'
const bob = 'client:bob'

function floor(...names: readonly string[]): Switchboard {
  const center = new Switchboard()
  center.addQueue('Support')
  const { sid } = center.addWorkflow('Main', { default_filter: { queue: 'Support' } }, { task_reservation_timeout: 60 })
  for (const name of names) center.addWorker(name, { attributes: { contact_uri: `client:${name.toLowerCase()}` } })
  for (const address of [ada, bob]) center.phone(address)
  center.on(verb('Enqueue', { workflowSid: sid }))
  return center
}

function reservationOf(center: Switchboard, name: string) {
  const found = center.state.tables.reservation.list('worker_sid', center.worker(name).sid).at(-1)
  if (!found) throw new Error(`${name} was offered nothing`)
  return found
}

function respond(center: Switchboard, name: string, change: object): void {
  const { sid, task_sid, workspace_sid } = reservationOf(center, name)
  center.do({ type: 'reservation.update', workspace_sid, task_sid, sid, ...change })
}

/** The worker's phone rings after a second, and is answered after two more. */
function answers(center: Switchboard, name: string, more: object = { instruction: 'conference' }): void {
  center.pass('1 s')
  respond(center, name, more)
  center.pass('2 s')
  center.act(`client:${name.toLowerCase()}`, 'answer')
}

function hold(center: Switchboard, isOn: boolean): void {
  const conference_sid = center.state.tables.conference.all().at(-1)?.sid ?? ''
  center.do({ type: 'conference_participant.update', conference_sid, call_sid: 'customer', hold: isOn })
}

function segments(center: Switchboard, kind: Segment['kind']): Segment[] {
  const insights = new Insights()
  for (const event of center.events()) if (insightEvents.has(event.type)) insights.move(insightOf(event))
  return [...insights.take().segments.values()].filter((one) => one.kind === kind).sort((a, b) => a.seq - b.seq)
}

const talk = ({ ring_ms, dial_ms, talk_ms, hold_ms, wrap_up_ms, hung_up_by }: Segment) => ({
  ...{ ring_ms, dial_ms, talk_ms, hold_ms, wrap_up_ms, hung_up_by }
})

describe('a call with an agent', () => {
  it('has its ringing, its talk with the holds in it, its wrap-up, and the customer who hung up', () => {
    const center = floor('Ada')
    center.dial(ann)
    answers(center, 'Ada')
    center.pass('10 s')
    hold(center, true)
    center.pass('7 s')
    hold(center, false)
    center.pass('20 s')
    hold(center, true)
    center.pass('3 s')
    center.act(ann, 'hang-up')
    center.pass('5 s')
    respond(center, 'Ada', { reservation_status: 'completed' })
    const [one] = segments(center, 'conversation').map(talk)
    expect(one).toEqual({
      ...{ ring_ms: 3_000, dial_ms: null, talk_ms: 40_000, hold_ms: 10_000, wrap_up_ms: 5_000 },
      hung_up_by: 'Customer'
    })
  })

  it.each([
    ['conference', { instruction: 'conference' }],
    ['dequeue', { instruction: 'dequeue', dequeue_to: ada }]
  ])('is ended by the agent who hangs up (%s)', (_, instruction) => {
    const center = floor('Ada')
    center.dial(ann)
    answers(center, 'Ada', instruction)
    center.pass('30 s')
    center.act(ada, 'hang-up')
    center.pass('5 s')
    // The customer goes later, and has nobody to talk to.
    if (center.status(ann) === 'in-progress') center.act(ann, 'hang-up')
    expect(segments(center, 'conversation').map(talk)).toMatchObject([{ talk_ms: 30_000, hung_up_by: 'Agent' }])
  })

  it.each([
    ['conference', { instruction: 'conference' }],
    ['dequeue', { instruction: 'dequeue', dequeue_to: ada }]
  ])('is ended by the customer who hangs up (%s)', (_, instruction) => {
    const center = floor('Ada')
    center.dial(ann)
    answers(center, 'Ada', instruction)
    center.pass('30 s')
    center.act(ann, 'hang-up')
    center.pass('5 s')
    expect(segments(center, 'conversation').map(talk)).toMatchObject([{ talk_ms: 30_000, hung_up_by: 'Customer' }])
  })

  it('is ended by nobody whom one knows where a program ends it', () => {
    const center = floor('Ada')
    const { sid } = center.dial(ann)
    answers(center, 'Ada')
    center.pass('30 s')
    center.do({ type: 'call.update', sid, status: 'completed' })
    expect(segments(center, 'conversation').map(talk)).toMatchObject([{ talk_ms: 30_000, hung_up_by: null }])
  })

  it('is on hold for both whom it has while it is handed on', () => {
    const center = floor('Ada')
    center.dial(ann)
    answers(center, 'Ada')
    center.addWorker('Bob', { attributes: { contact_uri: bob } })
    center.pass('10 s')
    hold(center, true)
    const { sid: reservation_sid, task_sid, worker_sid, workspace_sid } = reservationOf(center, 'Ada')
    const to = center.worker('Bob').sid
    center.do({ type: 'transfer.create', workspace_sid, worker_sid, reservation_sid, task_sid, to, mode: 'WARM' })
    answers(center, 'Bob')
    center.pass('4 s')
    hold(center, false)
    center.pass('1 s')
    center.act(ada, 'hang-up')
    center.pass('60 s')
    center.act(ann, 'hang-up')
    const [of_ada, of_bob] = segments(center, 'conversation')
    expect(of_ada).toMatchObject({ talk_ms: 18_000, hold_ms: 7_000, transfer: 'warm', hung_up_by: 'Agent' })
    expect(of_bob).toMatchObject({ talk_ms: 65_000, hold_ms: 4_000, transfer: null, hung_up_by: 'Customer' })
  })
})

describe('a customer who is called', () => {
  function called(): Switchboard {
    const center = floor('Ada')
    center.phone(ann)
    center.addTask('back', { attributes: { outbound_to: ann, from: ours, direction: 'outbound' } })
    answers(center, 'Ada')
    center.pass('8 s')
    return center
  }

  it('is talked to from the answer on', () => {
    const center = called()
    center.act(ann, 'answer')
    center.pass('30 s')
    center.act(ada, 'hang-up')
    expect(segments(center, 'conversation').map(talk)).toMatchObject([
      { ring_ms: 3_000, dial_ms: 8_000, talk_ms: 30_000, hung_up_by: 'Agent' }
    ])
  })

  it('who does not answer is not talked to at all', () => {
    const center = called()
    center.act(ann, 'reject')
    // Whatever the agent does then is wrap-up.
    center.pass('2 s')
    center.act(ada, 'hang-up')
    expect(segments(center, 'conversation').map(talk)).toMatchObject([{ dial_ms: 8_000, talk_ms: 0, hung_up_by: null }])
  })
})

describe('a caller who waits', () => {
  const wait = (center: Switchboard) => {
    const [{ result, queue_ms, hung_up_by } = { result: null, queue_ms: null, hung_up_by: null }] = segments(
      center,
      'queue'
    )
    return { result, queue_ms, hung_up_by }
  }

  it('gives up: alone, or while a phone rings', () => {
    const alone = floor()
    alone.dial(ann)
    alone.pass('12 s')
    alone.act(ann, 'hang-up')
    expect(wait(alone)).toEqual({ result: 'abandoned', queue_ms: 12_000, hung_up_by: 'Customer' })
    const ringing = floor('Ada')
    ringing.dial(ann)
    respond(ringing, 'Ada', { instruction: 'conference' })
    ringing.pass('6 s')
    ringing.act(ann, 'hang-up')
    expect(wait(ringing)).toEqual({ result: 'ringing', queue_ms: 6_000, hung_up_by: 'Customer' })
  })

  it('is led elsewhere, and has given up nothing', () => {
    const center = floor('Ada')
    const { sid } = center.dial(ann)
    center.pass('9 s')
    center.do({ type: 'call.update', sid, verbs: [say('Leave a message'), verb('Pause', { length: 60 })] })
    center.pass('5 s')
    center.act(ann, 'hang-up')
    expect(wait(center)).toEqual({ result: 'led_away', queue_ms: 9_000, hung_up_by: null })
  })
})
