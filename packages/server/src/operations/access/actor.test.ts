import { SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, Served, served } from '../../http/fixture.ts'

const { account_sid } = served

describe('who did it', () => {
  let server: Served
  let workspace_sid: string
  let ada: string
  let nora: string
  let key: { sid: string; secret: string }

  async function bearer(grants: object): Promise<{ authorization: string }> {
    const token = await new SignJWT({ grants })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer(account_sid)
      .setSubject(account_sid)
      .setIssuedAt()
      .setExpirationTime('10m')
      .sign(new TextEncoder().encode(served.token))
    return { authorization: `Bearer ${token}` }
  }

  const as = (worker_sid: string, role: string) => bearer({ task_router: { workspace_sid, worker_sid, role } })
  const last = async (type: string) => {
    const { body } = await server.get(`/ringdown/v1/Events?since=PT1H&wait_s=0&types=${type}`)
    return body.events.at(-1)
  }

  beforeAll(async () => {
    server = await Served.open()
    const { workspace } = await server.account.execute({
      type: 'workspace.create',
      friendly_name: 'Floor',
      template: 'FIFO'
    })
    workspace_sid = workspace.sid
    const make = async (friendly_name: string) =>
      (await server.account.execute({ type: 'worker.create', workspace_sid, friendly_name })).worker.sid
    ada = await make('Ada')
    nora = await make('Nora')
    key = (await server.post(`/2010-04-01/Accounts/${account_sid}/Keys.json`)).body
  })

  afterAll(() => server.close())

  it('is in every event: the account by saying nothing, a key, a worker, a supervisor in the place of one, and time', async () => {
    expect(await last('worker.created')).not.toHaveProperty('actor_type')
    const task = `/taskrouter/v1/Workspaces/${workspace_sid}/Tasks`
    await server.post(task, { Timeout: 60 }, { authorization: basic(key.sid, key.secret) })
    expect(await last('task.created')).toMatchObject({ actor_type: 'key', actor_sid: key.sid })
    const worker = `/taskrouter/v1/Workspaces/${workspace_sid}/Workers/${ada}`
    const theme = (value: string) => ({ Attributes: JSON.stringify({ theme: value }) })
    await server.post(worker, theme('dark'), await as(ada, 'worker'))
    const own = await last('worker.attributes.update')
    expect(own).toMatchObject({ actor_type: 'worker', actor_sid: ada })
    expect(own).not.toHaveProperty('on_behalf_of')
    await server.post(worker, theme('light'), await as(nora, 'supervisor'))
    expect(await last('worker.attributes.update')).toMatchObject({
      actor_type: 'worker',
      actor_sid: nora,
      on_behalf_of: ada
    })
    await server.clock.advance(61_000)
    const timeout = await last('task.canceled')
    expect(timeout).toMatchObject({ actor_type: 'system' })
    expect(timeout).not.toHaveProperty('actor_sid')
    // As TaskRouter tells it: a worker by its name, programs as the workspace.
    const { body } = await server.get(`/taskrouter/v1/Workspaces/${workspace_sid}/Events`, { WorkerSid: ada })
    expect(body.events[0]).toMatchObject({ actor_type: 'worker', actor_sid: nora })
    expect(body.events[0].actor_url).toContain(`/Workers/${nora}`)
    expect(body.events.at(-1)).toMatchObject({ actor_type: 'workspace', actor_sid: workspace_sid })
  })

  it('is in the audit with what was changed, event or not, page by page and by whom', async () => {
    const authorization = basic(key.sid, key.secret)
    const { body: service } = await server.post(
      '/conversations/v1/Services',
      { FriendlyName: 'Desk' },
      { authorization }
    )
    const all = await server.get('/ringdown/v1/Audit')
    expect(all.body.audit_entries.map(({ command }: { command: string }) => command)).toEqual([
      'chat_service.create',
      'worker.update',
      'worker.update',
      'task.create'
    ])
    expect(all.body.audit_entries[1]).toEqual({
      sid: expect.stringMatching(/^AE/),
      account_sid,
      date_created: '2026-03-02T09:00:00.000Z',
      actor_type: 'worker',
      actor_sid: nora,
      on_behalf_of: ada,
      command: 'worker.update',
      subject_sid: ada,
      arguments_hash: null,
      outcome: null
    })
    const { body } = await server.get('/ringdown/v1/Audit', { ActorSid: key.sid, PageSize: 1 })
    expect(body.audit_entries).toHaveLength(1)
    expect(body.meta.next_page_url).not.toBeNull()
    const second = await server.get(body.meta.next_page_url.replace(/^http:\/\/[^/]+/, ''))
    expect(second.body.audit_entries).toMatchObject([{ command: 'task.create', actor_type: 'key' }])
    expect(service.sid).toMatch(/^IS/)
  })

  it('is told by the last use of a key', async () => {
    const { body } = await server.get(`/ringdown/v1/Keys/${key.sid}`)
    expect(body).toMatchObject({
      key_type: 'standard',
      policy: null,
      date_used: expect.stringContaining('2026-03-02T09:0')
    })
    expect(JSON.stringify(body)).not.toContain('secret')
  })
})
