import { Agent, request } from 'node:http'
import { operations } from '@ringdown/contract/generated/operations'
import type { Operation, Parameter } from '@ringdown/contract/operation'
import { implemented } from '@ringdown/server/operations/registry'
import { coldKinds } from '@ringdown/server/store/kinds'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type World, world } from '../world.ts'
import { envelopeComplaints } from './conforms.ts'

/*
 * What callers send that makes no sense, to every operation that is implemented: never a 5xx, always the envelope, and
 * what is refused has changed nothing. The seed is fixed, so that a test run tells of the code and not of luck;
 * `NONSENSE_SEED=7 NONSENSE_RUNS=200` looks elsewhere and longer.
 */

const seed = Number(process.env.NONSENSE_SEED ?? 1)
const numRuns = Number(process.env.NONSENSE_RUNS ?? 20)

let place: World
let agent: Agent
/** SIDs of what is there, by their two letters. */
const present = new Map<string, string[]>()

beforeAll(async () => {
  place = await world()
  agent = new Agent({ keepAlive: true })
  await furnish()
  const { state } = await place.running.account
  for (const table of Object.values(state.tables)) {
    for (const { sid } of table.all() as { sid: string }[]) {
      const prefix = sid.slice(0, 2)
      present.set(prefix, [...(present.get(prefix) ?? []), sid])
    }
  }
  // What is cold is asked for.
  const { messages } = (await place.call('/conversations/v1/Conversations/talk/Messages')).body
  const { users } = (await place.call('/conversations/v1/Users')).body
  present.set('IM', [messages[0].sid])
  present.set('US', [users[0].sid])
})
afterAll(async () => {
  agent.destroy()
  await place.close()
})

/** A workspace where something happens in every noun, a conversation, and an interaction. */
async function furnish(): Promise<void> {
  const made = async (path: string, form: Record<string, string>) => {
    const { status, body } = await place.call(path, form)
    expect({ path, status, body }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) })
    return body
  }
  const { sid } = await made('/taskrouter/v1/Workspaces', { FriendlyName: 'Floor', Template: 'FIFO' })
  const base = `/taskrouter/v1/Workspaces/${sid}`
  const { activities } = (await place.call(`${base}/Activities`)).body
  const ActivitySid = activities[2].sid
  await made(`${base}/Workers`, { FriendlyName: 'Alice', ActivitySid, Attributes: '{"level":3}' })
  for (let i = 0; i < 3; i++) await made(`${base}/Tasks`, { Attributes: `{"number":${i}}` })
  const conversation = await made('/conversations/v1/Conversations', { FriendlyName: 'Talk', UniqueName: 'talk' })
  const talk = `/conversations/v1/Conversations/${conversation.sid}`
  await made(`${talk}/Participants`, { Identity: 'alice' })
  await made('/conversations/v1/Users', { Identity: 'bob' })
  await made(`${talk}/Messages`, { Body: 'hello', Author: 'alice' })
  const flexWorkspace = (await place.call('/flex-api/v1/Configuration')).body.taskrouter_workspace_sid
  await made('/flex-api/v1/Interactions', {
    Channel: JSON.stringify({ type: 'web', initiated_by: 'api', participants: [{ identity: 'carol' }] }),
    Routing: JSON.stringify({ properties: { workspace_sid: flexWorkspace, attributes: {} } })
  })
}

// Requests

interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

