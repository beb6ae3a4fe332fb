import { expect, it } from 'vitest'
import { agent, ours } from './center.ts'

/* Calls by tools: a customer is called when a worker has taken the task, and a supervisor listens. */

it('calls a customer for whoever takes the task, and lets a supervisor in', async () => {
  const { center, call } = await agent()
  const { workspace, world, activities } = center
  const phone = async (Address: string, more = {}) =>
    (await world.call('/ringdown/v1/Phones', { Address, CallOutcome: 'answers', ...more })).body.sid as string
  await phone('client:dora', { CallOutcome: 'rings' })
  const customer = await phone('+33600000077')
  const boss = await phone('client:boss')
  const attributes = (name: string) => JSON.stringify({ contact_uri: `client:${name}` })
  await workspace.workers.create({
    friendlyName: 'dora',
    activitySid: activities.Available,
    attributes: JSON.stringify({ contact_uri: 'client:dora', skill: 'billing' })
  })
  await workspace.workers.create({ friendlyName: 'boss', attributes: attributes('boss') })

  const made = await call('create_interaction', {
    ...{ channelType: 'voice', customerAddress: '+33600000077', businessAddress: ours },
    attributes: { why: 'call back' }
  })
  expect(made.error).toBeUndefined()
  const taskSid = made.content.taskSid as string

  const asked = await call('manage_tasks', {
    ...{ action: 'accept', taskSid, instruction: 'conference' },
    instructionProperties: { to: 'client:dora', timeout: 20 }
  })
  expect(asked.error).toBeUndefined()
  expect(asked.content.tasks[0].reservations[0].reservationStatus).toBe('pending')
  const { body } = await world.call('/ringdown/v1/Phones?Address=client:dora')
  const calls = `/ringdown/v1/Phones/${body.phones[0].sid}/Calls`
  const ringing = (await world.call(calls)).body.phone_calls[0]
  await world.call(`${calls}/${ringing.sid}`, { Action: 'answer' })
  expect(await workspace.tasks(taskSid).fetch()).toMatchObject({ assignmentStatus: 'assigned' })

  const supervised = await call('manage_interaction_participants', {
    ...{ action: 'supervise', taskSid, workerSid: 'boss', mode: 'whisper' }
  })
  expect(supervised.content.participants).toMatchObject([{ type: 'supervisor', taskSid }])
  const bossCall = (await world.call(`/ringdown/v1/Phones/${boss}/Calls`)).body.phone_calls[0]
  await world.call(`/ringdown/v1/Phones/${boss}/Calls/${bossCall.sid}`, { Action: 'speak', Text: 'Be kind' })
  const heard = async (sid: string) =>
    ((await world.call(`/ringdown/v1/Phones/${sid}/Heard`)).body.heard as { content: string | null }[]).map(
      ({ content }) => content
    )
  expect(await heard(body.phones[0].sid)).toContain('Be kind')
  expect(await heard(customer)).not.toContain('Be kind')
})

it('makes a task of a call that waits, hands it on cold, and closes its channel when it is over', async () => {
  const { center, call } = await agent()
  const { workspace, world, activities } = center
  const phones = new Map<string, string>()
  for (const Address of ['client:dora', 'client:erin', '+33600000078'])
    phones.set(Address, (await world.call('/ringdown/v1/Phones', { Address, CallOutcome: 'answers' })).body.sid)
  for (const name of ['dora', 'erin'])
    await workspace.workers.create({
      ...{ friendlyName: name, activitySid: activities[name === 'dora' ? 'Available' : 'Offline'] },
      attributes: JSON.stringify({ contact_uri: `client:${name}`, skill: 'billing' })
    })
  const customer = phones.get('+33600000078') ?? ''
  const outside = await world.client.calls.create({
    ...{ to: '+33600000078', from: ours, twiml: '<Response><Enqueue>line</Enqueue></Response>' }
  })
  await world.pass(10)
  expect((await world.client.queues.list())[0]).toMatchObject({ friendlyName: 'line', currentSize: 1 })

  const made = await call('create_interaction', { channelType: 'voice', attributes: { call_sid: outside.sid } })
  expect(made.error).toBeUndefined()
  const { interactionSid, channelSid } = made.content
  const accept = async (to: string, taskSid: string) => {
    const done = await call('manage_tasks', {
      ...{ action: 'accept', taskSid, instruction: 'conference', instructionProperties: { to } }
    })
    expect(done.error).toBeUndefined()
    await world.pass(10)
  }
  await accept('client:dora', made.content.taskSid)
  const speak = async (Address: string, Text: string) => {
    const at = `/ringdown/v1/Phones/${phones.get(Address)}/Calls`
    const [last] = (await world.call(at)).body.phone_calls
    expect((await world.call(`${at}/${last.sid}`, { Action: 'speak', Text })).status).toBe(200)
  }
  const heard = async () => (await world.call(`/ringdown/v1/Phones/${customer}/Heard?PageSize=1000`)).body.heard.at(-1)
  await speak('client:dora', 'I hand you on')
  expect(await heard()).toMatchObject({ content: 'I hand you on', speaker: 'client:dora' })

  const [erin] = await workspace.workers.list({ friendlyName: 'erin' })
  await workspace.workers(erin?.sid ?? '').update({ activitySid: activities.Available })
  const handed = await call('manage_interaction_participants', {
    ...{ action: 'transfer', interactionSid, channelSid, workerSid: 'erin', taskQueueSid: 'Billing' }
  })
  expect(handed.error).toBeUndefined()
  expect(await heard()).toMatchObject({ content: 'ringdown:music' })
  await accept('client:erin', handed.content.invite.taskSid)
  await speak('client:erin', 'Here I am')
  expect(await heard()).toMatchObject({ content: 'Here I am', speaker: 'client:erin' })
  const closed = await call('manage_interaction_channel', { action: 'close', interactionSid, channelSid })
  expect(closed.content.channels).toMatchObject([{ type: 'voice', status: 'closed' }])
  expect(await heard()).toMatchObject({ what: 'ended' })
})

it('says what keeps a call from being made', async () => {
  const { call, center } = await agent()
  const taskSid = await center.task()
  const { error } = await call('manage_tasks', { action: 'accept', taskSid, instruction: 'conference' })
  expect(error.next).toMatch(/contact_uri|make a worker available/)
  const nobody = await call('manage_interaction_participants', { action: 'supervise', taskSid, workerSid: 'amelie' })
  expect(nobody.error.message).toBe('nobody has this task: there is no call to listen to')
})
