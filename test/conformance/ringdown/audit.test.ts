import { defaultSettings } from '@ringdown/engine/settings'
import twilio from 'twilio'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type World, world } from '../../support/world.ts'

/* Who has changed what: kept as long as it is said, and of customers no longer than they are users. */

const { AccessToken } = twilio.jwt
for (const { name, available, place } of databases)
  describe.runIf(available)(`the audit on ${name}`, () => {
    let here: World
    let there: PostgresPlace | undefined
    let key: { sid: string; secret: string }
    beforeAll(async () => {
      there = await place()
      const settings = { ...defaultSettings, audit: { kept_days: 2 } }
      here = await world({ settings, ...(there && { database: there.url }) })
      await here.running.account
      key = await here.client.newKeys.create({ friendlyName: 'program' })
    })
    afterAll(async () => {
      await here.close()
      await there?.clear()
    })

    const actors = async () => {
      const { body } = await here.call('/ringdown/v1/Audit?PageSize=1000')
      return (body.audit_entries as { actor_sid: string; command: string }[]).map(({ actor_sid, command }) => [
        actor_sid,
        command
      ])
    }

    async function customer(identity: string): Promise<string> {
      const { account_sid } = here.running.credentials
      const { body } = await here.call('/conversations/v1/Configuration')
      const token = new AccessToken(account_sid, key.sid, key.secret, { identity, ttl: 600 })
      token.addGrant(new AccessToken.ChatGrant({ serviceSid: body.default_chat_service_sid }))
      return `Bearer ${token.toJwt()}`
    }

    it('forgets a customer who is no user any more, in its entries and in what is told of its deeds', async () => {
      const conversations = '/conversations/v1/Conversations'
      const { body: conversation } = await here.call(conversations, {})
      for (const Identity of ['ann', 'ben']) {
        await here.call(`${conversations}/${conversation.sid}/Participants`, { Identity })
        const authorization = await customer(Identity)
        const sent = await here.call(
          `${conversations}/${conversation.sid}/Messages`,
          { Body: 'Hello' },
          { headers: { authorization } }
        )
        expect(sent.status).toBe(201)
      }
      const basic = `Basic ${Buffer.from(`${key.sid}:${key.secret}`).toString('base64')}`
      await here.call(conversations, {}, { headers: { authorization: basic } })
      expect(await actors()).toEqual([
        [key.sid, 'conversation.create'],
        ['ben', 'message.create'],
        ['ann', 'message.create']
      ])
      const { body: users } = await here.call('/conversations/v1/Users')
      const ann = users.users.find((one: { identity: string }) => one.identity === 'ann')
      await here.call(`/conversations/v1/Users/${ann.sid}`, undefined, { method: 'DELETE' })
      await here.pass(59)
      expect(await actors()).toHaveLength(3)
      await here.pass(10)
      expect((await actors()).map(([who]) => who)).toEqual([key.sid, 'ben'])
      await here.call(`${conversations}/${conversation.sid}`, undefined, { method: 'DELETE' })
      await here.pass(70)
      const { body: feed } = await here.call('/ringdown/v1/Events?since=PT1H&wait_s=0&limit=1000&types=message.*')
      expect(feed.events).toHaveLength(2)
      expect(JSON.stringify(feed.events)).not.toMatch(/"ann"|"ben"/)
    })

    it('says who has erased a customer, and not whom', async () => {
      const authorization = `Basic ${Buffer.from(`${key.sid}:${key.secret}`).toString('base64')}`
      await here.call('/ringdown/v1/Insights/Erasures', { Customer: '+37255500001' }, { headers: { authorization } })
      const { body } = await here.call('/ringdown/v1/Audit?PageSize=1')
      expect(body.audit_entries).toMatchObject([{ actor_sid: key.sid, command: 'customer.erase', subject_sid: null }])
      expect(JSON.stringify(body.audit_entries)).not.toContain('372555')
    })

    it('forgets what is older than it is to be kept', async () => {
      await here.pass(86_400)
      expect((await actors()).length).toBeGreaterThan(0)
      await here.pass(2 * 86_400)
      expect(await actors()).toEqual([])
    })
  })
