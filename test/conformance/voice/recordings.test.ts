import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Phone, type Switchboard, switchboard } from '../../support/switchboard.ts'

/* Recordings as those find them who work with tasks: a task's own, and those of a team's calls that are over. */

const { AccessToken } = twilio.jwt

let center: Switchboard
let workspace_sid: string
let workflowSid: string
const workers: Record<string, string> = {}
const phones: Record<string, Phone> = {}
let tokens: Record<string, string> = {}

const teams = { ada: 'red', bob: 'blue', eve: 'red', sam: '' }

beforeAll(async () => {
  center = await switchboard()
  const { client, running } = center.here
  const { workspaces } = client.taskrouter.v1
  workspace_sid = (await workspaces.create({ friendlyName: 'Floor', template: 'FIFO' })).sid
  const floor = workspaces(workspace_sid)
  workflowSid = (await floor.workflows.list())[0]?.sid ?? ''
  for (const [name, team_name] of Object.entries(teams)) {
    const attributes = JSON.stringify({ contact_uri: `client:${name}`, ...(team_name && { team_name }) })
    workers[name] = (await floor.workers.create({ friendlyName: name, attributes })).sid
    phones[name] = await center.phone(`client:${name}`)
  }
  const key = await client.newKeys.create({})
  tokens = Object.fromEntries(
    Object.entries({ ada: 'worker', bob: 'worker', eve: 'supervisor', sam: 'supervisor' }).map(([name, role]) => {
      const token = new AccessToken(running.credentials.account_sid, key.sid, key.secret, { identity: name, ttl: 600 })
      token.addGrant(
        new AccessToken.TaskRouterGrant({ workspaceSid: workspace_sid, workerSid: workers[name] ?? '', role })
      )
      return [name, token.toJwt()]
    })
  )
  center.answers('/voice', (response) => response.enqueue({ workflowSid }, undefined as never))
})
afterAll(() => center.close())

const ours = (path: string) => `/ringdown/v1/Workspaces/${workspace_sid}${path}`

const as = (name: string, path: string, form?: Record<string, string>) =>
  center.here.call(ours(path), form, { headers: { authorization: `Bearer ${tokens[name]}` } })

/** A customer calls, and talks with a worker; answers the task. */
async function talk(customer: Phone, name: string, words: string): Promise<string> {
  const { workspaces } = center.here.client.taskrouter.v1
  const floor = workspaces(workspace_sid)
  const activities = await floor.activities.list()
  const move = (isAvailable: boolean) =>
    floor
      .workers(workers[name] ?? '')
      .update({ activitySid: activities.find(({ available }) => available === isAvailable)?.sid ?? '' })
  await move(true)
  await customer.call(center.number)
  const [offer] = await floor.workers(workers[name] ?? '').reservations.list({ reservationStatus: 'pending' })
  const reservation = floor.workers(workers[name] ?? '').reservations(offer?.sid ?? '')
  await reservation.update({ instruction: 'conference', conferenceRecord: 'true' })
  await center.pass(0.1)
  await phones[name]?.answer()
  await customer.speak(words)
  await phones[name]?.speak('Goodbye')
  await customer.hangUp()
  await reservation.update({ reservationStatus: 'completed' })
  await move(false)
  return offer?.taskSid ?? ''
}

interface Recording {
  readonly task_sid: string
  readonly customer: string
  readonly workers: readonly string[]
  readonly words: string
  readonly sid: string
}

const recordingsOf = async (name: string, more = ''): Promise<{ recordings: Recording[]; next: string | null }> => {
  const { status, body } = await as(name, `/Recordings${more}`)
  expect(status).toBe(200)
  return body
}

