import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInflate, inflateSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type Receiver, receiver } from '../../support/receiver.ts'
import { type World, world } from '../../support/world.ts'

/*
 * What a customer has removed is gone a minute later from wherever Ringdown keeps it: the log, the feed, what was sent and
 * what still waits to be sent. What happened stays in the log, without the words. All that is to go begins with `secret-`.
 */

/** Whatever was deflated and can be read in a file, or the beginning of it, also where it is free. */
async function inflatedIn(bytes: Buffer): Promise<string> {
  const texts: string[] = []
  const head = Buffer.from([0x78, 0x01])
  for (let at = bytes.indexOf(head); at >= 0; at = bytes.indexOf(head, at + 1)) {
    const inflating = createInflate()
    inflating.on('data', (text: Buffer) => texts.push(text.toString()))
    // What follows it in the file is no part of it.
    await new Promise((resolve) =>
      inflating
        .on('error', resolve)
        .on('end', resolve)
        .end(bytes.subarray(at, at + 65_536))
    )
  }
  return texts.join()
}

for (const { name, available, place } of databases)
  describe.runIf(available)(`text of what was removed, on ${name}`, () => {
    const opened: { close(): Promise<void> }[] = []
    let creates = 0
    afterEach(async () => {
      for (const one of opened.splice(0).reverse()) await one.close()
    })

    async function floor(): Promise<{ here: World; there: PostgresPlace | undefined; customer: Receiver }> {
      const there = await place()
      if (there) opened.push({ close: () => there.clear() })
      const here = await world({ ...(there && { database: there.url }) })
      await here.running.account
      opened.push(here)
      const customer = await receiver({ auth_token: here.running.credentials.auth_token })
      opened.push(customer)
      return { here, there, customer }
    }

    interface Told {
      readonly sid: string
      readonly type: string
      readonly resource_sid: string
    }

    const feed = async ({ call }: World): Promise<Told[]> =>
      (await call('/ringdown/v1/Events?since=PT2H&limit=1000')).body.events
    const outline = (events: readonly Told[]) => events.map(({ sid, type, resource_sid }) => [sid, type, resource_sid])

    /** Places in a text where something is that should be gone. */
    const secrets = (text: string) => text.match(/.{0,60}(secret-|\+15005550006).{0,40}/g) ?? []

    /** Everything that is kept, as text. */
    async function kept({ folder }: World, there: PostgresPlace | undefined): Promise<string> {
      if (there) {
        const rows: unknown[] = []
        for (const table of ['log_block', 'delivery', 'row', 'kept_answer', 'note', 'service_binding'])
          rows.push(await there.query(`select * from ${table}`))
        const texts = (await there.query('select data from log_text')) as { data: Buffer }[] // as: selected so
        return JSON.stringify(rows) + texts.map(({ data }) => inflateSync(data).toString()).join()
      }
      const files = (await readdir(folder)).filter((file) => file.startsWith('ringdown.sqlite'))
      const contents = await Promise.all(files.map((file) => readFile(join(folder, file))))
      const texts = await Promise.all(contents.map(inflatedIn))
      return [...contents.map((bytes) => bytes.toString('latin1')), ...texts].join()
    }

    const queued = async ({ call }: World): Promise<number> =>
      (await call('/ringdown/v1/Deliveries?state=queued&PageSize=1000')).body.deliveries.length

    const v1 = '/conversations/v1'
    const told = { headers: { 'x-twilio-webhook-enabled': 'true' } }
    const remove = { method: 'DELETE', ...told }

    /** Conversations that go, one of them made by a message from outside, one that stays with a message and a participant that go, and a user and a service. */
    async function story({ call, running }: World): Promise<void> {
      const made = async (path: string, form: Record<string, string>): Promise<string> => {
        // The answers to creates with a key are kept for a day.
        const keyed = { headers: { ...told.headers, 'idempotency-key': `key ${++creates}` } }
        const { status, body } = await call(path.startsWith('/ringdown') ? path : v1 + path, form, keyed)
        expect([path, status]).toEqual([path, 201])
        return body.sid
      }
      const long = `secret-${'and so on '.repeat(3_000)}`
      const goes = await made('/Conversations', {
        FriendlyName: 'secret-name',
        UniqueName: 'secret-unique',
        Attributes: '{"name":"secret-attribute"}'
      })
      await made(`/Conversations/${goes}/Participants`, {
        'MessagingBinding.Address': '+15005550006',
        'MessagingBinding.ProxyAddress': '+15005550001'
      })
      await made(`/Conversations/${goes}/Participants`, { Identity: 'secret-ada' })
      await made(`/Conversations/${goes}/Messages`, {
        Body: 'secret-body',
        Author: 'secret-author',
        Attributes: '{"a":"secret-x"}'
      })
      await made(`/Conversations/${goes}/Messages`, { Body: long.slice(0, 1_500), Author: 'secret-ada' })
      await made(`/ringdown/v1/Conversations/${goes}/Notes`, {
        Body: 'secret-note',
        Author: 'secret-amelie',
        Mentions: 'secret-emil'
      })
      const stays = await made('/Conversations', { FriendlyName: 'kept-name', Attributes: '{"name":"kept-attribute"}' })
      await made(`/Conversations/${stays}/Messages`, { Body: 'kept-body', Author: 'kept-author' })
      const message = await made(`/Conversations/${stays}/Messages`, { Body: 'secret-slip', Author: 'kept-author' })
      const noted = `/ringdown/v1/Conversations/${stays}/Notes`
      const note = await made(noted, { Body: 'secret-slip of a note' })
      const participant = await made(`/Conversations/${stays}/Participants`, {
        Identity: 'secret-eve',
        Attributes: '{"b":"secret-y"}'
      })
      const user = await made('/Users', { Identity: 'secret-user', FriendlyName: 'secret-friend' })
      const account = (await running.account) ?? expect.fail('the account is open')
      const { sid: credential_sid } = (await call(`${v1}/Credentials`, { Type: 'fcm', Secret: 'secret-fcm' })).body
      const { chat_service_sid } = (await call(`${v1}/Users/${user}`)).body
      const device = { binding_type: 'fcm', endpoint: 'secret-device', credential_sid, chat_service_sid } as const
      await account.execute({ type: 'service_binding.register', identity: 'secret-user', ...device })
      await made('/Configuration/Addresses', { Type: 'sms', Address: '+15005550002', 'AutoCreation.Enabled': 'true' })
      const first = { from: '+15005550006', to: '+15005550002', body: 'secret-first', profile_name: 'secret-profile' }
      const { conversation, message: said } = await account.execute({ type: 'conversation.receive', ...first })
      await account.execute({
        type: 'message_receipt.create',
        message_sid: said?.sid ?? '',
        participant_sid: participant,
        channel_message_sid: null
      })
      const service = await made('/Services', { FriendlyName: 'kept-service' })
      const closed = await made(`/Services/${service}/Conversations`, { FriendlyName: 'secret-closed' })
      await call(`${v1}/Services/${service}/Conversations/${closed}`, { State: 'closed' }, told)
      for (const path of [
        `/Conversations/${goes}`,
        `/Conversations/${conversation?.sid}`,
        `/Conversations/${stays}/Messages/${message}`,
        `/Conversations/${stays}/Participants/${participant}`,
        `/Users/${user}`,
        `/Services/${service}`
      ])
        expect([path, (await call(v1 + path, undefined, remove)).status]).toEqual([path, 204])
      expect((await call(`${noted}/${note}`, undefined, remove)).status).toBe(204)
      // Users come by themselves with participants, and stay when those go.
      for (const identity of ['secret-ada', 'secret-eve']) await call(`${v1}/Users/${identity}`, undefined, remove)
    }

    it('is not in the log any more, nor in what was sent or waits to be sent', { timeout: 60_000 }, async () => {
      const { here, there, customer } = await floor()
      const { call } = here
      customer.answer('/away', { status: 503 })
      const filters = [
        'onMessageAdded',
        'onMessageRemoved',
        'onConversationAdded',
        'onConversationRemoved',
        'onParticipantAdded',
        'onUserAdded'
      ]
      await call(`${v1}/Configuration/Webhooks`, { PostWebhookUrl: `${customer.url}/us`, Filters: filters })
      const sink = await call('/events/v1/Sinks', {
        Description: 'lake',
        SinkType: 'webhook',
        SinkConfiguration: JSON.stringify({ destination: `${customer.url}/away`, method: 'POST', batch_events: false })
      })
      const Types = JSON.stringify({ type: 'com.twilio.conversations.message.added', schema_version: 1 })
      const streamed = await call('/events/v1/Subscriptions', { Description: 'all', SinkSid: sink.body.sid, Types })
      expect(streamed.status).toBe(201)
      await story(here)
      await here.pass(0)
      // Whoever follows the log has a minute.
      const before = await feed(here)
      expect(JSON.stringify(before)).toContain('secret-body')
      expect(JSON.stringify(customer.to('/us').map(({ form }) => form))).toContain('secret-body')
      expect(await queued(here)).toBeGreaterThan(1)

      await here.pass(61)
      const after = await feed(here)
      expect(outline(after).slice(0, before.length)).toEqual(outline(before))
      expect(secrets(JSON.stringify(after))).toEqual([])
      expect(secrets(JSON.stringify(after))).toEqual([])
      for (const text of ['kept-name', 'kept-attribute', 'kept-body', 'kept-author'])
        expect(JSON.stringify(after)).toContain(text)
      const { deliveries } = (await call('/ringdown/v1/Deliveries?PageSize=1000')).body
      expect(deliveries.length).toBeGreaterThan(5)
      expect(secrets(JSON.stringify(deliveries))).toEqual([])
      if (there) expect(secrets(await kept(here, there))).toEqual([])
      await here.running.close()
      // Nor is it in what is free in the file.
      expect(secrets(await kept(here, there))).toEqual([])
      expect(await kept(here, there)).toContain('kept-body')
    })

    it('is gone a minute after a restart as well, and not before', async () => {
      const there = await place()
      if (there) opened.push({ close: () => there.clear() })
      const first = await world({ ...(there && { database: there.url }) })
      opened.push(first)
      await first.running.account
      const { body } = await first.call(`${v1}/Conversations`, { FriendlyName: 'secret-name' })
      await first.call(`${v1}/Conversations/${body.sid}`, undefined, { method: 'DELETE' })
      await first.pass(30)
      await first.running.close()
      const again = await world({
        data: first.folder,
        at: first.running.clock?.now(),
        ...(there && { database: there.url })
      })
      opened.push(again)
      await again.running.account
      expect(JSON.stringify(await feed(again))).toContain('secret-name')
      await again.pass(61)
      expect(JSON.stringify(await feed(again))).not.toContain('secret-name')
    })
  })
