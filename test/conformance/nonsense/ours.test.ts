import { request } from 'node:http'
import { Cursors } from '@ringdown/server/log/cursor'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { envelopeComplaints } from '../conforms.ts'
import { type Answer, type Asked, Center, numRuns, seed } from './center.ts'
import { pageTokens, query } from './requests.ts'
import { bent, text } from './texts.ts'

/*
 * The same of what is ours: the feed of events through its three doors, deliveries, explanations and the test clock.
 * Nothing here changes the center but a delivery that is sent again, and the clock.
 */

const feed = '/ringdown/v1/Events'
const deliveries = '/ringdown/v1/Deliveries'
const patient = { timeout: 60_000 + numRuns * 10_000 }

let center: Center

beforeAll(async () => {
  center = await Center.open()
})
afterAll(() => center.close())

const property = (times: number) => ({ seed, numRuns: numRuns * times, endOnFailure: true })

/** A success with a body of JSON, or an envelope; either way the center is as it was. */
async function asked(one: Partial<Asked> & { readonly path: string }): Promise<Answer> {
  const before = await center.picture()
  const answer = await center.ask({ method: 'GET', headers: {}, body: '', ...one })
  await center.expectUnchanged(before)
  expectCalm(answer)
  return answer
}

function expectCalm({ status, text: body }: Pick<Answer, 'status' | 'text'>): void {
  expect(status).toBeLessThan(500)
  if (status >= 400) expect(envelopeComplaints(status, JSON.parse(body))).toEqual([])
}

/** What is there, what is of another kind, and what is nowhere. */
function sids(...prefixes: readonly string[]): readonly string[] {
  return [...prefixes.flatMap((prefix) => center.present.get(prefix) ?? []), `${prefixes[0]}${'0'.repeat(32)}`, '']
}

/** What stands in a path between two slashes. */
const oddSegment = fc.oneof(
  fc.constantFrom('%', '%00', '%ff', '%ED%A0%80', '..', '%2F', '__proto__', 'constructor', 'x'.repeat(2000)),
  text.map((one) => encodeURIComponent(Buffer.from(one.slice(0, 300)).toString()) || '_')
)

const strange = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'PROPFIND'] as const

