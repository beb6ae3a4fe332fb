import { describe, expect, it } from 'vitest'
import { Names } from './names.ts'
import { connected } from './testing/connect.ts'
import { listOf, refusal, type Sent, sid } from './testing/fake-api.ts'
import { activities, floor, workers } from './testing/floor.ts'

const WORKERS = `GET taskrouter/v1/Workspaces/${sid('WS')}/Workers`
const asked = (sent: readonly Sent[], path: string) =>
  sent.filter((request) => request.method === 'GET' && request.path.endsWith(path)).length

describe('a name instead of a SID', () => {
  it('means the one that is called so exactly, before one in other case', async () => {
    const both = [...activities, { ...activities[0], sid: sid('WA', 9), friendly_name: 'available' }]
    const { call, close } = await connected(
      floor([`GET taskrouter/v1/Workspaces/:ws/Activities`, listOf('activities', both)])
    )
    expect((await call('manage_activities', { action: 'get', activitySid: 'Available' })).content).toMatchObject({
      activities: [{ activitySid: sid('WA', 2) }]
    })
    const { error } = await call('manage_activities', { action: 'get', activitySid: 'AVAILABLE' })
    expect(error).toMatchObject({
      code: 'ambiguous_name',
      candidates: [`Available (${sid('WA', 2)})`, `available (${sid('WA', 9)})`]
    })
    await close()
  })

  const [composed, decomposed] = ['Zo\u00eb', 'zoe\u0308']

  it.each([
    ['decomposed where it is kept composed', composed, decomposed],
    ['composed where it is kept decomposed', decomposed, composed],
    ['of syllables in their parts', '\ud55c\uad6d', '\u1112\u1161\u11ab\u1100\u116e\u11a8'],
    ['in upper case, with marks of their own', 'Ao\u0301', '\u0041\u00d3']
  ])('means the one of another Unicode form: %s', async (_what, kept, given) => {
    const named = floor(
      [WORKERS, listOf('workers', [{ ...workers[0], friendly_name: kept }])],
      [
        `GET taskrouter/v1/Workspaces/:ws/Activities`,
        listOf('activities', [{ ...activities[0], sid: sid('WA', 1), friendly_name: kept }])
      ]
    )
    const { call, close } = await connected(named)
    expect((await call('manage_workers', { action: 'get', workerSid: given })).isError).toBe(false)
    expect((await call('manage_activities', { action: 'get', activitySid: given })).isError).toBe(false)
    await close()
  })

  it('means the one in its own form first, then the one in its own case', async () => {
    const both = [composed, decomposed, composed.toUpperCase()].map((friendly_name, index) => ({
      ...workers[0],
      sid: sid('WK', index + 1),
      friendly_name
    }))
    const names = floor([WORKERS, listOf('workers', both)]).backend().names
    for (const { sid: known, friendly_name } of both) {
      expect((await names.resolve('worker', friendly_name, 'workerSid', sid('WS'))).sid).toBe(known)
    }
    expect((await names.resolve('worker', 'Zoe\u0308', 'workerSid', sid('WS'))).sid).toBe(sid('WK', 1))
    await expect(names.resolve('worker', 'ZO\u00eb', 'workerSid', sid('WS'))).rejects.toThrow('3 workers')
  })

  it('may be the unique name of a conversation in another form, and is near whatever its form', async () => {
    const api = floor([
      'GET conversations/v1/Conversations/:sid',
      ({ path }: Sent) =>
        decodeURIComponent(path).endsWith('caf\u00e9')
          ? { body: { sid: sid('CH'), unique_name: 'caf\u00e9' } }
          : { status: 404, body: { code: 20404, status: 404, message: 'not found' } }
    ])
    const { names } = api.backend()
    expect((await names.resolve('conversation', 'cafe\u0301', 'conversationSid')).sid).toBe(sid('CH'))
    const many = Array.from({ length: 12 }, (_, index) => ({
      ...workers[0],
      sid: sid('WK', index + 1),
      friendly_name: index === 0 ? '\u00c5\u00e9\u00ee' : `worker ${index}`
    }))
    const others = floor([WORKERS, listOf('workers', many)]).backend().names
    await expect(others.resolve('worker', 'A\u030ae\u0301i', 'workerSid', sid('WS'))).rejects.toThrow('near: \u00c5')
  })

  it('is told with near ones where there is none', async () => {
    const many = Array.from({ length: 20 }, (_, index) => ({
      ...workers[0],
      sid: sid('WK', index + 1),
      friendly_name: index === 7 ? 'amelie' : `worker${index}`
    }))
    const { call, close } = await connected(floor([WORKERS, listOf('workers', many)]))
    expect((await call('manage_workers', { action: 'get', workerSid: 'ameli' })).error).toMatchObject({
      code: 'unknown_name',
      found: 'ameli',
      near: ['amelie'],
      message: "no worker 'ameli'; near: amelie"
    })
    await close()
  })

  it('is told for all arguments at once', async () => {
    const { call, close } = await connected(floor())
    const { text } = await call('manage_tasks', { action: 'list', taskQueueSid: 'Bling', workflowSid: 'Nite' })
    expect(JSON.parse(text).errors).toMatchObject([{ argument: 'taskQueueSid' }, { argument: 'workflowSid' }])
    await close()
  })

  it('may be the unique name of a conversation; an interaction is not one, and says which is', async () => {
    const { call, close } = await connected(floor())
    expect((await call('list_conversation_messages', { conversationSid: 'order-1234' })).content.conversationSid).toBe(
      sid('CH')
    )
    expect((await call('list_conversation_messages', { conversationSid: sid('KD') })).error).toMatchObject({
      code: 'wrong_sid',
      next: `its conversation is ${sid('CH')}: give that as conversationSid`
    })
    await close()
  })
})

