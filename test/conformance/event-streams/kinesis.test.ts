import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { putRecord } from '@ringdown/server/delivery/kinesis'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { world } from '../../support/world.ts'
import { arnOf, type Kinesis, kinesis } from './kinesis.ts'

let stand: Kinesis
const options = {
  kind: { timeout_ms: 5_000, redirects: 0 },
  auth_token: 'unused',
  allowPrivate: true,
  idempotency_token: 'one-delivery'
}

beforeAll(async () => {
  stand = await kinesis()
  await stand.create('contacts')
  vi.stubEnv('AWS_ENDPOINT_URL_KINESIS', stand.url)
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret')
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await stand.close()
})

const put = (name: string, json: string) => putTo(arnOf(name), json)
const putTo = (arn: string, json: string, timeout_ms = 5_000) =>
  putRecord(
    { method: 'kinesis', stream: { arn, role_arn: 'unused', external_id: 'unused' }, json },
    { ...options, kind: { timeout_ms, redirects: 0 } }
  )

describe('a record', () => {
  it('is put into its stream as it is', async () => {
    const text = JSON.stringify({ id: 'EZ1', data: { name: 'Zoë 🙂' } })
    expect(await put('contacts', text)).toMatchObject({ status: 200, body: expect.stringContaining('SequenceNumber') })
    expect(await stand.records('contacts')).toEqual([{ text, key: 'one-delivery' }])
  })

  it('for a stream that is not there: what Kinesis says is the outcome', async () => {
    expect(await put('nowhere', '{}')).toMatchObject({
      status: 400,
      body: expect.stringMatching(/^ResourceNotFoundException: /)
    })
  })

  it('that nobody takes: late, or not at all', async () => {
    const silent = createServer(() => {}).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const { port } = silent.address() as AddressInfo // it listens on a port
    vi.stubEnv('AWS_ENDPOINT_URL_KINESIS', `http://127.0.0.1:${port}`)
    const elsewhere = arnOf('contacts').replace('us-east-1', 'eu-west-1')
    expect(await putTo(elsewhere, '{}', 100)).toMatchObject({ failed: 'timeout' })
    silent.closeAllConnections()
    silent.close()
    await once(silent, 'close')
    expect(await putTo(elsewhere, '{}')).toMatchObject({
      failed: 'connection',
      reason: expect.stringContaining('ECONNREFUSED')
    })
    vi.stubEnv('AWS_ENDPOINT_URL_KINESIS', stand.url)
  })
})

describe('a Kinesis sink', () => {
  it('gets one record an event, and again until its stream is there', async () => {
    const here = await world()
    const later = `later-${randomUUID()}`
    try {
      const { v1 } = here.client.events
      const sinkConfiguration = {
        arn: arnOf(later),
        role_arn: 'arn:aws:iam::123456789012:role/ringdown',
        external_id: 'acme'
      }
      const sink = await v1.sinks.create({ description: 'Stream', sinkType: 'kinesis', sinkConfiguration })
      const types = [{ type: 'org.ringdown.taskrouter.activity.created' }]
      await v1.subscriptions.create({ description: 'Activities', sinkSid: sink.sid, types })
      const { workspaces } = here.client.taskrouter.v1
      const { sid } = await workspaces.create({ friendlyName: 'Floor', template: 'NONE' })
      await workspaces(sid).activities.create({ friendlyName: 'Lunch' })
      await here.pass(1)
      await stand.create(later)
      await here.pass(60)
      const records = (await stand.records(later)).map(({ text }) => JSON.parse(text))
      // On a busy machine an answer may come too late: then it is sent again, under its own id.
      const told = new Map(records.map((record) => [record.id, record]))
      const names = [...told.values()].map(({ data }) => data.payload.activity_name)
      expect(names.sort()).toEqual(['Available', 'Lunch', 'Offline', 'Unavailable'])
      expect(records[0]).toMatchObject({
        specversion: '1.0',
        type: 'org.ringdown.taskrouter.activity.created',
        dataschema: 'urn:ringdown:schema:Ringdown.TaskRouterConfiguration:1'
      })
      await v1.sinks(sink.sid).sinkTest.create()
      await here.pass(0)
      const last = (await stand.records(later)).at(-1)
      expect(JSON.parse(last?.text ?? '')).toMatchObject({ source: 'Sink' })
    } finally {
      await here.close()
    }
  })
})
