import { parseRequest } from '@ringdown/contract/form'
import { operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import { sealed } from '@ringdown/contract/page-scope'
import { implemented } from '@ringdown/server/operations/registry'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { envelopeComplaints } from '../conforms.ts'
import { operationOf } from '../observed.ts'
import { type Answer, type Asked, Center, expectConform, numRuns, seed, templateOf } from './center.ts'
import { nonsense, pageTokens, reply, saidOtherwise, stray } from './requests.ts'

/*
 * What callers send that makes no sense, to every operation that is implemented: never a 5xx, always the envelope, what
 * is refused has changed nothing, and what is taken leaves everything as the contract says.
 */

const apis = ['taskrouter_v1', 'conversations_v1', 'flex_v1', 'events_v1']
/** What is ours waits, and moves the clock: it is tried in nonsense-ours.test.ts. */
const known = operations.filter(({ id, product }) => implemented.has(id) && product !== 'ringdown')

let center: Center

beforeAll(async () => {
  center = await Center.open()
})
afterAll(() => center.close())

/** There is more to bend in JSON. */
function takesJson({ json, parameters }: Operation): boolean {
  return json === true || parameters.some(({ type, object }) => type === 'json' && object)
}

/** Asks, and looks at what came of it. */
async function tried(asked: Asked): Promise<Answer> {
  const before = await center.picture()
  const answer = await center.ask(asked)
  const { status, text } = answer
  if (status >= 400) {
    expect(status === 501 ? 'not built' : status).toSatisfy((one) => one === 'not built' || one < 500)
    if (asked.method !== 'HEAD') expect(envelopeComplaints(status, JSON.parse(text))).toEqual([])
    await center.expectUnchanged(before)
  } else if (asked.method === 'GET') await center.expectUnchanged(before)
  else await center.place.pass(0)
  return answer
}

/** Each was a 500 once, or worse; `$WS` and so on stand for the first that is there. */
describe('what was too much once', () => {
  const channel = (fields: object) => JSON.stringify({ type: 'web', initiated_by: 'api', ...fields })
  const routing = (fields: object) => JSON.stringify({ properties: { workspace_sid: '$WS', ...fields } })
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`
  const interactions = '/flex-api/v1/Interactions'

  it.each<[name: string, path: string, form: Record<string, string>, code: number, message: string]>([
    ['a type that cannot be made text', interactions, { Channel: '{"type":{"toString":1}}' }, 45366, 'type'],
    ['a list of such as type', interactions, { Channel: '{"type":[{"toString":1}]}' }, 45366, 'type'],
    ['such an initiator', interactions, { Channel: channel({ initiated_by: { toString: 1 } }) }, 45366, 'initiated_by'],
    [
      'U+0000 in the text of participants',
      interactions,
      { Channel: channel({ participants: '[{"identity":"a\\u0000b"}]' }), Routing: routing({}) },
      45367,
      'participants is not valid JSON'
    ],
    [
      'half a surrogate pair in the text of participants',
      interactions,
      { Channel: channel({ participants: '[{"identity":"a\\ud800b"}]' }), Routing: routing({}) },
      45367,
      'participants is not valid JSON'
    ],
    [
      'depth in the text of participants',
      interactions,
      { Channel: channel({ participants: '['.repeat(50_000) + ']'.repeat(50_000) }), Routing: routing({}) },
      45367,
      'participants is not valid JSON'
    ],
    [
      'depth in the text of attributes',
      interactions,
      { Channel: channel({ participants: [{ identity: 'ida' }] }), Routing: routing({ attributes: deep }) },
      20001,
      'attributes is not valid JSON'
    ],
    [
      'U+0000 in the text of attributes',
      interactions,
      {
        Channel: channel({ participants: [{ identity: 'ida' }] }),
        Routing: routing({ attributes: '{"a":"\\u0000"}' })
      },
      20001,
      'attributes is not valid JSON'
    ],
    [
      'a status of routing that cannot be made text',
      `${interactions}/$KD/Channels/$UO`,
      { Status: 'inactive', Routing: '{"status":{"toString":1}}' },
      20001,
      'status'
    ]
  ])('%s is refused', async (_name, path, form, code, message) => {
    const filled = (one: string) =>
      one.replaceAll(/\$([A-Z]{2})/g, (_, kind: string) => center.present.get(kind)?.[0] ?? '')
    const before = await center.picture()
    const body = Object.fromEntries(Object.entries(form).map(([key, value]) => [key, filled(value)]))
    const answer = await center.place.call(filled(path), body)
    expect(answer).toMatchObject({ status: 400, body: { code, message: expect.stringContaining(message) } })
    await center.expectUnchanged(before)
  })

  it.each<[name: string, fields: object, message: string]>([
    ['another account that cannot be made text', { account_sid: { toString: 1 } }, 'account_sid'],
    ['a list of what are no services', { serverless_service_sids: [`WQ${'0'.repeat(32)}`] }, 'serverless_service_sids'],
    ['a list of what are no texts', { serverless_service_sids: [[`ZS${'0'.repeat(32)}`]] }, 'serverless_service_sids']
  ])('%s is refused as configuration', async (_name, fields, message) => {
    const { account_sid } = center.place.running.credentials
    const answer = await center.place.call('/flex-api/v1/Configuration', undefined, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ account_sid, ...fields })
    })
    expect(answer).toMatchObject({ status: 400, body: { code: 20001, message: expect.stringContaining(message) } })
  })

  it('participants as text find the users who are there', async () => {
    const users = async (): Promise<string[]> =>
      (await center.place.call('/conversations/v1/Users?PageSize=100')).body.users.map(
        ({ identity }: { identity: string }) => identity
      )
    const place = { workspace_sid: center.present.get('WS')?.[0], workflow_sid: center.present.get('WW')?.[0] }
    // Users leave memory when nothing is done about them; an identity is one user all the same.
    for (let times = 0; times < 2; times++) {
      await center.made(interactions, {
        Channel: channel({ participants: '[{"identity":"nora"}]' }),
        Routing: routing(place)
      })
      await center.place.pass(0)
    }
    expect((await users()).filter((identity) => identity === 'nora')).toEqual(['nora'])
  })
})

describe('attributes', () => {
  const paths = () => {
    const base = `/taskrouter/v1/Workspaces/${center.present.get('WS')?.at(-1)}`
    return { base, tasks: `${base}/Tasks`, conversations: '/conversations/v1/Conversations' }
  }

  it.each<[name: string, attributes: string, isTaken: boolean]>([
    ['__proto__', '{"__proto__":{"admin":true},"a":1}', true],
    ['constructor', '{"constructor":{"prototype":{"x":1}},"toString":null}', true],
    ['deep nesting', `{"a":${'['.repeat(150)}${']'.repeat(150)}}`, true],
    ['too deep nesting', `{"a":${'['.repeat(1500)}${']'.repeat(1500)}}`, false],
    ['huge numbers', '{"a":1e999,"b":123456789012345678901234567890,"c":-0.0,"d":1E-400}', true],
    ['repeated keys', '{"a":1,"a":2}', true],
    ['white space', '{ "a" :\t1 }', true],
    ['other scripts', '{"ключ":"значение","🙂":"\\u00e9"}', true],
    ['half a surrogate pair', '{"a":"\\ud800"}', false],
    ['half a surrogate pair as key', '{"\\udc00":1}', false],
    ['U+0000', '{"a":"\\u0000"}', false],
    ['a list', '[1]', false],
    ['no JSON', "{'a':1}", false]
  ])('with %s come back as they were, or are refused', async (_name, attributes, isTaken) => {
    const { tasks, base } = paths()
    for (const [path, form] of [
      [tasks, {}],
      [`${base}/Workers`, { FriendlyName: `worker ${_name}` }]
    ] as const) {
      const before = await center.picture()
      const made = await center.place.call(path, { ...form, Attributes: attributes })
      if (!isTaken) {
        expect(made).toMatchObject({
          status: 400,
          body: { code: 20001, message: expect.stringContaining('Attributes') }
        })
        await center.expectUnchanged(before)
        continue
      }
      expect({ status: made.status, attributes: made.body.attributes }).toEqual({ status: 201, attributes })
      expect((await center.place.call(`${path}/${made.body.sid}`)).body.attributes).toBe(attributes)
    }
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })

  it('of any JSON object come back as they were', async () => {
    const { tasks } = paths()
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 }), async (value) => {
        const attributes = JSON.stringify(value)
        const made = await center.place.call(tasks, { Attributes: attributes })
        if (made.status === 201) expect(made.body.attributes).toBe(attributes)
        else expect(made.status).toBe(400)
      }),
      { seed, numRuns: numRuns * 4, endOnFailure: true }
    )
  })
})

describe('expressions', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}1==1${')'.repeat(depth)}`
  const listed = `level IN [${Array.from({ length: 10_000 }, (_, i) => i).join(',')}]`

  // Nothing is timed: what is not quick runs into the test's own limit.
  it.each<[name: string, expression: string, isTaken: boolean]>([
    ['90 nested parentheses', nested(90), true],
    ['10 kB of nested parentheses', nested(5000), false],
    ['10 kB of open parentheses', '('.repeat(10_000), false],
    ['10 kB of closed parentheses', ')'.repeat(10_000), false],
    ['10 kB of NOT', `${'NOT '.repeat(2500)}(1==1)`, true],
    ['a list of 10,000', listed, true],
    ['a list of 10,000 that never ends', listed.slice(0, -1), false],
    ['10 kB of quotes', "'".repeat(10_001), false],
    ['10 kB of backslashes', `level == '${'\\\\'.repeat(5000)}'`, true],
    ['a path of 3,000 steps', `a${'.b'.repeat(3000)} == 1`, true],
    ['3,000 conjuncts', Array(3000).fill('level == 1').join(' AND '), true],
    ['more than 100,000 characters', `level == '${'x'.repeat(100_000)}'`, false]
  ])('of %s are refused, or quick', async (name, expression, isTaken) => {
    const base = `/taskrouter/v1/Workspaces/${center.present.get('WS')?.at(-1)}`
    const queue = await center.place.call(`${base}/TaskQueues`, { FriendlyName: name, TargetWorkers: expression })
    expect({ name, status: queue.status }).toEqual({ name, status: isTaken ? 201 : 400 })
    const [known] = (await center.place.call(`${base}/TaskQueues?PageSize=1`)).body.task_queues
    const workflow = await center.place.call(`${base}/Workflows`, {
      FriendlyName: name,
      Configuration: JSON.stringify({
        task_routing: { filters: [{ expression, targets: [{ queue: known.sid }] }] }
      })
    })
    expect({ name, status: workflow.status }).toEqual({ name, status: isTaken ? 201 : 400 })
    if (expression.length > 12_000) return // more than a header may have
    const query = `TargetWorkersExpression=${encodeURIComponent(expression)}`
    const { status } = await center.ask({ method: 'GET', path: `${base}/Workers?${query}`, headers: {}, body: '' })
    expect([isTaken ? 200 : 400, 431]).toContain(status)
  })
})

describe.each(apis)('%s', (api) => {
  it('takes every operation asked in nonsense calmly', { timeout: 60_000 + numRuns * 10_000 }, async () => {
    const asked = known.filter((operation) => operation.api === api)
    let refused = 0
    let taken = 0
    for (const [place, operation] of asked.entries()) {
      await fc.assert(
        fc.asyncProperty(nonsense(center, operation), reply(center), async (request, answer) => {
          center.reply = answer
          const { status, text, path } = await tried(request)
          if (status >= 400) {
            refused++
            return
          }
          taken++
          const body = text === '' ? undefined : JSON.parse(text)
          // What looks like another operation's path is one: `default` for a SID may end in a literal segment.
          const served = operationOf(request.method, path.split('?', 1)[0] ?? '')
          if (served?.id === operation.id) expectConform(operation, body)
          if (operation.verb === 'create') center.remember(body ?? {})
          if (request.method !== 'GET') await center.look({ ...request, path }, body)
        }),
        // Of its own: else all of them would be asked the same.
        { seed: seed + place, numRuns: Math.ceil(numRuns / 2) * (takesJson(operation) ? 5 : 1), endOnFailure: true }
      )
      if (operation.method !== 'GET') center.reply = {}
    }
    await center.lookAround(api)
    // It would prove nothing if all were taken, or none.
    expect(refused).toBeGreaterThan(asked.length)
    expect(taken).toBeGreaterThan(asked.length)
  })
})

describe('a list', () => {
  const lists = known.filter(({ listKey, page }) => listKey !== null && page !== null)
  const pathsOf = (operation: Operation) => center.paths.get(templateOf(operation))?.slice(0, 2) ?? []

  it('answers the same to the same question in other words', { timeout: 60_000 + numRuns * 10_000 }, async () => {
    let answered = 0
    for (const [place, operation] of lists.entries()) {
      for (const path of pathsOf(operation)) {
        const ask = async (query: string) => {
          const { status, text } = await center.get(`${path}?${query}`)
          return { status, rows: status === 200 ? JSON.parse(text)[operation.listKey ?? ''] : [] }
        }
        await fc.assert(
          fc.asyncProperty(saidOtherwise(operation), async ([plain, otherwise]) => {
            const expected = await ask(plain)
            expect({ query: otherwise, ...(await ask(otherwise)) }).toEqual({ query: otherwise, ...expected })
            if (expected.status === 200) answered++
          }),
          { seed: seed + place, numRuns, endOnFailure: true }
        )
      }
    }
    expect(answered).toBeGreaterThan(lists.length)
  })

  it('takes calmly what is no page of it, under its own mark', { timeout: 60_000 + numRuns * 10_000 }, async () => {
    for (const operation of lists) {
      for (const path of pathsOf(operation)) {
        const names = operation.path.split('/')
        const segments = path.split('/').slice(2)
        const inPath = Object.fromEntries(
          names.map((name, at) => [name.replace(/^\{|\}$/g, ''), segments[at - 1] ?? ''])
        )
        const query = center.narrowed(operation)
        const request = { path: inPath, query: query.slice(1), body: '', contentType: undefined, headers: {} }
        const scope = parseRequest(operation, request).page?.scope ?? ''
        for (const token of pageTokens) {
          const { status, text } = await center.get(
            `${path}?Page=1&PageToken=${encodeURIComponent(sealed(token, scope))}${query}`
          )
          expect({ path, token, status, text: status === 200 ? '' : JSON.parse(text).code }).toSatisfy(
            (one: { status: number; text: unknown }) => one.status === 200 || (one.status === 400 && one.text === 20001)
          )
        }
      }
    }
  })
})

describe('whatever is no operation', () => {
  it('is answered by the envelope, and changes nothing', { timeout: 60_000 + numRuns * 10_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(stray(center, known), async (request) => {
        const { status, text } = await tried(request)
        if (status < 400 && text !== '') JSON.parse(text)
      }),
      { seed, numRuns: numRuns * 25, endOnFailure: true }
    )
    for (const api of apis) await center.lookAround(api)
  })
})

describe('afterwards', () => {
  it('time goes on', { timeout: 60_000 + numRuns * 10_000 }, async () => {
    center.reply = {}
    await center.place.pass(86_400)
    for (const api of apis)
      for (const [path, text] of await center.lookAround(api)) await center.expectPaged(path, text)
  })

  it('a server that is started anew has what the one before it had', { timeout: 60_000 }, async () => {
    const told = async () =>
      new Map(await Promise.all(apis.map(async (api) => [api, await center.lookAround(api)] as const)))
    const [rows, before] = [await center.rows(), await told()]
    await center.restart()
    expect(await center.rows()).toEqual(rows)
    expect(await told()).toEqual(before)
  })
})