describe('what was recorded', () => {
  let first: string
  let second: string
  let ann: Phone

  beforeAll(async () => {
    ann = await center.phone('+33612340001')
    first = await talk(ann, 'ada', 'My lamp is broken')
    second = await talk(await center.phone('+33612340002'), 'bob', 'My bill is wrong')
  })

  it('is found by whoever leads those who were on the call, the newest first', async () => {
    const { recordings } = await recordingsOf('sam')
    expect(recordings).toMatchObject([
      { task_sid: second, customer: '+33612340002', workers: ['bob'] },
      { task_sid: first, customer: '+33612340001', workers: ['ada'] }
    ])
    expect(recordings[1]?.words).toContain('My lamp is broken')
    expect((await recordingsOf('eve')).recordings.map((one) => one.task_sid)).toEqual([first])
    expect((await as('ada', '/Recordings')).status).toBe(403)
    const { recordings: rest, next } = await recordingsOf('sam', `?Before=${recordings[0]?.sid}`)
    expect([rest.map((one) => one.task_sid), next]).toEqual([[first], null])
    expect((await as('sam', `/Recordings?Before=RE${'0'.repeat(32)}`)).status).toBe(404)
    const elsewhere = await center.here.client.taskrouter.v1.workspaces.create({ friendlyName: 'Other' })
    const { body } = await center.here.call(`/ringdown/v1/Workspaces/${elsewhere.sid}/Recordings`)
    expect(body.recordings).toEqual([])
  })

  it('is of a task that has no call any more', async () => {
    const call = ours(`/Tasks/${first}/Call`)
    expect((await center.here.call(call)).status).toBe(404)
    for (const form of [{ Recording: 'paused' }, { Invite: ann.address }])
      expect((await center.here.call(call, form)).status).toBe(404)
    const supervision = ours(`/Workers/${workers.eve}/Supervision`)
    expect((await center.here.call(supervision, { TaskSid: first, Mode: 'monitor' })).status).toBe(404)
  })

  it('is found when its task has been forgotten', async () => {
    await center.here.pass(3 * 3600)
    const { recordings } = await recordingsOf('eve')
    expect(recordings).toMatchObject([{ task_sid: first, workers: ['ada'] }])
  })

  it('of a task is read line by line', async () => {
    const task = await talk(ann, 'ada', 'It is me again: Ann')
    const { body } = await center.here.call(ours(`/Tasks/${task}/Recordings`))
    expect(body.recordings).toMatchObject([
      {
        transcript: [
          { speaker: '+33612340001', text: 'It is me again: Ann' },
          { speaker: 'client:ada', text: 'Goodbye' }
        ]
      }
    ])
  })

  it('before there was a task belongs to the task that names it, and to no other one’s call', async () => {
    const { here, hooks } = center
    center.answers('/message', (response) => response.record({ timeout: 4, action: '/kept', finishOnKey: '#' }))
    center.answers('/kept', (response) => response.hangup())
    const number = '+14155550177'
    await here.client.incomingPhoneNumbers.create({ phoneNumber: number, voiceUrl: `${hooks.url}/message` })
    await ann.call(number)
    await center.pass(1)
    await ann.speak('Please call me')
    await ann.press('#')
    const { RecordingUrl } = hooks.to('/kept')[0]?.form ?? {}
    const { tasks } = here.client.taskrouter.v1.workspaces(workspace_sid)
    const made = await tasks.create({
      ...{ workflowSid, taskChannel: 'voice' },
      attributes: JSON.stringify({ taskType: 'voicemail', recording_url: RecordingUrl })
    })
    const { body } = await here.call(ours(`/Tasks/${made.sid}/Recordings`))
    expect(body.recordings).toMatchObject([{ words: 'Please call me', source: 'RecordVerb' }])
    // What was recorded of a task's call stays that task's.
    const [stolen] = (await recordingsOf('sam')).recordings
    const other = await tasks.create({ workflowSid, attributes: JSON.stringify({ recording_sid: stolen?.sid }) })
    expect((await here.call(ours(`/Tasks/${other.sid}/Recordings`))).body.recordings).toEqual([])
  })
})

it('somebody outside is called into a call by its worker alone', async () => {
  const floor = center.here.client.taskrouter.v1.workspaces(workspace_sid)
  const expert = await center.phone('+33612340099', { CallOutcome: 'answers' })
  const customer = await center.phone('+33612340003')
  const available = (await floor.activities.list()).find((one) => one.available)
  // Whoever was offered what came before takes it first.
  for (const { sid } of await floor.tasks.list()) await floor.tasks(sid).remove()
  await floor.workers(workers.ada ?? '').update({ activitySid: available?.sid ?? '' })
  await customer.call(center.number)
  const [offer] = await floor.workers(workers.ada ?? '').reservations.list({ reservationStatus: 'pending' })
  await floor
    .workers(workers.ada ?? '')
    .reservations(offer?.sid ?? '')
    .update({ instruction: 'conference' })
  await center.pass(0.1)
  await phones.ada?.answer()
  const call = `/Tasks/${offer?.taskSid}/Call`
  expect((await as('bob', call, { Invite: expert.address })).status).toBe(403)
  expect((await as('ada', call, { Invite: 'nobody' })).status).toBe(400)
  expect((await as('ada', call, {})).status).toBe(400)
  const { status, body } = await as('ada', call, { Invite: expert.address })
  expect(status).toBe(200)
  expect(body.participants).toMatchObject([
    { label: 'customer' },
    { label: 'worker' },
    { label: 'external', name: expert.address, worker_sid: null }
  ])
  await center.pass(1)
  await phones.ada?.speak('Can you help?')
  expect(await expert.heard()).toContain('client:ada: Can you help?')
  const [, , external] = body.participants
  expect((await as('ada', call, { Remove: external.call_sid })).body.participants).toHaveLength(2)
  expect((await expert.last()).status).toBe('completed')
})
