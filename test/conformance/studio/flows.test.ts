import { greeter, orderLookup } from '@ringdown/engine/testing/flows'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { world as opened, type World } from '../../support/world.ts'
import { conforms } from '../conforms.ts'

let world: World
let acme: Receiver

const studio = () => world.client.studio.v2

/** A published look-up whose orders are at a path of the receiver. */
async function lookupAt(path: string) {
  const definition = orderLookup(`${acme.url}${path}`)
  return studio().flows.create({ friendlyName: `Look-up ${path}`, status: 'published', definition })
}

for (const { name: store, available, place } of databases)
  describe.runIf(available)(store, () => {
    let there: PostgresPlace | undefined
    beforeAll(async () => {
      there = await place()
      world = await opened({ ...(there && { database: there.url }) })
      await world.running.account
      acme = await receiver({ auth_token: world.running.credentials.auth_token })
    })
    beforeEach(() => acme.clear())
    afterAll(async () => {
      await acme.close()
      await world.close()
      await there?.clear()
    })

    describe('a flow', () => {
      it('has a revision for each write, the latest of each kind by name', async () => {
        const definition = orderLookup('https://acme.example/orders').replace('{"description"', '{ "description"')
        const flow = await studio().flows.create({ friendlyName: 'Orders', status: 'draft', definition })
        expect(flow).toMatchObject({ status: 'draft', revision: 1, valid: true, errors: [], commitMessage: null })
        expect(flow.webhookUrl).toContain(`/Flows/${flow.sid}`)
        const raw = await world.call(`/studio/v2/Flows/${flow.sid}`)
        expect(conforms('studio_v2.FetchFlow', raw.body)).toEqual([])
        expect(raw.body.date_updated).toBeNull()
        await studio().flows(flow.sid).update({ status: 'published', commitMessage: 'live' })
        await studio().flows(flow.sid).update({ status: 'draft', friendlyName: 'Orders 2' })
        const at = async (revision: string) => (await studio().flows(flow.sid).revisions(revision).fetch()).revision
        expect(await Promise.all(['1', 'LatestPublished', 'LatestDraft', 'LatestRevision'].map(at))).toEqual([
          1, 2, 3, 3
        ])
        await expect(at('4')).rejects.toMatchObject({ status: 404, code: 20404 })
        // The SDK cannot make instances of what it has listed here.
        const { body: listing } = await world.call(`/studio/v2/Flows/${flow.sid}/Revisions?PageSize=2`)
        expect(conforms('studio_v2.ListFlowRevision', listing)).toEqual([])
        expect(listing.revisions.map((one: Record<string, unknown>) => [one.revision, one.status])).toEqual([
          [3, 'draft'],
          [2, 'published']
        ])
        expect(listing.meta.next_page_url).not.toBeNull()
        expect(conforms('studio_v2.ListFlow', (await world.call('/studio/v2/Flows')).body)).toEqual([])
        const listed = (await studio().flows.list()).find(({ sid }) => sid === flow.sid)
        expect(listed).toMatchObject({ friendlyName: 'Orders 2', definition: null, valid: null })
        await studio().flows(flow.sid).remove()
        await expect(studio().flows(flow.sid).fetch()).rejects.toMatchObject({ status: 404 })
        await expect(at('1')).rejects.toMatchObject({ status: 404 })
      })

      it('may be wrong as a draft, and says where; it is not published so', async () => {
        const definition = {
          initial_state: 'nowhere',
          states: [
            { name: 'Trigger', type: 'trigger', transitions: [{ event: 'incomingRequest', next: 'gone' }] },
            {
              name: 'sub',
              type: 'run-subflow',
              transitions: [{ event: 'sometimes' }],
              properties: { flow_sid: null, flow_revision: '1' }
            },
            { name: 'a b', type: 'send-message', transitions: [], properties: { from: 'x' } },
            { name: 'later', type: 'invented', transitions: [], properties: { any: 1 } }
          ]
        }
        const paths = [
          '#/initial_state',
          '#/states/0/transitions/0/next',
          '#/states/1/properties/flow_sid',
          '#/states/1/transitions/0/event',
          '#/states/2/name',
          '#/states/2/properties/body'
        ]
        const draft = await studio().flows.create({ friendlyName: 'Wrong', status: 'draft', definition })
        expect(draft.valid).toBe(false)
        expect(draft.errors.map(({ property_path }: { property_path: string }) => property_path).sort()).toEqual(
          paths.slice().sort()
        )
        const refused = expect.objectContaining({ status: 400, code: 20001, message: 'Flow definition is invalid' })
        await expect(studio().flows(draft.sid).update({ status: 'published' })).rejects.toEqual(refused)
        const why = await studio()
          .flowValidate.update({ friendlyName: 'Wrong', status: 'draft', definition })
          .catch((error) => error)
        expect(why.details.errors).toEqual(draft.errors)
        expect(why.details.warnings).toEqual([expect.objectContaining({ property_path: '#/states/3/type' })])
        await expect(
          studio().flows.create({ friendlyName: 'x', status: 'draft', definition: '{' })
        ).rejects.toMatchObject({
          status: 400
        })
        const valid = {
          friendlyName: 'x',
          status: 'published' as const,
          definition: orderLookup('https://acme.example')
        }
        expect((await studio().flowValidate.update(valid)).valid).toBe(true)
      })

      it('gives its test users the latest revision, and everybody else the published one', async () => {
        const flow = await lookupAt('/tested')
        await studio().flows(flow.sid).update({ status: 'draft' })
        expect(
          (
            await studio()
              .flows(flow.sid)
              .testUsers()
              .update({ testUsers: ['+1555', '+1556'] })
          ).testUsers
        ).toEqual(['+1555', '+1556'])
        expect((await studio().flows(flow.sid).testUsers().fetch()).testUsers).toEqual(['+1555', '+1556'])
        expect(
          conforms('studio_v2.FetchTestUser', (await world.call(`/studio/v2/Flows/${flow.sid}/TestUsers`)).body)
        ).toEqual([])
        const start = async (to: string) => {
          const { body } = await world.call(`/studio/v2/Flows/${flow.sid}/Executions`, { To: to, From: '+1999' })
          return body.flow_version
        }
        expect([await start('+1555'), await start('+1557')]).toEqual([2, 1])
      })
    })

    describe('an execution', () => {
      it('asks over HTTP, signed, and is shown by its steps and what each of them knew', async () => {
        const flow = await lookupAt('/orders')
        acme.answer('/orders/A1', { body: { state: 'shipped', days_late: 2 } })
        const { executions } = studio().flows(flow.sid)
        const started = await executions.create({
          to: '+33612345678',
          from: '+3726000',
          parameters: { order_id: 'A1' }
        })
        expect(started).toMatchObject({ status: 'active', contactChannelAddress: '+33612345678', flowSid: flow.sid })
        await world.pass(1)
        const [asked] = acme.to('/orders/A1')
        expect(asked).toMatchObject({ method: 'GET', isSigned: true, token: expect.any(String) })
        expect(asked?.form).toEqual({ contact: '+33612345678' })
        const path = `/studio/v2/Flows/${flow.sid}/Executions`
        const one = await world.call(`${path}/${started.sid}`)
        expect(conforms('studio_v2.FetchExecution', one.body)).toEqual([])
        expect(one.body).toMatchObject({ status: 'ended', flow_version: 1, context: {} })
        expect(conforms('studio_v2.ListExecution', (await world.call(path)).body)).toEqual([])
        const steps = await studio().flows(flow.sid).executions(started.sid).steps.list()
        expect(steps.map((step) => `${step.transitionedFrom} ${step.name} ${step.transitionedTo}`)).toEqual([
          'Trigger incomingRequest pick_id',
          'pick_id next lookup',
          'lookup success check',
          'check match late',
          'late sent Ended'
        ])
        expect(
          conforms('studio_v2.ListExecutionStep', (await world.call(`${path}/${started.sid}/Steps`)).body)
        ).toEqual([])
        const step = await world.call(`${path}/${started.sid}/Steps/${steps[1]?.sid}`)
        expect(conforms('studio_v2.FetchExecutionStep', step.body)).toEqual([])
        const before = await world.call(`${path}/${started.sid}/Steps/${steps[1]?.sid}/Context`)
        expect(conforms('studio_v2.FetchExecutionStepContext', before.body)).toEqual([])
        expect(before.body.context).toMatchObject({ flow: { data: { order_id: 'A1' }, variables: { order_id: 'A1' } } })
        expect(before.body.context.widgets.lookup).toBeUndefined()
        const after = await world.call(`${path}/${started.sid}/Context`)
        expect(conforms('studio_v2.FetchExecutionContext', after.body)).toEqual([])
        expect(after.body.context.widgets.lookup).toMatchObject({ status_code: 200, parsed: { state: 'shipped' } })
        const last = await world.call(`${path}/${started.sid}/Steps/${steps.at(-1)?.sid}/Context`)
        expect(last.body.context).toEqual(after.body.context)
      })

      it('is one for a contact; the other is named by a refusal, and a new one follows its end', async () => {
        const flow = await lookupAt('/hangs')
        acme.answer('/hangs/1', { delay_ms: 100 })
        const { executions } = studio().flows(flow.sid)
        const contact = { to: '+33600000001', from: '+3726000', parameters: { order_id: '1' } }
        const first = await executions.create(contact)
        const refused = await executions.create(contact).catch((error) => error)
        expect(refused).toMatchObject({ status: 409, code: 20409, details: { conflicting_execution_sid: first.sid } })
        expect((await executions(first.sid).update({ status: 'ended' })).status).toBe('ended')
        const second = await executions.create(contact)
        expect((await executions.list({ status: 'active' } as never)).map(({ sid }) => sid)).toEqual([second.sid])
        expect((await executions.list({ dateCreatedTo: new Date('2026-03-01T00:00:00Z') })).length).toBe(0)
        expect((await executions.list({ dateCreatedFrom: new Date('2026-03-02T00:00:00Z') })).length).toBe(2)
        await executions(second.sid).remove()
        await expect(executions(second.sid).fetch()).rejects.toMatchObject({ status: 404 })
        await executions(first.sid).remove()
        expect(await executions.list()).toEqual([])
      })

      it.each([
        [{ To: '+1' }, 400, 20001, /From/],
        [{ To: '+1', From: '' }, 400, 20001, /Missing required parameter From in the post body/],
        [{ To: '+1', From: '+2', Parameters: '[1]' }, 400, 84004, /Parameters/],
        [{ To: '+1', From: '+2', Parameters: '{' }, 400, 84004, /Parameters/]
      ])('is not started with %j', async (form, status, code, message) => {
        const flow = await lookupAt('/never')
        const answer = await world.call(`/studio/v2/Flows/${flow.sid}/Executions`, form)
        expect(answer).toMatchObject({ status, body: { code, message: expect.stringMatching(message) } })
      })

      it('is not started while nothing is published', async () => {
        const definition = orderLookup('https://acme.example')
        const flow = await studio().flows.create({ friendlyName: 'Draft', status: 'draft', definition })
        await expect(studio().flows(flow.sid).executions.create({ to: '+1', from: '+2' })).rejects.toMatchObject({
          status: 400,
          code: 20001,
          message: `Flow ${flow.sid} has no published version`
        })
      })
    })

    describe('a conversation with a flow', () => {
      it('is led to an agent, who accepts; Event Streams tell of it', async () => {
        const { client } = world
        const sink = await client.events.v1.sinks.create({
          description: 'all',
          sinkConfiguration: { destination: `${acme.url}/events`, method: 'post', batch_events: false },
          sinkType: 'webhook'
        })
        const types = ['flow.execution.started', 'flow.execution.ended', 'flow.step.ended'].map((name) => ({
          type: `com.twilio.studio.${name}`
        }))
        await client.events.v1.subscriptions.create({ description: 'studio', sinkSid: sink.sid, types })
        const { taskrouterWorkspaceSid } = await client.flexApi.v1.configuration().fetch()
        const floor = client.taskrouter.v1.workspaces(taskrouterWorkspaceSid)
        const available = (await floor.activities.list()).find((one) => one.available)?.sid ?? ''
        await floor.workers.create({ friendlyName: 'nora', activitySid: available })
        const [workflow] = await floor.workflows.list()
        const flow = await studio().flows.create({
          friendlyName: 'Welcome',
          status: 'published',
          definition: greeter(String(workflow?.sid), 'chat')
        })
        const chat = await client.conversations.v1.conversations.create()
        const room = client.conversations.v1.conversations(chat.sid)
        await room.participants.create({ identity: 'ana' })
        await room.webhooks.create({ target: 'studio', 'configuration.flowSid': flow.sid })
        const write = async (body: string) => {
          await room.messages.create({ author: 'ana', body, xTwilioWebhookEnabled: 'true' })
          await world.pass(1)
        }
        await write('hello')
        // What is written over REST without a word to webhooks is not for the flow either.
        await room.messages.create({ author: 'system', body: 'note' })
        await write('Ana')
        await write('agent')
        const said = (await room.messages.list()).map(({ author, body }) => `${author}: ${body}`)
        expect(said).toEqual([
          'ana: hello',
          'system: Hi! What is your name?',
          'system: note',
          'ana: Ana',
          'system: Thanks Ana. Reply HOURS, ORDER or AGENT.',
          'ana: agent'
        ])
        expect(await room.webhooks.list()).toEqual([])
        const [task] = await floor.tasks.list()
        expect(JSON.parse(task?.attributes ?? '{}')).toMatchObject({
          topic: 'agent',
          customerName: 'Ana',
          conversationSid: chat.sid
        })
        const [reservation] = await floor.tasks(task?.sid ?? '').reservations.list()
        await floor
          .tasks(task?.sid ?? '')
          .reservations(reservation?.sid ?? '')
          .update({ reservationStatus: 'accepted' })
        expect((await room.participants.list()).map(({ identity }) => identity)).toEqual(['ana', 'nora'])
        const told = acme.to('/events').map(({ json }) => json[0])
        expect(told.map(({ type }) => type.replace('com.twilio.studio.flow.', ''))).toEqual([
          'execution.started',
          ...Array.from({ length: 5 }, () => 'step.ended'),
          'execution.ended'
        ])
        expect(told.at(-1).data).toMatchObject({
          flow_sid: flow.sid,
          status: 'ended',
          ended_reason: 'FLOW_END',
          contact_channel_address: chat.sid
        })
      })
    })
  })
