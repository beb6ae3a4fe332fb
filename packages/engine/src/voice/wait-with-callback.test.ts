import { describe, expect, it } from 'vitest'
import { ours, Switchboard, say, verb } from '../testing/switchboard.ts'

const ann = '+15550111'
const bea = '+15550112'
const cat = '+15550113'
const ada = 'client:ada'
const document = 'https://center.example/ringdown/v1/twiml/wait-with-callback'
const offer = 'say: You are number 1 in line. To be called back when it is your turn, press 1.'
const confirm =
  'say: We will call you back at 1 5 5 5 0 1 1 1. If that is right, press 1. To be called at another number, press 2.'

/** A workflow whose callers wait with that document, and Ada, who is not there yet. */
function waiting(): Switchboard {
  const center = new Switchboard()
  center.addQueue('Support')
  const { sid } = center.addWorkflow('Main', { default_filter: { queue: 'Support' } })
  center.on(
    verb(
      'Enqueue',
      { workflowSid: sid, waitUrl: document, action: '/queued' },
      verb('Task', { priority: 5 }, '{"name":"Ann","direction":"inbound"}')
    ),
    say('Nobody hears this')
  )
  center.page('/queued', ({ parameters }) => [say(`It was ${parameters.QueueResult}`)])
  center.phone(ada)
  return center
}

function adaComes(center: Switchboard): void {
  center.addWorker('Ada', { attributes: { contact_uri: ada }, capacity: { voice: 1, default: 1 } })
}

const tasks = (center: Switchboard) => center.state.tables.task.all()
const openTasks = (center: Switchboard) =>
  tasks(center).filter(({ assignment_status }) => assignment_status !== 'canceled')

/** Presses a key, and hears what that leads to. */
function press(center: Switchboard, address: string, digits: string): string | undefined {
  center.act(address, 'press', digits)
  return center.heard(address).at(-1)
}

