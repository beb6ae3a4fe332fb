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
