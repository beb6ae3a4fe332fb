import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { type Receiver, receiver } from '../support/receiver.ts'
import { type World, world } from '../support/world.ts'

/*
 * Journey (d): what happens in the contact center is told to somebody outside, who is slow, broken or away, and gets it
 * all the same.
 */

let here: World
let customer: Receiver

beforeEach(async () => {
  here = await world()
  customer = await receiver({ auth_token: here.running.credentials.auth_token })
})
afterEach(async () => {
  await here.close()
  await customer.close()
})

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Shown = any

/** A workspace that tells an address what happens in it; its path in the API. */
async function workspace(EventCallbackUrl = `${customer.url}/events`): Promise<string> {
  const { status, body } = await here.call('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', EventCallbackUrl })
  expect(status).toBe(201)
  await here.pass(0)
  return `/taskrouter/v1/Workspaces/${body.sid}`
}

async function activity(floor: string, FriendlyName: string): Promise<void> {
  const { status } = await here.call(`${floor}/Activities`, { FriendlyName, Available: 'false' })
  expect(status).toBe(201)
}

async function list(query = ''): Promise<Shown> {
  const { status, body } = await here.call(`/ringdown/v1/Deliveries?${query}`)
  expect(status).toBe(200)
  return body
}

async function only(query: string): Promise<Shown> {
  const { deliveries } = await list(query)
  expect(deliveries).toHaveLength(1)
  const { status, body } = await here.call(`/ringdown/v1/Deliveries/${deliveries[0].sid}`)
  expect(status).toBe(200)
  return body
}

describe('a workspace with an event callback', () => {
  it('has everything told, signed, each event once', async () => {
    const floor = await workspace()
    customer.clear()
    for (let n = 0; n < 20; n++) await activity(floor, `Lunch ${n}`)
    await here.pass(0)
    const told = customer.to('/events')
    expect(told.every(({ isSigned }) => isSigned)).toBe(true)
    expect(told.map(({ form }) => form.ActivityName).sort()).toEqual(
      Array.from({ length: 20 }, (_, n) => `Lunch ${n}`).sort()
    )
    expect(new Set(told.map(({ form }) => form.Sid)).size).toBe(20)
    expect(new Set(told.map(({ token }) => token)).size).toBe(20)
    const { deliveries } = await list('EventType=activity.created&State=delivered&PageSize=1000')
    expect(deliveries.filter(({ attempts }: Shown) => attempts === 1).length).toBeGreaterThanOrEqual(20)
  })

  it('does not wait for it: requests are answered while the receiver hangs', async () => {
    customer.answer('/events', { hang: true })
    const floor = await here
      .call('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', EventCallbackUrl: `${customer.url}/events` })
      .then(({ body }) => `/taskrouter/v1/Workspaces/${body.sid}`)
    await activity(floor, 'Lunch')
    await customer.until(({ length }) => length > 0)
    await activity(floor, 'Supper')
    expect((await list('State=queued')).deliveries.length).toBeGreaterThan(0)
  })

  it.each<[string, Parameters<Receiver['answer']>[1], number, string]>([
    ['answers 500', { status: 500 }, 1, 'answered 500'],
    ['answers 404', { status: 404 }, 1, 'answered 404'],
    ['closes the connection', { by: (response) => response.destroy() }, 2, 'connection'],
    ['sends on to nowhere', { status: 301, headers: { Location: 'ftp://a.example/' } }, 1, 'redirect']
  ])('whose receiver %s has it shown what came of its event', async (_what, reply, attempts, error) => {
    const floor = await workspace()
    customer.answer('/events', reply)
    customer.clear()
    await activity(floor, 'Lunch')
    await here.pass(60)
    const [{ event_sid }] = (await list('EventType=activity.created&PageSize=1')).deliveries
    const shown = await only(`EventSid=${event_sid}`)
    expect(shown).toMatchObject({
      state: 'failed',
      attempts,
      kind: 'taskrouter_event',
      destination: `${customer.url}/events`
    })
    expect(shown.last_error).toContain(error)
    expect(shown.last_attempts).toHaveLength(attempts)
    expect(shown.message.parameters).toContainEqual(['ActivityName', 'Lunch'])
    expect(customer.requests).toHaveLength(attempts)
    expect(new Set(customer.requests.map(({ token }) => token))).toEqual(new Set([shown.sid]))
  })

  it('is asked once when a great answer comes, and the answer is not read to its end', async () => {
    const floor = await workspace()
    let written = 0
    customer.answer('/events', {
      by: (response) => {
        response.writeHead(200)
        const more = () => {
          while (written < 10_000_000 && !response.destroyed) {
            written += 100_000
            if (!response.write(Buffer.alloc(100_000))) return void response.once('drain', more)
          }
          response.end()
        }
        more()
      }
    })
    await activity(floor, 'Lunch')
    await here.pass(0)
    const [shown] = (await list('EventType=activity.created&PageSize=1')).deliveries
    expect(shown).toMatchObject({ state: 'delivered', attempts: 1 })
    expect(written).toBeLessThan(10_000_000)
  })
})