describe('who waits with the document for that', () => {
  it('is told again and again where it stands, with music, and no program is asked', () => {
    const center = waiting()
    center.dial(ann)
    center.dial(bea)
    center.pass('1 min')
    const music = 'play: ringdown:music'
    expect(center.heard(ann).slice(0, 7)).toEqual([music, offer, music, music, music, music, offer])
    expect(center.heard(bea)[1]).toMatch(/number 2 in line/)
    expect(center.asked.map(({ url }) => url)).toEqual(['https://a.example/voice', 'https://a.example/voice'])
    center.act(ann, 'hang-up')
    center.pass('1 min')
    expect(center.heard(bea).at(-2)).toMatch(/play|number 1 in line/)
    expect(center.heard(bea)).toContain(offer)
  })

  it('is called back at its own number, in the place that it had', () => {
    const center = waiting()
    center.dial(ann)
    center.pass('1 min')
    center.dial(bea)
    center.pass('30 s')
    expect(press(center, ann, '1')).toBe(confirm)
    expect(press(center, ann, '1')).toBe('say: Thank you. We will call you back at 1 5 5 5 0 1 1 1. Goodbye.')
    const [asked, other, callback] = tasks(center)
    expect(asked).toMatchObject({ assignment_status: 'canceled', reason: 'callback' })
    expect(callback).toMatchObject({
      ...{ priority: 5, workflow_sid: asked?.workflow_sid, virtual_start_time: asked?.virtual_start_time },
      task_channel_sid: asked?.task_channel_sid
    })
    const attributes = JSON.parse(callback?.attributes ?? '')
    expect(attributes).toMatchObject({
      ...{ name: 'Ann', taskType: 'callback', direction: 'outbound', outbound_to: ann, from: ours },
      callback: { call_sid: center.callOf(ann).sid, task_sid: asked?.sid }
    })
    expect(attributes).not.toHaveProperty('call_sid')
    center.pass('10 s')
    expect(center.asked.at(-1)).toMatchObject({
      url: 'https://a.example/queued',
      parameters: { QueueResult: 'leave', CallbackTaskSid: callback?.sid, QueueTime: '90' }
    })
    expect(center.heard(ann).slice(-2)).toEqual(['say: It was leave', 'ended: completed'])
    expect(center.state.tables.queue_member.size).toBe(1)

    // Ann, who came first, is called before Bea is taken.
    adaComes(center)
    const reservation = center.state.tables.reservation.all().at(-1)
    expect(reservation?.task_sid).toBe(callback?.sid)
    expect(other?.assignment_status).toBe('pending')
    const { workspace_sid } = center
    const of = { workspace_sid, task_sid: callback?.sid ?? '', sid: reservation?.sid ?? '' }
    center.do({ type: 'reservation.update', ...of, instruction: 'conference' })
    center.act(ada, 'answer')
    expect(center.callOf(ann)).toMatchObject({ status: 'ringing', direction: 'outbound-api', from: ours })
    center.act(ann, 'answer')
    center.act(ada, 'speak', 'You asked to be called')
    expect(center.heard(ann).at(-1)).toBe(`${ada}: You asked to be called`)
  })

  it('keeps the promise when it hangs up on the last word', () => {
    const center = waiting()
    center.dial(ann)
    center.pass('2 s')
    press(center, ann, '1')
    press(center, ann, '1')
    center.act(ann, 'hang-up')
    expect(openTasks(center).map(({ attributes }) => JSON.parse(attributes).outbound_to)).toEqual([ann])
    expect(center.asked.at(-1)?.parameters).toMatchObject({
      ...{ QueueResult: 'leave', CallbackTaskSid: openTasks(center)[0]?.sid }
    })
  })

  it.each([
    ['that it has typed', '15550199', '+15550199'],
    ['with two zeros before it', '0015550199', '+15550199']
  ])('is called back at another number %s', (_, keys, number) => {
    const center = waiting()
    center.dial(ann)
    center.pass('2 s')
    press(center, ann, '1')
    expect(press(center, ann, '2')).toMatch(/^say: Please enter the number/)
    expect(press(center, ann, `${keys}#`)).toMatch(/^say: We will call you back at 1 5 5 5 0 1 9 9\./)
    expect(press(center, ann, '1')).toMatch(/^say: Thank you/)
    const [callback] = openTasks(center)
    expect(JSON.parse(callback?.attributes ?? '')).toMatchObject({ outbound_to: number, to: number })
  })

  it.each([
    ['is none', '0612345678#'],
    ['is abroad', '33612345678#'],
    ['is endless', '15550100155501001555#']
  ])('is not called at a number that %s', (_, keys) => {
    const center = waiting()
    center.dial(ann)
    center.pass('2 s')
    press(center, ann, '1')
    press(center, ann, '2')
    expect(press(center, ann, keys)).toBe('say: That number cannot be called.')
    center.pass('1 min')
    expect(center.heard(ann)).toContain(offer)
    expect(tasks(center)).toHaveLength(1)
    expect(center.state.tables.queue_member.size).toBe(1)
  })

  it('goes on waiting whatever else it presses, and takes the worker who is free before it has said where', () => {
    const center = waiting()
    center.dial(ann)
    center.pass('2 s')
    expect(press(center, ann, '7')).toBe(offer)
    press(center, ann, '1')
    expect(press(center, ann, '9')).toBe(offer)
    press(center, ann, '1')
    center.pass('1 min')
    adaComes(center)
    const { sid = '', task_sid = '' } = center.state.tables.reservation.all().at(-1) ?? {}
    center.do({
      type: 'reservation.update',
      ...{ workspace_sid: center.workspace_sid, task_sid, sid, instruction: 'conference' }
    })
    center.act(ada, 'answer')
    expect(center.heard(ann).at(-1)).toBe(`with ${ada}`)
    press(center, ann, '1')
    expect(tasks(center)).toHaveLength(1)
  })

  it('is offered nothing where it is no task', () => {
    const center = new Switchboard().on(verb('Enqueue', { waitUrl: document }, 'line'))
    center.dial(ann)
    center.pass('30 s')
    expect(center.heard(ann).slice(1, 3)).toEqual(['say: You are number 1 in line.', 'play: ringdown:music'])
    press(center, ann, '1')
    expect(center.status(ann)).toBe('in-progress')
    expect(tasks(center)).toEqual([])
  })

  it.each([
    ['has shown no number', 'Anonymous', /^Please enter the number/],
    ['calls from a device', 'client:cat', /^We will call you back where you are calling from\./]
  ])('is asked what there is to be asked when it %s', (_, from, question) => {
    const center = waiting()
    const address = { sdk: { identity: 'cat' } }
    const { sid: call_sid } = center.do({ type: 'call.arrive', arrival: 'A1', from, to: ours, address }).call
    let number = 0
    const hears = () => {
      const [item] = center.state.get('call', call_sid).leg?.plays?.items ?? []
      return item && 'say' in item ? item.say : ''
    }
    const presses = (digit: string) =>
      center.do({ type: 'call.report', call_sid, number: ++number, event: { type: 'digit', digit } })
    presses('1')
    expect(hears()).toMatch(question)
    if (from === 'Anonymous') for (const digit of '15550113#') presses(digit)
    presses('1')
    expect(hears()).toMatch(/^Thank you/)
    const outbound_to = from === 'Anonymous' ? cat : from
    expect(JSON.parse(openTasks(center)[0]?.attributes ?? '')).toMatchObject({ outbound_to })
  })

  it('hears a program of its own, whose key leads here', () => {
    const center = waiting()
    const gather = verb('Gather', { numDigits: 1, action: `${document}?step=offer` }, say('Bitte warten'))
    const { sid: workflowSid } = [...center.state.tables.workflow.all()][0] ?? { sid: '' }
    center.on(verb('Enqueue', { workflowSid, waitUrl: '/wait' })).page('/wait', [gather])
    center.dial(ann)
    center.pass('1 s')
    expect(press(center, ann, '1')).toBe(confirm)
    center.pass('20 s')
    expect(center.heard(ann).at(-1)).toBe('say: Bitte warten')
    press(center, ann, '1')
    expect(press(center, ann, '1')).toMatch(/^say: Thank you/)
  })
})
