import { Sight } from '@ringdown/server/access/sight'
import type { Context } from '@ringdown/server/operations/handler'
import { searchHandlers } from '@ringdown/server/operations/ringdown/search'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type World, world } from '../../support/world.ts'

/* The command bar: one box for SIDs, names, addresses and unique names, and nobody finds what is not theirs. */

for (const { name, available, place } of databases)
  describe.runIf(available)(`search on ${name}`, () => {
    let here: World
    let there: PostgresPlace | undefined
    let workspace: string
    let nora: string
    let task: string
    const conversations: Record<string, string> = {}

    beforeAll(async () => {
      there = await place()
      here = await world({ ...(there && { database: there.url }) })
      await here.running.account
      const { client } = here
      workspace = (await client.flexApi.v1.configuration().fetch()).taskrouterWorkspaceSid
      const floor = client.taskrouter.v1.workspaces(workspace)
      nora = (await floor.workers.create({ friendlyName: 'nora' })).sid
      await floor.workers.create({ friendlyName: 'Noah Nordström' })
      await floor.taskQueues.create({ friendlyName: 'North' })
      task = (await floor.tasks.create({ attributes: '{}', taskChannel: 'chat' })).sid
      for (const [own, form, participant] of [
        ['hers', { UniqueName: 'order-1', FriendlyName: 'Norway order' }, { Identity: 'nora' }],
        ['theirs', { UniqueName: 'order-2' }, { Identity: 'emil' }],
        [
          'closed',
          { FriendlyName: 'Norwegian' },
          { 'MessagingBinding.Address': '+37255500001', 'MessagingBinding.ProxyAddress': '+37260000' }
        ]
      ] as const) {
        const { sid } = (await here.call('/conversations/v1/Conversations', form)).body
        await here.call(`/conversations/v1/Conversations/${sid}/Participants`, { ...participant })
        if (own === 'closed')
          await here.call(`/conversations/v1/Conversations/${sid}/Participants`, {
            'MessagingBinding.Address': 'whatsapp:+37255500002',
            'MessagingBinding.ProxyAddress': 'whatsapp:+37260000'
          })
        conversations[own] = sid
      }
      await here.call(`/conversations/v1/Conversations/${conversations.closed}`, { State: 'closed' })
    })
    afterAll(async () => {
      await here.close()
      await there?.clear()
    })

    async function search(query: string, more = '', authorization = here.authorization) {
      const path = `/ringdown/v1/Workspaces/${workspace}/Search?Query=${encodeURIComponent(query)}${more}`
      return here.call(path, undefined, { headers: { authorization } })
    }

    const names = async (query: string, authorization?: string) =>
      (await search(query, '', authorization)).body.results.map(
        ({ type, name, sid, matched }: { type: string; name: string | null; sid: string; matched: string }) =>
          `${type} ${name ?? sid} by ${matched}`
      )

    it('finds a number however it is written, and on the channels that have numbers', async () => {
      for (const query of ['+37255500001', '+372 555 00001', '+37255500002', 'whatsapp:+372 555 00002'])
        expect(await names(query)).toEqual(['conversation Norwegian by address'])
    })

    it('finds names in part and in any letter case, whole ones first', async () => {
      expect(await names('NOR')).toEqual([
        'worker nora by friendly_name',
        'task_queue North by friendly_name',
        'conversation Norway order by friendly_name',
        'worker Noah Nordström by friendly_name'
      ])
      expect(await names('nordstro\u0308m')).toEqual(['worker Noah Nordström by friendly_name'])
      expect(await names('n')).toEqual([])
      expect((await search('nor', '&Limit=2')).body).toMatchObject({ is_complete: false, results: [{}, {}] })
    })

    it('finds SIDs, unique names, addresses and identities whole, in closed conversations too', async () => {
      expect(await names(nora)).toEqual(['worker nora by sid'])
      expect(await names(task)).toEqual([`task ${task} by sid`])
      expect(await names(conversations.closed as string)).toEqual(['conversation Norwegian by sid'])
      expect(await names('order-2')).toEqual(['conversation order-2 by unique_name'])
      expect(await names('+37255500001')).toEqual(['conversation Norwegian by address'])
      expect(await names('emil')).toEqual(['conversation order-2 by identity', 'user emil by identity'])
      const { messages } = here.client.conversations.v1.conversations(conversations.hers as string)
      const message = await messages.create({ body: 'Hello', author: 'nora' })
      expect((await search(message.sid)).body.results).toMatchObject([
        { type: 'message', sid: message.sid, conversation_sid: conversations.hers }
      ])
      expect(await names(`WT${'0'.repeat(32)}`)).toEqual([])
    })

    it('shows an agent the own conversations and tasks only, and names of the floor', async () => {
      const account = await here.running.account
      const standing = {
        kind: 'roles',
        roles: [],
        workspace_sid: workspace,
        worker_sid: nora,
        identity: 'nora'
      } as const
      const sight = new Sight(account.state, { ...standing, chat_service_sid: undefined }, undefined)
      const context = { ledger: account, state: account.state, sight } as unknown as Context // what a search asks of it
      const own = async (query: string) => {
        const call = { path: { workspace_sid: workspace }, params: { query }, page: null }
        const { results } = await searchHandlers['ringdown_v1.FetchSearch'](call, context)
        return results.map(({ type, name }) => `${type} ${name}`)
      }
      expect(await own('order-1')).toEqual(['conversation Norway order'])
      expect(await own('nor')).toEqual([
        'worker nora',
        'task_queue North',
        'conversation Norway order',
        'worker Noah Nordström'
      ])
      for (const query of [
        'order-2',
        '+37255500001',
        conversations.theirs as string,
        conversations.closed as string,
        task
      ])
        expect(await own(query)).toEqual([])
    })

    it('is no part of what a grant of TaskRouter alone lets in to', async () => {
      const { account_sid, auth_token } = here.running.credentials
      const token = new twilio.jwt.AccessToken(account_sid, account_sid, auth_token, { identity: 'nora', ttl: 600 })
      const grant = { workspaceSid: workspace, workerSid: nora, role: 'worker' }
      token.addGrant(new twilio.jwt.AccessToken.TaskRouterGrant(grant))
      expect((await search('nor', '', `Bearer ${token.toJwt()}`)).status).toBe(403)
    })

    it('refuses what is nothing to look for', async () => {
      expect((await search('')).status).toBe(400)
      expect((await search('  ')).status).toBe(400)
      expect((await search('x'.repeat(257))).status).toBe(400)
      expect((await search('x', '&Limit=101')).status).toBe(400)
    })
  })