describe('look-ups', () => {
  it('are made once in 30 seconds, and once more for a name that is missing', async () => {
    let now = 0
    const api = floor()
    const names = new Names(api.backend().client, () => now)
    const amelie = () => names.resolve('worker', 'amelie', 'workerSid', sid('WS'))
    expect([await amelie(), await amelie()]).toEqual([
      { sid: sid('WK', 1), cached: false },
      { sid: sid('WK', 1), cached: true }
    ])
    expect(asked(api.sent, '/Workers')).toBe(1)
    await expect(names.resolve('worker', 'carla', 'workerSid', sid('WS'))).rejects.toThrow("no worker 'carla'")
    expect(asked(api.sent, '/Workers')).toBe(2)
    now = 30_000
    await amelie()
    expect(asked(api.sent, '/Workers')).toBe(3)
  })

  it('that led to a SID which is gone are made again, once', async () => {
    let carla = sid('WK', 1)
    const api = floor(
      [WORKERS, () => ({ body: listOf('workers', [{ ...workers[0], sid: carla, friendly_name: 'carla' }]) })],
      [
        `GET taskrouter/v1/Workspaces/:ws/Workers/:sid`,
        (request: Sent) =>
          request.path.endsWith(sid('WK', 7))
            ? { body: { ...workers[0], sid: sid('WK', 7) } }
            : refusal(404, 20404, 'not found')
      ]
    )
    const { call, close } = await connected(api)
    await call('manage_workers', { action: 'get', workerSid: 'carla' })
    carla = sid('WK', 7) // somebody deleted carla and made her anew
    expect((await call('manage_workers', { action: 'get', workerSid: 'carla' })).isError).toBe(false)
    await close()
  })
})

describe('the workspace', () => {
  const two = listOf(
    'workspaces',
    [1, 2].map((number) => ({ sid: sid('WS', number), friendly_name: `Flex ${number}` }))
  )
  const WORKSPACES = 'GET taskrouter/v1/Workspaces'

  it("is Flex's where none is given, and the result says so when there are several", async () => {
    const { call, close } = await connected(floor([WORKSPACES, two]))
    expect((await call('manage_activities', { action: 'list' })).content.workspaceSid).toBe(sid('WS', 1))
    await close()
  })

  it('is the one of the call, or of the server, by name', async () => {
    const api = floor([WORKSPACES, two])
    const { call, close } = await connected(api, { workspace: 'flex 2' })
    expect((await call('manage_activities', { action: 'list' })).content.workspaceSid).toBeUndefined()
    expect(api.sent.at(-1)?.path).toContain(sid('WS', 2))
    await call('manage_activities', { action: 'list', workspace: 'Flex 1' })
    expect(api.sent.at(-1)?.path).toContain(sid('WS', 1))
    await close()
  })

  it('must be chosen where Flex names none and there are several', async () => {
    const { call, close } = await connected(
      floor([WORKSPACES, two], ['GET flex-api/v1/Configuration', () => refusal(501, 20501, 'not implemented')])
    )
    expect((await call('manage_activities', { action: 'list' })).error).toMatchObject({
      code: 'missing_argument',
      argument: 'workspaceSid',
      candidates: [`Flex 1 (${sid('WS', 1)})`, `Flex 2 (${sid('WS', 2)})`]
    })
    await close()
  })
})