describe('deliveries', () => {
  it('are listed by what they are, latest first, a page at a time', async () => {
    const floor = await workspace()
    for (let n = 0; n < 7; n++) await activity(floor, `Lunch ${n}`)
    await here.pass(0)
    const all = (await list('PageSize=1000')).deliveries
    const created = await list('EventType=activity.created&Kind=taskrouter_event&PageSize=3')
    expect(created.meta).toMatchObject({ key: 'deliveries', page: 0, page_size: 3, previous_page_url: null })
    const pages: Shown[] = [created]
    for (let page = created; page.meta.next_page_url; ) {
      page = (await here.call(page.meta.next_page_url.slice(here.running.url.length))).body
      pages.push(page)
    }
    const listed = pages.flatMap(({ deliveries }) => deliveries)
    expect(listed).toEqual(all.filter(({ event_type }: Shown) => event_type === 'activity.created'))
    expect(listed.length).toBeGreaterThanOrEqual(7)
    const back = await here.call(pages[1].meta.previous_page_url.slice(here.running.url.length))
    expect(back.body.deliveries).toEqual(pages[0].deliveries)

    const receiver_sid = floor.split('/').at(-1)
    expect((await list(`Receiver=${receiver_sid}&PageSize=1000`)).deliveries).toEqual(all)
    expect(
      (await list(`Destination=${encodeURIComponent(`${customer.url}/events`)}&PageSize=1000`)).deliveries
    ).toEqual(all)
    expect((await list('Destination=https://nowhere.example')).deliveries).toEqual([])
    expect((await list(`EventSid=EV${'0'.repeat(32)}`)).deliveries).toEqual([])
    expect((await here.call('/ringdown/v1/Deliveries?State=lost')).status).toBe(400)
    expect((await here.call('/ringdown/v1/Deliveries?PageSize=0')).status).toBe(400)
    expect((await here.call('/ringdown/v1/Deliveries?PageToken=x')).status).toBe(400)
  })

  it('are sent again on demand, under the same token', async () => {
    const floor = await workspace()
    customer.answer('/events', [{ status: 400 }, {}])
    customer.clear()
    await activity(floor, 'Lunch')
    await here.pass(0)
    const failed = await only('State=failed')
    const path = `/ringdown/v1/Deliveries/${failed.sid}`
    const again = await here.call(path, {})
    expect(again).toMatchObject({ status: 202, body: { sid: failed.sid, state: 'queued', attempts: 1 } })
    await here.pass(0)
    expect((await here.call(path)).body).toMatchObject({ state: 'delivered', attempts: 2, last_error: null })
    expect(customer.requests.map(({ token }) => token)).toEqual([failed.sid, failed.sid])
    expect(customer.requests[1]?.raw).toBe(customer.requests[0]?.raw)
  })

  it('cannot be sent again while they are queued', async () => {
    const floor = await workspace()
    customer.answer('/events', { by: (response) => response.destroy() })
    await activity(floor, 'Lunch')
    await here.pass(0)
    const queued = await only('State=queued')
    expect(queued).toMatchObject({ attempts: 1, date_finished: null })
    expect(Date.parse(queued.date_due)).toBeGreaterThan(Date.parse(queued.date_created))
    const { status, body } = await here.call(`/ringdown/v1/Deliveries/${queued.sid}`, {})
    expect({ status, code: body.code }).toEqual({ status: 409, code: 20409 })
  })

  it('do not show the credentials that their receiver asks for', async () => {
    const floor = await workspace(customer.url.replace('//', '//me:secret@').concat('/private'))
    await activity(floor, 'Lunch')
    await here.pass(0)
    expect(customer.to('/private')[0]?.headers.authorization).toMatch(/^Basic /)
    const { deliveries } = await list()
    const { body } = await here.call(`/ringdown/v1/Deliveries/${deliveries[0].sid}`)
    expect(JSON.stringify([deliveries, body])).not.toContain('secret')
    expect(body.message.url).toContain('redacted@')
  })

  it('have the envelopes of the APIs where there is nothing', async () => {
    const none = await here.call(`/ringdown/v1/Deliveries/DV${'0'.repeat(32)}`)
    expect(none).toMatchObject({ status: 404, body: { code: 20404 } })
    expect(await here.call(`/ringdown/v1/Deliveries/DV${'0'.repeat(32)}`, {})).toMatchObject({ status: 404 })
    const wrong = await here.call('/ringdown/v1/Deliveries', undefined, { method: 'DELETE' })
    expect(wrong).toMatchObject({ status: 405, body: { code: 20004 } })
    const nobody = await here.call('/ringdown/v1/Deliveries', undefined, { headers: { authorization: '' } })
    expect(nobody).toMatchObject({ status: 401, body: { code: 20003 } })
  })

  it('are counted for those who watch', async () => {
    const floor = await workspace()
    customer.answer('/events', { by: (response) => response.destroy() })
    await activity(floor, 'Lunch')
    await here.pass(0)
    const metrics = await fetch(`${here.running.url}/metrics`).then((response) => response.text())
    expect(metrics).toMatch(/ringdown_delivery_attempts_total\{kind="taskrouter_event",outcome="2xx"\} \d+/)
    expect(metrics).toMatch(/ringdown_delivery_attempts_total\{kind="taskrouter_event",outcome="connection"\} 1/)
    expect(metrics).toMatch(/ringdown_delivery_queue_length 1/)
    expect(metrics).toMatch(/ringdown_delivery_destinations_away 0/)
    expect(metrics).toMatch(/ringdown_delivery_oldest_seconds 0/)
  })

  it('are forgotten a week after they have arrived', async () => {
    const floor = await workspace()
    await activity(floor, 'Lunch')
    await here.pass(6 * 86_400)
    expect((await list()).deliveries.length).toBeGreaterThan(0)
    await here.pass(2 * 86_400)
    expect((await list()).deliveries).toEqual([])
  })
})