function ask({ method, path, headers, body }: Asked): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(place.running.url)
  return new Promise((resolve, reject) => {
    const sent = request({
      hostname,
      port,
      agent,
      method,
      path,
      headers: { authorization: place.authorization, ...headers }
    })
    sent.on('response', (response) => {
      const parts: Buffer[] = []
      response.on('data', (part: Buffer) => parts.push(part))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

/** What may not change when a request is refused: how much has been decided, and every resident row. */
async function picture(): Promise<object> {
  const { state } = await place.running.account
  const rows = Object.entries(state.tables)
    .filter(([kind]) => !Object.hasOwn(coldKinds, kind))
    .map(([kind, table]) => [kind, table.all()])
  const { decision, next_seq, next_event } = state
  return { decision, next_seq, next_event, rows: Object.fromEntries(rows) }
}

// Nonsense

const odd = fc.constantFrom(
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  '99999999999999999999',
  '2147483648',
  'NaN',
  'null',
  'true',
  '[]',
  '{}',
  '{"a":1}',
  '"text"',
  '{"__proto__":{"x":1},"constructor":{"prototype":{}}}',
  '{"a":1e999,"b":123456789012345678901234567890}',
  '{"a":"\\ud800"}',
  '{"a":"\\u0000"}',
  `{"a":${'['.repeat(300)}${']'.repeat(300)}}`,
  `{"a":${'['.repeat(100)}${']'.repeat(100)}}`,
  '{',
  '2026-03-02T09:00:00Z',
  '9999-99-99T99:99:99Z',
  '+275760-09-13T00:00:00Z',
  'PT1M',
  '__proto__',
  'constructor',
  'toString',
  "level == 'x",
  '((((1==1',
  'skill-level > 3',
  'https://example.com/x',
  'http://',
  'x'.repeat(5000),
  '🙂'.repeat(40),
  'ﷺ\u202e\ufeff',
  '../../etc',
  "'; DROP TABLE row; --"
)

const text = fc.oneof(odd, fc.string({ unit: 'grapheme', maxLength: 40 }), fc.json({ maxDepth: 3 }))

/** Text as it may stand in a form or query: some of it is no UTF-8. */
const encoded = fc.oneof(
  { weight: 8, arbitrary: text.map(percent) },
  { weight: 1, arbitrary: fc.constantFrom('%', '%zz', '%00', '%ED%A0%80', '%FF%FE', '%C0%80', '+', '=', '&&&') }
)

/** Lone surrogates cannot be sent as UTF-8: they become U+FFFD, as `fetch` makes them. */
function wellFormed(value: string): string {
  return Buffer.from(value, 'utf8').toString('utf8')
}

function percent(value: string): string {
  return encodeURIComponent(wellFormed(value))
}

/** A value that the parameter could have meant. */
function sensible({ type, enum: values, pattern, wire }: Parameter): fc.Arbitrary<string> {
  if (values) return fc.constantFrom(...values)
  const prefix = /^\^([A-Z]{2})\[/.exec(pattern ?? '')?.[1]
  if (prefix !== undefined) return sid(prefix)
  switch (type) {
    case 'integer':
    case 'number':
      return fc.integer({ min: 0, max: 100 }).map(String)
    case 'boolean':
      return fc.constantFrom('true', 'false')
    case 'date-time':
      return fc.constant('2026-03-02T08:00:00Z')
    case 'json':
    case 'json-text':
      return fc.json({ maxDepth: 2 })
    default:
      return /Expression|TargetWorkers|EvaluateTask/.test(wire) ? fc.constantFrom('1==1', 'level > 2') : text
  }
}

function sid(prefix: string): fc.Arbitrary<string> {
  const unknown = `${prefix}${'0'.repeat(32)}`
  return fc.constantFrom(...(present.get(prefix) ?? []), unknown)
}

/** Mostly what is there; else another kind's SID, a name, or odd text. Whatever would be deleted is not there. */
function segment(operation: Operation, parameter: Parameter): fc.Arbitrary<string> {
  const prefix = /^\^([A-Z]{2})\[/.exec(parameter.pattern ?? '')?.[1]
  const isDoomed = operation.verb === 'delete' && operation.own === parameter.name
  const named = ['MB', 'US', 'WC'].flatMap((kind) => present.get(kind) ?? [])
  const right = prefix === undefined ? fc.constantFrom('talk', 'default', 'chat', 'alice', ...named) : sid(prefix)
  // Where a name would do as well, a worker is of the wrong kind for certain.
  const others = isDoomed ? (present.get(prefix === 'WK' ? 'WQ' : 'WK') ?? []) : [...present.values()].flat()
  const wrong = fc.oneof(
    fc.constantFrom(...others),
    fc.constantFrom('%', '%00', '%ff', '__proto__', 'constructor', 'x'.repeat(2000), 'WS1', '..', '%2F', 'default'),
    text.map((value) => percent(value) || '_')
  )
  if (isDoomed) return wrong
  return fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: wrong })
}

function pairs(parameters: readonly Parameter[]): fc.Arbitrary<string> {
  if (parameters.length === 0) return fc.array(fc.tuple(encoded, encoded), { maxLength: 2 }).map(joined)
  const known = fc.constantFrom(...parameters).chain((parameter) => {
    const value = fc.oneof(
      { weight: 3, arbitrary: sensible(parameter).map(percent) },
      { weight: 2, arbitrary: encoded }
    )
    return value.map((one): [string, string] => [percent(parameter.wire), one])
  })
  const required = fc.tuple(
    ...parameters
      .filter((parameter) => parameter.required)
      .map((parameter) => sensible(parameter).map((one): [string, string] => [percent(parameter.wire), percent(one)]))
  )
  const stranger = fc.tuple(
    fc.constantFrom('__proto__', 'Nothing', 'constructor', 'PageSize', 'PageToken', 'Page'),
    encoded
  )
  return fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: required }, { weight: 1, arbitrary: fc.constant([]) }),
      fc.array(fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: stranger }), { maxLength: 6 })
    )
    .map(([first, others]) => joined([...(first as [string, string][]), ...others]))
}

function joined(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, value]) => `${name}=${value}`).join('&')
}

const contentTypes = fc.oneof(
  { weight: 8, arbitrary: fc.constant('application/x-www-form-urlencoded') },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'application/json',
      'text/plain',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded; charset=latin1',
      'nonsense'
    )
  }
)

function jsonBody({ parameters }: Operation): fc.Arbitrary<string> {
  const names = parameters.filter((parameter) => parameter.in === 'form').map((parameter) => parameter.wire)
  const key = fc.constantFrom('queueSids', 'QueueSids', '__proto__', 'Nothing', 'account_sid', ...names)
  const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.array(sid('WQ'), { maxLength: 60 }), text)
  return fc.oneof(
    fc
      .array(fc.tuple(key, value), { maxLength: 5 })
      .map(
        (entries) => `{${entries.map(([name, one]) => `${JSON.stringify(name)}:${JSON.stringify(one)}`).join(',')}}`
      ),
    fc.json(),
    odd
  )
}

