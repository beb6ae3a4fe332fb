import twilio from 'twilio'
import { Supervisor, Worker } from 'twilio-taskrouter'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Phone, type Switchboard, switchboard, twiml } from '../../support/switchboard.ts'

/*
 * A call becomes a task, and a worker takes it by the official JavaScript SDK for workers, unmodified (reference voice 5,
 * 7 and 9). Who heard what is told by virtual phones.
 */

let center: Switchboard
let floor: Awaited<ReturnType<typeof openFloor>>
const connected: Worker[] = []

beforeEach(async () => {
  center = await switchboard()
  floor = await openFloor()
})
afterEach(async () => {
  for (const worker of connected.splice(0)) worker.disconnect()
  await center.close()
})

async function openFloor() {
  const { workspaces } = center.here.client.taskrouter.v1
  const { sid } = await workspaces.create({ friendlyName: 'Floor', multiTaskEnabled: true, template: 'FIFO' })
  const workspace = workspaces(sid)
  const activities = await workspace.activities.list()
  const activity = (name: string) => activities.find(({ friendlyName }) => friendlyName === name)?.sid as string // a new workspace has it
  const [workflow] = await workspace.workflows.list()
  const worker = (friendlyName: string, name: string) => {
    const attributes = JSON.stringify({ contact_uri: `client:${friendlyName.toLowerCase()}` })
    return workspace.workers.create({ friendlyName, activitySid: activity(name), attributes })
  }
  const [ada, bob, sam] = [
    await worker('Ada', 'Available'),
    await worker('Bob', 'Offline'),
    await worker('Sam', 'Offline')
  ]
  center.answers('/voice', (response) => {
    response
      .enqueue({ workflowSid: workflow?.sid as string, waitUrl: '/wait', action: '/queued' })
      .task({ priority: 3 }, JSON.stringify({ why: 'order' }))
  })
  center.answers('/wait', (response, { form }) => {
    response.say(`You are number ${form.QueuePosition}`)
    response.pause({ length: 20 })
  })
  center.answers('/queued', (response, { form }) => response.say(`It was ${form.QueueResult}`))
  return { sid, workspace, activity, ada, bob, sam }
}

async function connect(worker: { sid: string }, role = 'worker'): Promise<Worker> {
  const { account_sid, auth_token } = center.here.running.credentials
  const { url } = center.here.running
  const { AccessToken } = twilio.jwt
  const token = new AccessToken(account_sid, account_sid, auth_token, { identity: 'somebody' })
  token.addGrant(new AccessToken.TaskRouterGrant({ workspaceSid: floor.sid, workerSid: worker.sid, role }))
  const options = {
    ebServer: `${url}/event-bridge/v1/wschannels`,
    wsServer: `${url.replace(/^http/, 'ws')}/event-bridge/v1/wschannels`,
    logLevel: 'silent' as const
  }
  const connection = role === 'worker' ? new Worker(token.toJwt(), options) : new Supervisor(token.toJwt(), options)
  connected.push(connection)
  await new Promise((resolve) => connection.once('ready', resolve as never))
  return connection
}

// biome-ignore lint/suspicious/noExplicitAny: the SDK's types of events lag behind what they carry
type Told = any

const next = (emitter: unknown, event: string) =>
  new Promise<Told>((resolve) =>
    (emitter as { once(event: string, told: (one: Told) => void): void }).once(event, resolve)
  )

/** Ann calls, and Ada is offered the call. */
async function called(): Promise<{ ann: Phone; ada: Phone; reservation: Told; worker: Worker }> {
  const [ann, ada] = [await center.phone('+33612340001'), await center.phone('client:ada')]
  const worker = await connect(floor.ada)
  const offered = next(worker, 'reservationCreated')
  await ann.call(center.number)
  return { ann, ada, reservation: await offered, worker }
}

