import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Switchboard, switchboard } from '../../support/switchboard.ts'

/*
 * What a program makes of callers whom nobody can take now: a voicemail and a callback are tasks like any other (reference
 * voice 8 and 9).
 */

let center: Switchboard
let workspace: ReturnType<Switchboard['here']['client']['taskrouter']['v1']['workspaces']>
let workflowSid: string
let ada: string

beforeEach(async () => {
  center = await switchboard()
  const { workspaces } = center.here.client.taskrouter.v1
  const { sid } = await workspaces.create({ friendlyName: 'Floor', multiTaskEnabled: true, template: 'FIFO' })
  workspace = workspaces(sid)
  workflowSid = (await workspace.workflows.list())[0]?.sid ?? ''
  const attributes = JSON.stringify({ contact_uri: 'client:ada' })
  ada = (await workspace.workers.create({ friendlyName: 'Ada', attributes })).sid
})
afterEach(() => center.close())

async function comes(): Promise<void> {
  const [available] = await workspace.activities.list({ available: 'true' })
  await workspace.workers(ada).update({ activitySid: available?.sid ?? '' })
}

const offered = async () => (await workspace.workers(ada).reservations.list({ reservationStatus: 'pending' }))[0]

describe('a caller whom nobody can take', () => {
  it('leaves a message, which is a task with its recording', async () => {
    const { here } = center
    center.answers('/voice', (response) => response.record({ timeout: 4, action: '/recorded', finishOnKey: '#' }))
    center.answers('/recorded', (response) => response.say('Thank you'))
    const ann = await center.phone('+33612340001')
    const call_sid = await ann.call(center.number)
    await center.pass(1)
    await ann.speak('Please call me about order 4711')
    await ann.press('#')
    const form = center.hooks.to('/recorded')[0]?.form ?? {}
    expect(form).toMatchObject({ Digits: '#', RecordingSid: expect.stringMatching(/^RE/) })
    const attributes = {
      ...{ taskType: 'voicemail', direction: 'inbound', from: form.From, call_sid },
      recording_url: form.RecordingUrl
    }
    await workspace.tasks.create({ workflowSid, attributes: JSON.stringify(attributes), taskChannel: 'voice' })
    await center.pass(3)
    // Whoever has called is gone; the message waits all the same.
    expect((await ann.last()).status).toBe('completed')
    await comes()
    const reservation = await offered()
    await workspace
      .workers(ada)
      .reservations(reservation?.sid ?? '')
      .update({ reservationStatus: 'accepted' })
    const task = await workspace.tasks(reservation?.taskSid ?? '').fetch()
    expect(task.assignmentStatus).toBe('assigned')
    const url = new URL(JSON.parse(task.attributes).recording_url)
    expect(url.origin).toBe('https://center.example')
    const { status, body } = await here.call(`${url.pathname}.json`)
    expect({ status, body }).toMatchObject({
      ...{ status: 200, body: { call_sid, status: 'completed', source: 'RecordVerb' } }
    })
  })

  it('leaves a number with the document for that, and keeps the place in line', async () => {
    const { hooks } = center
    const waitUrl = '/ringdown/v1/twiml/wait-with-callback'
    center.answers('/voice', (response) =>
      response.enqueue({ workflowSid, waitUrl, action: '/left' }, undefined as never)
    )
    center.answers('/left', (response) => response.hangup())
    const [ann, bea] = [await center.phone('+33612340001'), await center.phone('+33612340002')]
    const agent = await center.phone('client:ada')
    await ann.call(center.number)
    await center.pass(30)
    await bea.call(center.number)
    await center.pass(10)
    await ann.press('1')
    await ann.press('1')
    await center.pass(12)
    expect((await ann.heard()).slice(-2)).toEqual([
      'say: Thank you. We will call you back at 3 3 6 1 2 3 4 0 0 0 1. Goodbye.',
      'ended: completed'
    ])
    const told = hooks.to('/left')[0]?.form ?? {}
    expect(told).toMatchObject({ QueueResult: 'leave', CallbackTaskSid: expect.stringMatching(/^WT/) })
    // No program was asked what those hear who wait.
    expect(hooks.to(waitUrl)).toEqual([])
    await comes()
    const reservation = await offered()
    expect(reservation?.taskSid).toBe(told.CallbackTaskSid)
    await workspace
      .tasks(reservation?.taskSid ?? '')
      .reservations(reservation?.sid ?? '')
      .update({ instruction: 'conference' })
    await center.pass(0.1)
    await agent.answer()
    expect((await ann.last()).status).toBe('ringing')
    await ann.answer()
    await agent.speak('It is your turn')
    expect((await ann.heard()).at(-1)).toBe('client:ada: It is your turn')
    await ann.hangUp()
  })

  it('asks to be called back: the worker is called first, and then the one who asked', async () => {
    const { here, hooks } = center
    center.answers('/voice', (response) =>
      response.enqueue({ workflowSid, waitUrl: '/wait', action: '/left' }, undefined as never)
    )
    center.answers('/wait', (response) => {
      response.gather({ numDigits: 1, action: '/key', timeout: 20 }).say('Press 1 to be called back')
    })
    center.answers('/key', (response) => response.leave())
    center.answers('/left', (response, { form }) => response.say(`We call you back: ${form.QueueResult}`))
    const ann = await center.phone('+33612340001')
    const agent = await center.phone('client:ada')
    await ann.call(center.number)
    await center.pass(2)
    await ann.press('1')
    await center.pass(4)
    expect(await ann.heard()).toContain('say: We call you back: leave')
    const [first] = await workspace.tasks.list()
    expect(first).toMatchObject({ assignmentStatus: 'canceled', reason: 'leave' })
    const { From } = hooks.to('/key')[0]?.form ?? {}
    const attributes = { taskType: 'callback', direction: 'outbound', outbound_to: From, from: center.number }
    const made = await workspace.tasks.create({
      workflowSid,
      attributes: JSON.stringify(attributes),
      taskChannel: 'voice'
    })

    await comes()
    const reservation = await offered()
    expect(reservation?.taskSid).toBe(made.sid)
    await workspace
      .tasks(made.sid)
      .reservations(reservation?.sid ?? '')
      .update({ instruction: 'conference' })
    await center.pass(0.1)
    await agent.answer()
    expect((await ann.last()).status).toBe('ringing')
    await ann.answer()
    await agent.speak('You asked to be called')
    expect((await ann.heard()).at(-1)).toBe('client:ada: You asked to be called')
    await ann.hangUp()
    expect((await workspace.tasks(made.sid).fetch()).assignmentStatus).toBe('wrapping')
    await workspace.tasks(made.sid).update({ assignmentStatus: 'completed' })
    expect((await here.client.calls.list({ status: 'in-progress' })).length).toBe(0)
  })
})
