import { definition, say, set, trigger } from '@ringdown/engine/testing/flows'
import { settingsOf } from '@ringdown/server/settings'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { world as opened, type World } from '../../support/world.ts'

let world: World
beforeAll(async () => {
  world = await opened({ settings: settingsOf({ rates: { execution_starts: 3 } }) })
})
afterAll(() => world.close())

const flows = '/studio/v2/Flows'
const plain = definition([trigger({ incomingRequest: 'a' }), set('a', { b: '1' })])
const made = async (Definition: string, more: object = {}) =>
  world.call(flows, { FriendlyName: 'Limits', Status: 'published', Definition, ...more })

describe('executions that are started over REST', () => {
  it('are so many a second as the account’s settings say, and are found by status and time', async () => {
    const { sid } = (await made(plain)).body
    const start = (n: number) => world.call(`${flows}/${sid}/Executions`, { To: `+1555010${n}`, From: '+1999' })
    expect((await Promise.all([1, 2, 3, 4].map(start))).map(({ status }) => status).sort()).toEqual([
      201, 201, 201, 429
    ])
    expect((await start(5)).body).toMatchObject({ code: 20429, message: expect.stringContaining('3 times a second') })
    await world.pass(1)
    expect((await start(6)).status).toBe(201)
    const listed = async (query: string) => (await world.call(`${flows}/${sid}/Executions?${query}`)).body
    expect((await listed('Status=ended')).executions).toHaveLength(4)
    expect((await listed('status=active')).executions).toEqual([])
    expect((await listed('Status=over')).code).toBe(20001)
    expect((await listed('DateCreatedFrom=yesterday')).code).toBe(20001)
    const [newest, ...older] = (await listed('PageSize=2')).executions
    const at = encodeURIComponent(newest.date_created)
    expect((await listed(`DateCreatedFrom=${at}`)).executions.map((one: { sid: string }) => one.sid)).toEqual([
      newest.sid
    ])
    expect((await listed(`DateCreatedTo=${at}`)).executions).toHaveLength(4)
    expect(older).toHaveLength(1)
    expect((await listed('PageSize=2')).meta.next_page_url).not.toBeNull()
  })
})

describe('a flow', () => {
  it('of a megabyte is kept to the byte, judged, drawn and run', async () => {
    const texts = Array.from({ length: 66 }, (_, n) =>
      say(`s${n}`, `${n} ${'x'.repeat(16_000)}`, n < 65 ? `s${n + 1}` : undefined)
    )
    const text = definition([trigger({ incomingRequest: 's0' }), ...texts])
    expect(text.length).toBeGreaterThan(1_048_576)
    const { status, body } = await made(text)
    expect([status, body.valid, JSON.stringify(body.definition) === text]).toEqual([201, true, true])
    const form = { FriendlyName: 'x', Status: 'published', Definition: text }
    expect((await world.call(`${flows}/Validate`, form)).body).toEqual({ valid: true })
    const headers = { authorization: world.authorization }
    const picture = await fetch(`${world.running.url}/ringdown/v1/Flows/${body.sid}/Picture`, { headers })
    expect(picture.status).toBe(200)
    await world.pass(2)
    const execution = await world.call(`${flows}/${body.sid}/Executions`, { To: '+15550199', From: '+1999' })
    await world.pass(1)
    const ended = await world.call(`${flows}/${body.sid}/Executions/${execution.body.sid}`)
    expect(ended.body.status).toBe('ended')
  })

  it.each([
    ['a definition that is too long', { Definition: `{"a":"${'x'.repeat(2_097_152)}"}` }, /Definition/],
    ['no name', { FriendlyName: ' ' }, /FriendlyName/],
    ['a name that is too long', { FriendlyName: 'x'.repeat(256) }, /FriendlyName/],
    ['a message that is too long', { CommitMessage: 'x'.repeat(256) }, /CommitMessage/],
    ['a status that is none', { Status: 'live' }, /Status/],
    ['text that is no JSON', { Definition: '{' }, /Definition/],
    ['a list', { Definition: '[]' }, /Definition/]
  ])('is refused with %s', async (_what, form, message) => {
    const { status, body } = await made(plain, form)
    expect([status, body.code, body.message]).toEqual([400, 20001, expect.stringMatching(message)])
  })

  it('has a hundred test users at most, each once', async () => {
    const { sid } = (await made(plain)).body
    const users = (count: number) => ({ TestUsers: Array.from({ length: count }, (_, n) => `+1${n}`) })
    expect((await world.call(`${flows}/${sid}/TestUsers`, users(101))).status).toBe(400)
    const { body } = await world.call(`${flows}/${sid}/TestUsers`, { TestUsers: ['+1', ' +1 ', ''] })
    expect(body.test_users).toEqual(['+1'])
  })
})
