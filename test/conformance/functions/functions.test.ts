import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../../support/world.ts'
import { askColleague, noteOnTask, takeBreak } from './functions.ts'
import { FunctionHost } from './host.ts'

const { AccessToken } = twilio.jwt

let here: World
let host: FunctionHost
let workspace_sid: string
let task_sid: string
const workers: Record<string, string> = {}
const tokens: Record<string, string> = {}

beforeAll(async () => {
  here = await world()
  workspace_sid = (await here.client.flexApi.v1.configuration().fetch()).taskrouterWorkspaceSid
  const workspace = here.client.taskrouter.v1.workspaces(workspace_sid)
  const available = (await workspace.activities.list()).find((one) => one.available)?.sid ?? ''
  for (const friendlyName of ['ada', 'nora', 'bob'])
    workers[friendlyName] = (await workspace.workers.create({ friendlyName, activitySid: available })).sid
  task_sid = (await workspace.tasks.create({ attributes: '{"order":4711}', routingTarget: workers.bob ?? '' })).sid
  host = new FunctionHost(here, workspace_sid)
  tokens.agent = await host.signIn('ada', ['agent'], workers.ada ?? '')
  tokens.supervisor = await host.signIn('nora', ['agent', 'supervisor'], workers.nora ?? '')
})

afterAll(async () => {
  host.close()
  await here.close()
})

describe('a function behind Flex', () => {
  it('acts for a supervisor, and for nobody else', async () => {
    const event = { taskSid: task_sid, note: 'VIP' }
    const done = await host.call(noteOnTask, { ...event, Token: tokens.supervisor })
    expect(done).toMatchObject({ status: 200, body: { order: 4711, note: 'VIP' } })
    expect(await host.call(noteOnTask, { ...event, Token: tokens.agent })).toMatchObject({
      status: 403,
      body: 'supervisors only'
    })
  })

  it.each([
    ['none', undefined, /Token was not provided/],
    ['nonsense', 'x.y.z', /Invalid Access Token/],
    ['somebody else’s', 'forged', /signature/]
  ])('refuses a token that is %s', async (_, token, message) => {
    const { account_sid } = here.running.credentials
    const forged = new AccessToken(account_sid, (await here.client.newKeys.create({})).sid, 'guess', {
      identity: 'eve'
    })
    const Token = token === 'forged' ? forged.toJwt() : token
    const answer = await host.call(takeBreak, { Token, activity: 'Unavailable' })
    expect(answer.status).toBe(403)
    expect(String(answer.body)).toMatch(message)
  })

  it('knows whose desk it is', async () => {
    const answer = await host.call(takeBreak, { Token: tokens.agent, activity: 'Unavailable' })
    expect(answer).toMatchObject({ status: 200, body: { worker: workers.ada, activity: 'Unavailable' } })
  })

  it('takes the token of an SDK as well, by an API key in the place of the account’s token', async () => {
    const key = await here.client.newKeys.create({ friendlyName: 'functions' })
    const { account_sid } = here.running.credentials
    const token = new AccessToken(account_sid, key.sid, key.secret, { identity: 'bob', ttl: 600 })
    const grant = { workspaceSid: workspace_sid, workerSid: workers.bob ?? '', role: 'supervisor' }
    token.addGrant(new AccessToken.TaskRouterGrant(grant))
    const own = new FunctionHost(here, workspace_sid, key)
    const answer = await own.call(noteOnTask, { Token: token.toJwt(), taskSid: task_sid, note: 'by key' })
    expect(answer).toMatchObject({ status: 200, body: { note: 'by key' } })
    await here.client.keys(key.sid).remove()
    expect(await own.call(noteOnTask, { Token: token.toJwt(), taskSid: task_sid, note: 'gone' })).toMatchObject({
      status: 403
    })
    own.close()
  })

  it('asks a colleague into a contact, and says what is wrong where it cannot', async () => {
    const conversation = (await here.client.conversations.v1.conversations.create({})).sid
    await here.client.conversations.v1
      .conversations(conversation)
      .participants.create({ 'messagingBinding.address': '+37255500001', 'messagingBinding.proxyAddress': '+3726000' })
    const [workflow] = await here.client.taskrouter.v1.workspaces(workspace_sid).workflows.list()
    const [queue] = await here.client.taskrouter.v1.workspaces(workspace_sid).taskQueues.list()
    const routing = { properties: { workspace_sid, workflow_sid: workflow?.sid, task_channel_unique_name: 'sms' } }
    const interaction = await here.client.flexApi.v1.interaction.create({
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: conversation } },
      routing
    })
    const [channel] = await here.client.flexApi.v1.interaction(interaction.sid).channels.list()
    const event = {
      Token: tokens.agent,
      interactionSid: interaction.sid,
      channelSid: channel?.sid,
      queueSid: queue?.sid,
      workerSid: workers.nora
    }
    const answer = await host.call(askColleague, event)
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 201 })
    const wrong = await host.call(askColleague, { ...event, channelSid: `UO${'0'.repeat(32)}` })
    expect(wrong.status).toBe(404)
  })

  it('is refused once its desk has signed out', async () => {
    const { body } = await here.call('/ringdown/v1/Users')
    const ada = body.users.find((one: { username: string }) => one.username === 'ada')
    await here.call(`/ringdown/v1/Users/${ada.sid}/Sessions`, undefined, { method: 'DELETE' })
    expect((await host.call(takeBreak, { Token: tokens.agent, activity: 'Available' })).status).toBe(403)
  })
})