function nonsense(operation: Operation): fc.Arbitrary<Asked> {
  const { method, product, parameters } = operation
  const inPath = parameters.filter((parameter) => parameter.in === 'path')
  const inQuery = parameters.filter((parameter) => parameter.in === 'query')
  const inForm = parameters.filter((parameter) => parameter.in === 'form')
  const hasBody = method !== 'GET' && method !== 'DELETE'
  const body = hasBody
    ? operation.json
      ? fc.tuple(fc.constant('application/json'), jsonBody(operation))
      : fc.tuple(contentTypes, fc.oneof({ weight: 9, arbitrary: pairs(inForm) }, { weight: 1, arbitrary: fc.json() }))
    : fc.constant(['', ''] as [string, string])
  const version = fc.oneof(
    { weight: 4, arbitrary: fc.constant('') },
    fc.constantFrom('0', '"1"', 'W/"x"', '*', '-', '{}')
  )
  return fc
    .tuple(fc.tuple(...inPath.map((parameter) => segment(operation, parameter))), pairs(inQuery), body, version)
    .map(([segments, query, [contentType, content], ifMatch]) => {
      const names = new Map(inPath.map(({ wire }, at) => [wire, segments[at] ?? '_']))
      const path = `/${product}${operation.path.replaceAll(/\{(\w+)\}/g, (_, wire: string) => names.get(wire) ?? '_')}`
      return {
        method,
        path: query === '' ? path : `${path}?${query}`,
        headers: { ...(contentType && { 'content-type': contentType }), ...(ifMatch && { 'if-match': ifMatch }) },
        body: wellFormed(content)
      }
    })
}

describe.each(['taskrouter_v1', 'conversations_v1', 'flex_v1'])('%s', (api) => {
  it('takes every operation asked in nonsense calmly', { timeout: 60_000 }, async () => {
    const asked = operations.filter((operation) => operation.api === api && implemented.has(operation.id))
    let refused = 0
    let taken = 0
    for (const operation of asked) {
      await fc.assert(
        fc.asyncProperty(nonsense(operation), async (request) => {
          const before = await picture()
          const { status, text: answer } = await ask(request)
          if (status < 400) {
            taken++
            return
          }
          refused++
          expect(status).toBeLessThan(500)
          expect(envelopeComplaints(status, JSON.parse(answer))).toEqual([])
          expect(await picture()).toEqual(before)
        }),
        { seed, numRuns, endOnFailure: true }
      )
    }
    // It would prove nothing if all were taken, or none.
    expect(refused).toBeGreaterThan(asked.length)
    expect(taken).toBeGreaterThan(asked.length)
  })
})

describe('attributes', () => {
  const paths = () => {
    const base = `/taskrouter/v1/Workspaces/${present.get('WS')?.at(-1)}`
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
      const before = await picture()
      const made = await place.call(path, { ...form, Attributes: attributes })
      if (!isTaken) {
        expect(made).toMatchObject({
          status: 400,
          body: { code: 20001, message: expect.stringContaining('Attributes') }
        })
        expect(await picture()).toEqual(before)
        continue
      }
      expect({ status: made.status, attributes: made.body.attributes }).toEqual({ status: 201, attributes })
      expect((await place.call(`${path}/${made.body.sid}`)).body.attributes).toBe(attributes)
    }
    expect(Object.hasOwn(Object.prototype, 'admin')).toBe(false)
  })

  it('of any JSON object come back as they were', async () => {
    const { tasks } = paths()
    await fc.assert(
      fc.asyncProperty(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }), { maxKeys: 5 }), async (value) => {
        const attributes = JSON.stringify(value)
        const made = await place.call(tasks, { Attributes: attributes })
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
    const base = `/taskrouter/v1/Workspaces/${present.get('WS')?.at(-1)}`
    const queue = await place.call(`${base}/TaskQueues`, { FriendlyName: name, TargetWorkers: expression })
    expect({ name, status: queue.status }).toEqual({ name, status: isTaken ? 201 : 400 })
    const [known] = (await place.call(`${base}/TaskQueues?PageSize=1`)).body.task_queues
    const workflow = await place.call(`${base}/Workflows`, {
      FriendlyName: name,
      Configuration: JSON.stringify({
        task_routing: { filters: [{ expression, targets: [{ queue: known.sid }] }] }
      })
    })
    expect({ name, status: workflow.status }).toEqual({ name, status: isTaken ? 201 : 400 })
    if (expression.length > 12_000) return // more than a header may have
    const query = `TargetWorkersExpression=${encodeURIComponent(expression)}`
    const { status } = await ask({ method: 'GET', path: `${base}/Workers?${query}`, headers: {}, body: '' })
    expect([isTaken ? 200 : 400, 431]).toContain(status)
  })
})