describe('a call that waits', () => {
  it('is taken by a conference, put on hold, handed on warm and wrapped up', async () => {
    const { ann, ada, reservation } = await called()
    expect(reservation.task.attributes).toMatchObject({
      from: ann.address,
      to: center.number,
      why: 'order',
      from_country: 'FR'
    })
    expect(reservation.task.priority).toBe(3)
    const accepted = next(reservation, 'accepted')
    await reservation.conference({ from: center.number, endConferenceOnExit: false })
    await ada.answer()
    await accepted
    await ann.speak('Where is my parcel?')
    await reservation.task.updateParticipant({ hold: true })
    await ann.speak('Can you hear me?')

    await floor.workspace.workers(floor.bob.sid).update({ activitySid: floor.activity('Available') })
    const phone = await center.phone('client:bob')
    const bob = await connect(floor.bob)
    const handed = next(bob, 'reservationCreated')
    await reservation.task.transfer(floor.bob.sid, { mode: 'WARM' })
    const second = await handed
    await second.conference({ from: center.number })
    await phone.answer()
    await ada.speak('She lost her parcel')
    await second.task.updateParticipant({ hold: false })
    await ada.hangUp()
    await phone.speak('Hello Ann')
    await ann.speak('Hello Bob')

    expect((await ann.heard()).slice(-4)).toEqual([
      ...['play: ringdown:music', 'with client:ada', 'with client:bob', 'client:bob: Hello Ann']
    ])
    expect(await ada.heard()).toEqual([
      ...[`with ${ann.address}`, `${ann.address}: Where is my parcel?`, 'with client:bob'],
      ...[`with ${ann.address}`, 'ended: completed']
    ])
    expect(await phone.heard()).toEqual([
      ...['with client:ada', 'client:ada: She lost her parcel', `with ${ann.address}`, `${ann.address}: Hello Bob`]
    ])
    const wrapping = next(second, 'wrapup')
    await ann.hangUp()
    await wrapping
    const [conference] = await center.here.client.conferences.list()
    expect(conference).toMatchObject({ status: 'completed', friendlyName: reservation.task.sid })
    await center.pass(1)
    expect(center.hooks.to('/queued').at(-1)?.form).toMatchObject({ QueueResult: 'bridged', CallStatus: 'completed' })
  })

  it('is connected by dequeue, and the worker goes where the instruction says', async () => {
    const { ann, ada, reservation } = await called()
    await reservation.dequeue({ postWorkActivitySid: floor.activity('Offline') })
    await ada.answer()
    await ada.speak('Hello')
    expect(await ann.heard()).toContain('client:ada: Hello')
    await ada.hangUp()
    await center.pass(2)
    expect(await ann.heard()).toContain('say: It was bridged')
    expect((await floor.workspace.workers(floor.ada.sid).fetch()).activityName).toBe('Offline')
    const task = await floor.workspace.tasks(reservation.task.sid).fetch()
    expect(task.assignmentStatus).toBe('wrapping')
    expect(JSON.parse(task.attributes).worker_call_sid).toMatch(/^CA/)
  })

  it('is called for by call', async () => {
    const { ada, reservation } = await called()
    center.answers('/agent', (response) => response.say('A call for you'))
    const accepted = next(reservation, 'accepted')
    await reservation.call(center.number, `${center.hooks.url}/agent`, { accept: true })
    await ada.answer()
    await accepted
    expect(await ada.heard()).toEqual(['say: A call for you'])
  })

  it('is led elsewhere by redirect', async () => {
    const { ann, ada, reservation } = await called()
    center.answers('/other', (response) => response.say('Welcome elsewhere'))
    const accepted = next(reservation, 'accepted')
    await reservation.redirect(reservation.task.attributes.call_sid, `${center.hooks.url}/other`, { accept: true })
    await accepted
    await center.pass(1)
    expect(await ann.heard()).toContain('say: Welcome elsewhere')
    await expect(ada.last()).rejects.toThrow('is on no call')
  })

  it('is listened to by a supervisor, who whispers to the worker', async () => {
    const { ann, ada, reservation } = await called()
    await reservation.conference({ from: center.number })
    await ada.answer()
    const sam = await center.phone('client:sam')
    const boss = (await connect(floor.sam, 'supervisor')) as Supervisor
    await boss.monitor(reservation.task.sid, reservation.sid, {})
    await sam.answer()
    await ann.speak('I am angry')
    const [conference] = await center.here.client.conferences.list({ status: 'in-progress' })
    const inside = center.here.client.conferences(conference?.sid as string)
    const { sid } = await sam.last()
    await inside.participants(sid).update({ muted: false, coaching: true, callSidToCoach: (await ada.last()).sid })
    await sam.speak('Offer a refund')
    await inside.participants(sid).update({ coaching: false })
    await sam.speak('This is Sam')
    expect(await sam.heard()).toContain(`${ann.address}: I am angry`)
    expect((await ada.heard()).slice(-2)).toEqual(['client:sam: Offer a refund', 'client:sam: This is Sam'])
    expect((await ann.heard()).at(-1)).toBe('client:sam: This is Sam')
    expect((await inside.participants.list()).length).toBe(3)
    await inside.update({ status: 'completed' })
    expect((await ann.last()).status).toBe('in-progress')
    await center.pass(3)
    expect(await ann.heard()).toContain('say: It was bridged')
  })

  it('is given up: the task is canceled, and nobody rings', async () => {
    const { ann, ada, reservation } = await called()
    await reservation.conference({})
    const canceled = next(reservation, 'canceled')
    await ann.hangUp()
    await canceled
    expect((await ada.last()).status).toBe('canceled')
    const task = await floor.workspace.tasks(reservation.task.sid).fetch()
    expect(task).toMatchObject({ assignmentStatus: 'canceled', reason: 'hangup' })
  })
})