describe('the feed', () => {
  let cursors: readonly string[]

  beforeAll(() => {
    const { account_sid } = center.place.running.credentials
    const [own, other] = [new Cursors(account_sid), new Cursors(`AC${'0'.repeat(32)}`)]
    cursors = [own.at(0), own.at(3), own.at(2 ** 40), other.at(3), own.at(3).slice(1), own.at(3).toLowerCase(), '']
  })

  const names = (): Readonly<Record<string, readonly string[]>> => ({
    cursor: cursors,
    since: ['PT10M', 'P1D', 'P2D', '2026-03-02T09:00:00Z', '9999-12-31T23:59:59Z', '0000-01-01', ''],
    types: ['task.*', 'task.created,reservation.*', '*', '**', 'task', ',,', 'x'.repeat(3000), '__proto__.*', ''],
    workspace_sid: sids('WS', 'WT'),
    task_sid: sids('WT'),
    worker_sid: sids('WK'),
    task_queue_sid: sids('WQ'),
    conversation_sid: sids('CH'),
    interaction_sid: sids('KD'),
    limit: ['1', '1000', '1001', '0', '-1', '1e2', ' 5'],
    wait_s: ['0', '51', '-1', '0.5']
  })

  /** Nobody waits for what does not come. */
  const question = () =>
    query(names()).map((one) => (/(?:^|&)wait_s=(?!0(?:&|$))/.test(one) ? one : `${one}${one && '&'}wait_s=0`))

  it('answers every question, or says what is wrong with it', patient, async () => {
    let answered = 0
    await fc.assert(
      fc.asyncProperty(question(), async (one) => {
        const { status, text: body } = await asked({ path: `${feed}?${one}` })
        if (status !== 200) return
        answered++
        const page = JSON.parse(body)
        expect(page).toEqual({
          events: expect.any(Array),
          cursor: expect.any(String),
          has_more: expect.any(Boolean),
          truncated: expect.any(Boolean)
        })
        const next = await asked({ path: `${feed}?wait_s=0&limit=1&cursor=${page.cursor}` })
        expect(next.status).toBe(200)
      }),
      property(15)
    )
    expect(answered).toBeGreaterThan(numRuns)
  })

  it('opens a stream of server-sent events, or says what is wrong', patient, async () => {
    const last = fc.constantFrom(...cursors, 'x', '\u00ff', '0'.repeat(4000))
    await fc.assert(
      fc.asyncProperty(query(names()), fc.boolean(), fc.option(last), async (one, byPath, lastEvent) => {
        const path = byPath ? `${feed}/stream` : feed
        const told = await firstOf(`${path}?${one}`, {
          ...(!byPath && { accept: 'text/event-stream' }),
          ...(lastEvent !== null && { 'last-event-id': lastEvent })
        })
        if (told.status !== 200) return expectCalm(told)
        expect(told.text).toMatch(/^retry: 1000\nid: [\w-]+\nevent: opened\ndata: \{"cursor":"[\w-]+"\}\n\n/)
      }),
      property(5)
    )
  })

  it('opens a WebSocket, or says what is wrong', patient, async () => {
    const sample = { cursor: cursors[0] ?? '', types: ['task.*'], limit: 5, workspace_sid: sids('WS')[0] ?? '' }
    const message = fc.oneof(bent(center, sample), text, fc.constant('[]'), fc.constant('{"types":[{"toString":1}]}'))
    const greeting = fc.oneof(
      { weight: 1, arbitrary: fc.record({ query: query(names()).filter((one) => one !== '') }) },
      { weight: 2, arbitrary: fc.record({ message: message.map((one) => one.slice(0, 15_000)) }) }
    )
    await fc.assert(
      fc.asyncProperty(greeting, async (one: { readonly query?: string; readonly message?: string }) => {
        const said = await firstSaid(one)
        if ('status' in said) return expectCalm(said)
        const page = JSON.parse(said.message)
        if (page.end === undefined)
          expect(page).toMatchObject({ cursor: expect.any(String), has_more: expect.any(Boolean) })
        else expect(page.end).toEqual({ reason: 'invalid', message: expect.any(String) })
      }),
      property(8)
    )
    await asked({ path: `${feed}?wait_s=0` })
  })

  it('takes no other methods and upgrades', patient, async () => {
    const headers = fc.constantFrom<Readonly<Record<string, string>>>(
      {},
      { connection: 'upgrade', upgrade: 'h2c' },
      { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '99' },
      { connection: 'upgrade', upgrade: 'websocket' },
      { authorization: 'Basic !' },
      { authorization: `Bearer ${'x'.repeat(3000)}` },
      { authorization: '' }
    )
    const place = fc.constantFrom('', '/', '/stream', '/socket', '/socket/', '/Socket', '/x', '//')
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...strange), place, headers, async (method, end, more) => {
        // What answers upgrades knows nothing of HEAD, which has no body.
        if (method === 'HEAD' && more.upgrade === 'websocket') return
        const told = await firstOf(`${feed}${end}?wait_s=0`, more, method)
        expect(told.status).toBeLessThan(500)
      }),
      property(8)
    )
  })
})

/** The beginning of an answer that may have no end. */
function firstOf(
  path: string,
  headers: Readonly<Record<string, string>>,
  method = 'GET'
): Promise<Pick<Answer, 'status' | 'text'>> {
  const { hostname, port } = new URL(center.place.running.url)
  return new Promise((resolve, reject) => {
    const { authorization } = center.place
    const sent = request({ hostname, port, method, path, headers: { authorization, ...headers } })
    sent.on('upgrade', (response, socket) => {
      socket.destroy()
      resolve({ status: response.statusCode ?? 0, text: '' })
    })
    sent.on('response', (response) => {
      const isStream = response.headers['content-type']?.startsWith('text/event-stream') ?? false
      let body = ''
      const done = () => {
        sent.destroy()
        resolve({ status: response.statusCode ?? 0, text: body })
      }
      response.on('data', (part: Buffer) => {
        body += part.toString()
        if (isStream && body.includes('\n\n')) done()
      })
      response.on('end', done)
    })
    sent.on('error', reject)
    sent.end()
  })
}

