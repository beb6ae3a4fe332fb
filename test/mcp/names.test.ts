import { Names } from '@ringdown/mcp/names'
import { describe, expect, it } from 'vitest'
import { agent } from './center.ts'
import { listOf, refusal, sid } from './wire.ts'

const [composed, decomposed] = ['Zo\u00eb', 'zoe\u0308']

describe('a name instead of a SID', () => {
  it('means the one that is called so exactly, before one in other case', async () => {
    const { center, call } = await agent()
    const { sid: small } = await center.workspace.activities.create({ friendlyName: 'available' })
    const { Available } = center.activities
    expect((await call('manage_activities', { action: 'get', activitySid: 'Available' })).content).toMatchObject({
      activities: [{ activitySid: Available }]
    })
    const { error } = await call('manage_activities', { action: 'get', activitySid: 'AVAILABLE' })
    expect(error).toMatchObject({
      code: 'ambiguous_name',
      candidates: [`Available (${Available})`, `available (${small})`]
    })
  })

  it.each([
    ['decomposed where it is kept composed', composed, decomposed],
    ['composed where it is kept decomposed', decomposed, composed],
    ['of syllables in their parts', '\ud55c\uad6d', '\u1112\u1161\u11ab\u1100\u116e\u11a8'],
    ['in upper case, with marks of their own', 'Ao\u0301', '\u0041\u00d3']
  ])('means the one of another Unicode form: %s', async (_what, kept, given) => {
    const { center, call } = await agent()
    await center.workspace.workers.create({ friendlyName: kept })
    await center.workspace.activities.create({ friendlyName: kept })
    expect((await call('manage_workers', { action: 'get', workerSid: given })).content.workers).toMatchObject([
      { friendlyName: kept }
    ])
    expect((await call('manage_activities', { action: 'get', activitySid: given })).content.activities).toMatchObject([
      { friendlyName: kept }
    ])
  })

  it('means the one in its own form first, then the one in its own case, where an API keeps all of them', async () => {
    const { wire, backend } = await agent()
    const all = [composed, decomposed, composed.toUpperCase()].map((friendly_name, index) => ({
      sid: sid('WK', index + 1),
      friendly_name
    }))
    wire.on('GET taskrouter/v1/Workspaces/:ws/Workers', () => listOf('workers', all))
    const resolve = (name: string) => backend.names.resolve('worker', name, 'workerSid', sid('WS'))
    for (const { sid: known, friendly_name } of all) expect((await resolve(friendly_name)).sid).toBe(known)
    expect((await resolve('Zoe\u0308')).sid).toBe(sid('WK', 1))
    await expect(resolve('ZO\u00eb')).rejects.toThrow('3 workers')
  })

  it('may be the unique name of a conversation in another form, where an API compares code by code', async () => {
    const { center, wire, backend } = await agent()
    const { sid: known } = await center.world.client.conversations.v1.conversations.create({ uniqueName: 'caf\u00e9' })
    wire.on('GET conversations/v1/Conversations/:ch', ({ path }) =>
      path.endsWith('caf\u00e9') ? undefined : refusal(404, 20404, 'not found')
    )
    expect((await backend.names.resolve('conversation', 'cafe\u0301', 'conversationSid')).sid).toBe(known)
  })

  it('is told with near ones where there is none, whatever their form', async () => {
    const { center, call } = await agent()
    for (const friendlyName of ['\u00c5\u00e9\u00ee', ...Array.from({ length: 8 }, (_, n) => `worker${n}`)])
      await center.workspace.workers.create({ friendlyName })
    expect((await call('manage_workers', { action: 'get', workerSid: 'ameli' })).error).toMatchObject({
      code: 'unknown_name',
      found: 'ameli',
      near: ['amelie'],
      message: "no worker 'ameli'; near: amelie"
    })
    expect((await call('manage_workers', { action: 'get', workerSid: 'A\u030ae\u0301i' })).error.near).toEqual([
      '\u00c5\u00e9\u00ee'
    ])
  })

  it('is told for all arguments at once', async () => {
    const { call } = await agent()
    const { text } = await call('manage_tasks', { action: 'list', taskQueueSid: 'Bling', workflowSid: 'Nite' })
    expect(JSON.parse(text).errors).toMatchObject([{ argument: 'taskQueueSid' }, { argument: 'workflowSid' }])
  })

  it('may be the unique name of a conversation; an interaction is not one, and says which is', async () => {
    const { center, call } = await agent()
    const conversation = await center.conversation('order-1234')
    const contact = await center.contact(conversation)
    const named = await call('list_conversation_messages', { conversationSid: 'order-1234' })
    expect(named.content.conversationSid).toBe(conversation)
    const { error } = await call('list_conversation_messages', { conversationSid: contact.interaction })
    expect(error).toMatchObject({
      code: 'wrong_sid',
      next: `its conversation is ${conversation}: give that as conversationSid`
    })
  })
})

