import { Writable } from 'node:stream'
import { pino } from 'pino'
import { afterEach, describe, expect, it } from 'vitest'
import type { PostgresPlace } from '../../store/places.ts'
import { databases } from '../../store/stores.ts'
import { type Phone, type Switchboard, switchboard } from '../../support/switchboard.ts'

/*
 * What people say and press on the phone is in no line of the server's log and in no event; and a customer can be erased,
 * with calls, recordings and whatever was sent of them.
 */

const keys = '7391528'
const words = 'My name is Rosenbaum'
const secrets = new RegExp(`${keys}|Rosenbaum`)
const customer = '+33612349900'
const others = '+33612349911'

for (const { name, available, place } of databases)
  describe.runIf(available)(`what is said on ${name}`, () => {
    let center: Switchboard
    let there: PostgresPlace | undefined
    const lines: string[] = []

    async function open(): Promise<void> {
      lines.length = 0
      const log = pino(
        { level: 'trace' },
        new Writable({
          write(chunk, _encoding, done) {
            lines.push(String(chunk))
            done()
          }
        })
      )
      there = await place()
      center = await switchboard({ log, ...(there && { database: there.url }) })
    }
    afterEach(async () => {
      await center.close()
      await there?.clear()
    })

    /** A caller presses keys, says something, leaves a message and waits for a worker, who records what both say. */
    async function calls(address: string): Promise<{ phone: Phone; agent: Phone; sid: string }> {
      const { here, hooks } = center
      const { workspaces } = here.client.taskrouter.v1
      const known = (await workspaces.list({ friendlyName: 'Floor' }))[0]
      const { sid: floor } =
        known ?? (await workspaces.create({ friendlyName: 'Floor', multiTaskEnabled: true, template: 'FIFO' }))
      const workspace = workspaces(floor)
      const [workflow] = await workspace.workflows.list()
      const available = (await workspace.activities.list()).find((one) => one.available)?.sid ?? ''
      const attributes = JSON.stringify({ contact_uri: 'client:ada' })
      if (!known) await workspace.workers.create({ friendlyName: 'Ada', activitySid: available, attributes })
      center.answers('/voice', (response) =>
        response.gather({ numDigits: keys.length, action: '/said', method: 'GET' })
      )
      center.answers('/said', (response) => response.gather({ input: ['speech'], action: '/broken' }))
      hooks.answer('/broken', { status: 500 })
      const phone = await center.phone(address)
      const sid = await phone.call(center.number)
      await phone.press(keys)
      await phone.speak(words)
      center.answers('/queue', (response) =>
        response.enqueue({ workflowSid: workflow?.sid as string }, undefined as never)
      )
      await here.client.calls(sid).update({ url: `${hooks.url}/queue` })
      await center.pass(0.1)
      const agents = await here.call('/ringdown/v1/Phones?Address=client:ada')
      if (agents.body.phones.length === 0) await center.phone('client:ada', { CallOutcome: 'answers' })
      const [task] = await workspace.tasks.list({ assignmentStatus: ['reserved'] })
      const reservations = workspace.tasks(task?.sid ?? '').reservations
      const [offer] = await reservations.list()
      await reservations(offer?.sid ?? '').update({ instruction: 'conference', conferenceRecord: 'true' })
      await center.pass(0.1)
      await phone.speak(words)
      await phone.hangUp()
      await reservations(offer?.sid ?? '').update({ reservationStatus: 'completed' })
      return { phone, agent: phone, sid }
    }

    const all = async (path: string) => {
      const { status, body } = await center.here.call(path)
      expect(status).toBe(200)
      return JSON.stringify(body)
    }
    const deliveries = async () => {
      const { body } = await center.here.call('/ringdown/v1/Deliveries?PageSize=200')
      const rows = body.deliveries as { sid: string }[]
      return Promise.all(rows.map(async ({ sid }) => all(`/ringdown/v1/Deliveries/${sid}`)))
    }

    it('is in no line of the log, whatever goes wrong, and in no event', async () => {
      await open()
      const { sid } = await calls(customer)
      const { here, hooks } = center
      expect(hooks.to('/said')[0]?.url).toContain(keys)
      expect(hooks.to('/broken')[0]?.form.SpeechResult).toBe(words)
      await here.call(`/2010-04-01/Accounts/${here.running.credentials.account_sid}/Calls/${sid}.json`)
      expect(lines.length).toBeGreaterThan(20)
      expect(lines.filter((line) => secrets.test(line))).toEqual([])
      expect(await all('/ringdown/v1/Events?since=PT1H&limit=1000&wait_s=0')).not.toMatch(secrets)
      expect(await all('/ringdown/v1/Debugger?PageSize=100')).not.toMatch(secrets)
    })

    it('goes with a customer who is erased: calls, recordings on either leg, and what was sent', async () => {
      await open()
      const { here } = center
      const { sid } = await calls(customer)
      const kept = await calls(others)
      expect((await here.client.recordings.list()).length).toBe(2)
      expect((await deliveries()).join()).toMatch(secrets)
      const erased = await here.call('/ringdown/v1/Insights/Erasures', { Customer: customer })
      expect(erased).toMatchObject({ status: 201, body: { calls: 1 } })
      await here.pass(130)
      await expect(here.client.calls(sid).fetch()).rejects.toMatchObject({ status: 404 })
      expect((await here.client.calls(kept.sid).fetch()).from).toBe(others)
      expect((await here.client.recordings.list()).length).toBe(1)
      const { body: log } = await here.call('/ringdown/v1/Events?since=PT1H&limit=1000&wait_s=0')
      const events = (log.events as { type: string }[]).filter(({ type }) => type.includes('call.'))
      expect(events.length).toBeGreaterThan(10)
      expect(JSON.stringify(events).includes(customer)).toBe(false)
      expect(JSON.stringify(events).includes(others)).toBe(true)
      const told = (await deliveries()).filter((text) => text.includes(sid))
      expect(told.length).toBeGreaterThan(2)
      expect(secrets.test(told.join()) || told.join().includes(customer.slice(1))).toBe(false)
      const { body } = await here.call(`/ringdown/v1/Phones?Address=${encodeURIComponent(customer)}`)
      expect(await all(`/ringdown/v1/Phones/${body.phones[0].sid}/Heard`)).not.toContain(sid)
    })

    it('stays while a call goes on', async () => {
      await open()
      const { here } = center
      center.answers('/voice', (response) => response.pause({ length: 60 }))
      const phone = await center.phone(customer)
      const sid = await phone.call(center.number)
      expect((await here.call('/ringdown/v1/Insights/Erasures', { Customer: customer })).body.calls).toBe(0)
      expect((await here.client.calls(sid).fetch()).from).toBe(customer)
      await phone.hangUp()
      expect((await here.call('/ringdown/v1/Insights/Erasures', { Customer: customer })).body.calls).toBe(1)
    })
  })