describe('a server that is started again', () => {
  it('goes on where it was, and tells nothing that happened before anybody wanted it', async () => {
    await here.close()
    const data = await mkdtemp(join(tmpdir(), 'ringdown-again-'))
    onTestFinished(() => rm(data, { recursive: true, force: true }))
    here = await world({ data })
    const { status, body } = await here.call('/taskrouter/v1/Workspaces', { FriendlyName: 'Quiet' })
    expect(status).toBe(201)
    const floor = `/taskrouter/v1/Workspaces/${body.sid}`
    for (let n = 0; n < 5; n++) await activity(floor, `Before ${n}`)
    await here.running.close()
    here = await world({ data })
    const EventCallbackUrl = `${customer.url}/events`
    await here.call(floor, { EventCallbackUrl })
    await activity(floor, 'After')
    await here.pass(0)
    const names = customer.requests.map(({ form }) => form.ActivityName).filter((name) => name !== undefined)
    expect(names).toEqual(['After'])

    customer.answer('/events', { by: (response) => response.destroy() })
    await activity(floor, 'Between')
    await here.pass(0)
    await here.running.close()
    customer.answer('/events', {})
    customer.clear()
    here = await world({ data })
    await here.pass(60)
    expect(customer.requests.map(({ form }) => form.ActivityName)).toEqual(['Between'])
  })
})

describe('an address that is not on the public Internet', () => {
  it('is told nothing unless whoever runs the server allows it', async () => {
    await here.close()
    here = await world({ allowPrivateDestinations: false })
    const own = await receiver({ auth_token: here.running.credentials.auth_token })
    try {
      const floor = await workspace(`${own.url}/events`)
      await activity(floor, 'Lunch')
      await here.pass(0)
      expect(own.requests).toHaveLength(0)
      const { deliveries } = await list('State=failed&PageSize=1')
      expect(deliveries[0]).toMatchObject({ attempts: 1 })
      expect(deliveries[0].last_error).toContain('address_refused: 127.0.0.1 is not a public address')
    } finally {
      await own.close()
    }
  })
})