describe('look-ups', () => {
  it('are made once in 30 seconds, and once more for a name that is missing', async () => {
    const { center, wire, backend } = await agent()
    let now = 0
    const names = new Names(backend.client, () => now)
    const resolve = (name: string) => names.resolve('worker', name, 'workerSid', center.workspaceSid)
    expect([await resolve('amelie'), await resolve('amelie')]).toEqual([
      { sid: center.workers.amelie, cached: false },
      { sid: center.workers.amelie, cached: true }
    ])
    expect(wire.reads('/Workers')).toBe(1)
    await expect(resolve('carla')).rejects.toThrow("no worker 'carla'")
    expect(wire.reads('/Workers')).toBe(2)
    now = 30_000
    await resolve('amelie')
    expect(wire.reads('/Workers')).toBe(3)
  })

  it('that led to a SID which is gone are made again, once', async () => {
    const { center, call } = await agent()
    await center.workspace.workers.create({ friendlyName: 'carla' })
    const before = await call('manage_workers', { action: 'get', workerSid: 'carla' })
    await center.workspace.workers(before.content.workers[0].workerSid).remove()
    const { sid: anew } = await center.workspace.workers.create({ friendlyName: 'carla' })
    expect((await call('manage_workers', { action: 'get', workerSid: 'carla' })).content.workers).toMatchObject([
      { workerSid: anew }
    ])
  })
})

describe('the workspace', () => {
  async function withTwo(options: Parameters<typeof agent>[0] = {}) {
    const here = await agent(options)
    const { sid: second } = await here.center.world.client.taskrouter.v1.workspaces.create({ friendlyName: 'Night' })
    return { ...here, second }
  }

  it("is Flex's where none is given, and the result says so when there are several", async () => {
    const { center, call } = await withTwo()
    expect((await call('manage_activities', { action: 'list' })).content.workspaceSid).toBe(center.workspaceSid)
  })

  it('is the one of the call, or of the server, by name', async () => {
    const { center, wire, call, second } = await withTwo({ workspace: 'night' })
    expect((await call('manage_activities', { action: 'list' })).content.workspaceSid).toBeUndefined()
    expect(wire.sent.at(-1)?.path).toContain(second)
    await call('manage_activities', { action: 'list', workspace: 'Flex' })
    expect(wire.sent.at(-1)?.path).toContain(center.workspaceSid)
  })

  it('must be chosen where Flex names none and there are several', async () => {
    const { center, wire, call, second } = await withTwo()
    wire.on('GET flex-api/v1/Configuration', () => refusal(404, 20404, 'an account without Flex'))
    expect((await call('manage_activities', { action: 'list' })).error).toMatchObject({
      code: 'missing_argument',
      argument: 'workspaceSid',
      candidates: [`Flex (${center.workspaceSid})`, `Night (${second})`]
    })
  })
})