it('queues are lists of those who wait', async () => {
  const { client } = center.here
  const queue = await client.queues.create({ friendlyName: 'line', maxSize: 2 })
  center.answers('/voice', (response) => response.enqueue({}, 'line'))
  const callers = []
  for (const digit of [1, 2, 3]) {
    const phone = await center.phone(`+3361234100${digit}`)
    await phone.call(center.number)
    callers.push(phone)
    await center.pass(2)
  }
  const members = await client.queues(queue.sid).members.list()
  expect(members.map(({ position }) => position)).toEqual([1, 2])
  expect((await client.queues(queue.sid).fetch()).currentSize).toBe(2)
  expect((await callers[2]?.last())?.status).toBe('completed')
  center.answers('/out', (response) => response.say('Your turn'))
  const front = await client
    .queues(queue.sid)
    .members('Front')
    .update({ url: `${center.hooks.url}/out` })
  expect(front.callSid).toBe((await callers[0]?.last())?.sid)
  await center.pass(2)
  expect(await callers[0]?.heard()).toContain('say: Your turn')
  await expect(client.queues(queue.sid).remove()).rejects.toMatchObject({ code: 22002 })
  await callers[1]?.hangUp()
  await client.queues(queue.sid).remove()
})

it('a conference tells of itself in order, and its participants are changed by their labels', async () => {
  const { client } = center.here
  center.hooks.answer('/conference', { status: 204 })
  const wait = twiml((response) => response.say('You are the first'))
  center.hooks.answer('/first', { body: wait, headers: { 'content-type': 'text/xml' } })
  // Sound may be more than a document: it is not read as one.
  center.hooks.answer('/hold.wav', { body: 'x'.repeat(100_000), headers: { 'content-type': 'audio/wav' } })
  const [ann, bea] = [
    await center.phone('+33612342001', { CallOutcome: 'answers' }),
    await center.phone('+33612342002', { CallOutcome: 'answers' })
  ]
  const room = client.conferences('Room')
  const first = await room.participants.create({
    ...{ from: center.number, to: ann.address, label: 'ann', waitUrl: `${center.hooks.url}/first` },
    conferenceStatusCallback: `${center.hooks.url}/conference`,
    conferenceStatusCallbackEvent: ['start', 'end', 'join', 'leave', 'mute', 'hold']
  })
  expect(first.status).toBe('queued')
  await center.pass(1)
  await client
    .conferences(first.conferenceSid)
    .participants.create({ from: center.number, to: bea.address, label: 'bea' })
  await center.pass(1)
  await client.conferences(first.conferenceSid).participants('bea').update({ muted: true })
  await client
    .conferences(first.conferenceSid)
    .participants('ann')
    .update({ hold: true, holdUrl: `${center.hooks.url}/hold.wav` })
  await center.pass(0.1)
  await client.conferences(first.conferenceSid).participants('bea').remove()
  await ann.hangUp()
  await center.pass(1)
  const told = center.hooks.to('/conference')
  expect(told.map(({ form }) => form.StatusCallbackEvent)).toEqual([
    ...['participant-join', 'conference-start', 'participant-join', 'participant-mute', 'participant-hold'],
    ...['participant-leave', 'participant-leave', 'conference-end']
  ])
  expect(told.map(({ form }) => form.SequenceNumber)).toEqual(['0', '1', '2', '3', '4', '5', '6', '7'])
  expect(told.at(-1)?.form).toMatchObject({ ReasonConferenceEnded: 'last-participant-left', FriendlyName: 'Room' })
  expect(await ann.heard()).toEqual(
    expect.arrayContaining(['say: You are the first', `with ${bea.address}`, `play: ${center.hooks.url}/hold.wav`])
  )
  expect(center.hooks.to('/hold.wav')[0]).toMatchObject({ method: 'GET', isSigned: true })
})