/** The first message of a socket, or why there is none. */
function firstSaid(greeting: {
  readonly query?: string
  readonly message?: string
}): Promise<{ readonly message: string } | Pick<Answer, 'status' | 'text'>> {
  const { url } = center.place.running
  const { authorization } = center.place
  return new Promise((resolve, reject) => {
    const address = `${url.replace('http', 'ws')}${feed}/socket${greeting.query === undefined ? '' : `?${greeting.query}`}`
    const socket = new WebSocket(address, { headers: { authorization } })
    socket.on('open', () => greeting.message !== undefined && socket.send(greeting.message))
    socket.on('message', (message) => {
      socket.terminate()
      resolve({ message: String(message) })
    })
    socket.on('unexpected-response', (_request, response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
    })
    socket.on('error', reject)
  })
}

describe('deliveries', () => {
  const listed = async () => JSON.parse((await asked({ path: `${deliveries}?PageSize=1000` })).text).deliveries

  const shown = {
    sid: expect.stringMatching(/^DV[0-9a-f]{32}$/),
    event_sid: expect.stringMatching(/^EV[0-9a-f]{32}$/),
    event_type: expect.any(String),
    kind: expect.any(String),
    state: expect.stringMatching(/^(?:queued|delivered|failed)$/),
    attempts: expect.any(Number),
    date_created: expect.stringMatching(/^2026-/),
    url: expect.stringMatching(/^http/)
  }

  it('are listed by whatever they are asked by, or the question is refused', patient, async () => {
    const [one] = await listed()
    const names = {
      Destination: [one.destination, 'invalid', 'x'.repeat(3000)],
      Receiver: [one.receiver_sid, ...sids('DG')],
      EventSid: [one.event_sid, `EV${'0'.repeat(32)}`, 'EV', one.sid],
      EventType: [one.event_type, '__proto__'],
      State: ['queued', 'delivered', 'failed', 'Failed', ''],
      Kind: [one.kind, 'x'],
      PageSize: ['1', '2', '0', '-1', '1001', '1e3'],
      Page: ['0', '7', '-1'],
      PageToken: [...pageTokens, `PT${Buffer.from(JSON.stringify(['a', one.sid])).toString('base64url')}`, one.sid]
    }
    let found = 0
    await fc.assert(
      fc.asyncProperty(query(names), async (asking) => {
        const { status, text: body } = await asked({ path: `${deliveries}?${asking}` })
        if (status !== 200) return
        const { meta, deliveries: rows } = JSON.parse(body)
        found += rows.length
        for (const row of rows) expect(row).toMatchObject(shown)
        for (const url of [meta.next_page_url, meta.previous_page_url, meta.url, meta.first_page_url]) {
          if (url === null) continue
          const { pathname, search } = new URL(url)
          expect((await asked({ path: pathname + search })).status).toBe(200)
        }
      }),
      property(10)
    )
    expect(found).toBeGreaterThan(numRuns)
  })

  it('are shown and sent again where they are, and nowhere else', patient, async () => {
    const rows: readonly { readonly sid: string }[] = await listed()
    const sid = fc.oneof(
      fc.constantFrom(...rows.slice(0, 5).map((row) => row.sid)),
      fc.constantFrom(`DV${'0'.repeat(32)}`, rows[0]?.sid.toUpperCase() ?? '', `${rows[0]?.sid}0`, ...sids('WT')),
      oddSegment
    )
    const body = fc.constantFrom('', 'a=b', '{', '%zz')
    let again = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...strange), sid, body, async (method, which, content) => {
        const before = await listed()
        const path = `${deliveries}/${which}`
        const headers = method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded' } : {}
        const answer = await center.ask({ method, path, headers, body: content })
        if (method !== 'HEAD') expectCalm(answer)
        await center.place.pass(0)
        if (answer.status !== 202) {
          expect(await listed()).toEqual(before)
          return
        }
        again++
        expect(JSON.parse(answer.text)).toMatchObject({ ...shown, sid: which, state: 'queued' })
        const after = JSON.parse((await asked({ path })).text)
        expect(after).toMatchObject({ ...shown, sid: which, state: 'delivered', message: expect.any(Object) })
      }),
      property(8)
    )
    expect(again).toBeGreaterThan(0)
  })
})

