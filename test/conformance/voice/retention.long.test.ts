import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { LegEvent } from '@ringdown/contract/voice-leg'
import { afterEach, expect, it } from 'vitest'
import { type Switchboard, switchboard } from '../../support/switchboard.ts'

/* How long calls and what was recorded of them are kept (reference voice 1 and 8). */

const day = 86_400
let center: Switchboard
afterEach(() => center.close())

it('calls, recordings and what phones have heard are kept for 400 days', async () => {
  center = await switchboard()
  const { here } = center
  center.answers('/voice', (response) => response.record({ timeout: 3, playBeep: false }))
  const phone = await center.phone('+33612349900')
  const sid = await phone.call(center.number)
  await phone.speak('My order')
  await phone.hangUp()
  const [recording] = await here.client.recordings.list()
  await here.pass(399 * day)
  expect((await here.client.calls(sid).fetch()).status).toBe('completed')
  expect((await here.client.recordings(recording?.sid ?? '').fetch()).status).toBe('completed')
  expect(await phone.heard()).not.toEqual([])
  await here.pass(2 * day)
  await expect(here.client.calls(sid).fetch()).rejects.toMatchObject({ status: 404 })
  await expect(here.client.recordings(recording?.sid ?? '').fetch()).rejects.toMatchObject({ status: 404 })
  expect(await phone.heard()).toEqual([])
}, 240_000)

it('the sound of a recording goes with it: the row of its file, and the file itself', async () => {
  center = await switchboard()
  const { here } = center
  const { account_sid } = here.running.credentials
  const account = await here.running.account
  const files = async () => {
    const found = await readdir(join(here.folder, 'media', account_sid), { recursive: true })
    return found.filter((name) => /[0-9a-f]{64}$/.test(name))
  }
  const { defaultChatServiceSid } = await here.client.conversations.v1.configuration().fetch()
  /** A call whose recording has a file of its own, as whoever has the sound reports it. */
  const recorded = async (text: string) => {
    const media = await here.call(`/mcs/v1/Services/${defaultChatServiceSid}/Media`, undefined, {
      method: 'POST',
      body: `RIFF ${text}`,
      headers: { 'content-type': 'audio/x-wav' }
    })
    const verbs = [{ verb: 'Pause', attributes: { length: '60' } }]
    const made = await account.execute({ type: 'call.create', to: 'client:ada', from: 'client:center', verbs })
    const { sid: call_sid } = made.call
    const tell = (number: number, event: LegEvent) => account.execute({ type: 'call.report', call_sid, number, event })
    await tell(1, { type: 'answered', device: 'desk' })
    const { recording } = await account.execute({ type: 'recording.create', call_sid })
    await account.execute({ type: 'call.update', sid: call_sid, status: 'completed' })
    await tell(2, { type: 'recorded', sid: recording.sid, file: media.body.sid, ms: 1000 })
    return { sid: recording.sid, media_sid: media.body.sid as string }
  }
  const sound = ({ sid }: { readonly sid: string }) =>
    fetch(`${here.running.url}/2010-04-01/Accounts/${account_sid}/Recordings/${sid}.wav`, {
      headers: { authorization: here.authorization }
    })
  const [kept, deleted] = [await recorded('first'), await recorded('second')]
  expect(await (await sound(kept)).text()).toBe('RIFF first')
  expect(await files()).toHaveLength(2)
  // One that is deleted is swept within minutes.
  await here.client.recordings(deleted.sid).remove()
  await here.pass(700)
  expect(await files()).toHaveLength(1)
  await here.pass(399 * day)
  expect((await sound(kept)).status).toBe(200)
  await here.pass(2 * day)
  expect((await sound(kept)).status).toBe(404)
  expect(await account.find('media', { sid: kept.media_sid })).toEqual([])
  expect(await files()).toEqual([])
}, 240_000)