describe('explanations', () => {
  it('are given of what is there, with whatever limit makes sense', patient, async () => {
    const { tables } = (await center.place.running.account).state
    const right = fc.constantFrom(
      ...tables.task.all().map(({ workspace_sid, sid }) => `${workspace_sid}/Tasks/${sid}`),
      ...tables.worker.all().map(({ workspace_sid, sid }) => `${workspace_sid}/Workers/${sid}`)
    )
    const wrong = fc
      .tuple(
        fc.oneof(fc.constantFrom(...sids('WS')), oddSegment),
        fc.constantFrom('Tasks', 'Workers', 'TaskQueues'),
        fc.oneof(fc.constantFrom(...sids('WT', 'WK', 'WQ')), oddSegment)
      )
      .map((parts) => parts.join('/'))
    const limits = fc.oneof(
      fc.constantFrom('', 'Limit=1', 'Limit=1000&Limit='),
      query({ Limit: ['1', '1000', '1001', '0', '-1', '1e1', ''], limit: [] })
    )
    const method = fc.constantFrom('GET', 'GET', 'GET', ...strange)
    let explained = 0
    await fc.assert(
      fc.asyncProperty(fc.oneof(right, wrong), limits, method, async (path, limit, by) => {
        if (by === 'HEAD') return
        const { status, text: body } = await asked({
          method: by,
          path: `/ringdown/v1/Workspaces/${path}/Explanation?${limit}`
        })
        if (status !== 200 || by !== 'GET') return
        explained++
        const [, noun, sid] = path.split('/')
        expect(JSON.parse(body)).toMatchObject({
          [noun === 'Tasks' ? 'task_sid' : 'worker_sid']: sid,
          at: '2026-03-02T09:00:00.000Z',
          verdict: expect.any(String)
        })
      }),
      property(20)
    )
    expect(explained).toBeGreaterThan(numRuns)
  })
})

describe('the test clock', () => {
  it('goes where it is sent, and stays where the way makes no sense', patient, async () => {
    const now = async () => JSON.parse((await center.get('/ringdown/v1/clock')).text).now_ms as number
    const ways = fc.constantFrom('advance', 'advance_ms', 'to', '__proto__', 'Advance')
    // Long ways would be gone step by step: that is what the clock is for, and not what this is about.
    const wheres = fc.oneof(
      fc.constantFrom(
        'PT1S',
        'PT0S',
        'PT',
        'P',
        'PT-1S',
        'PT1.5S',
        'P9999999999W',
        `P${'9'.repeat(400)}D`,
        'pt1s',
        '0',
        '1500',
        '-1'
      ),
      fc.constantFrom('1e400', '0x10', ' ', '1969-01-01', '2026-03-02T08:00:00Z', '+275760-09-13T00:00:00Z', 'null'),
      fc.constantFrom('{"toString":1}', '[]', '"PT2S"', '1000', '1e999', '1.5', 'true', '""'),
      text.filter((one) => !/^\s*\d{4,}/.test(one))
    )
    const json = fc
      .array(fc.tuple(ways, wheres), { maxLength: 2 })
      .map(
        (all) => `{${all.map(([way, where]) => `"${way}":${isJson(where) ? where : JSON.stringify(where)}`).join(',')}}`
      )
    const form = fc
      .array(fc.tuple(ways, wheres), { maxLength: 2 })
      .map((all) => all.map(([way, where]) => `${way}=${encodeURIComponent(Buffer.from(where).toString())}`).join('&'))
    const right = fc.constantFrom('{"advance":"PT1S"}', 'advance_ms=250', '{"advance_ms":0}', 'advance=PT0.5S')
    const body = fc.oneof(right, json, form, fc.constantFrom('{', '{}', '[]', '%', '%00=1', 'advance=%ff'))
    let moved = 0
    await fc.assert(
      fc.asyncProperty(fc.constantFrom('POST', 'POST', ...strange), body, async (method, content) => {
        const before = await now()
        const picture = await center.picture()
        const answer = await center.ask({ method, path: '/ringdown/v1/clock', headers: {}, body: content })
        if (method !== 'HEAD') expectCalm(answer)
        if (answer.status === 200 && method === 'POST') {
          const { now: iso, now_ms } = JSON.parse(answer.text)
          expect({ iso: Date.parse(iso), now_ms: await now() }).toEqual({ iso: now_ms, now_ms })
          expect(now_ms).toBeGreaterThanOrEqual(before)
          expect(now_ms - before).toBeLessThan(10_000)
          moved++
        } else {
          expect(await now()).toBe(before)
          await center.expectUnchanged(picture)
        }
      }),
      property(15)
    )
    expect(moved).toBeGreaterThan(numRuns / 4)
  })
})

function isJson(one: string): boolean {
  try {
    JSON.parse(one)
    return true
  } catch {
    return false
  }
}
