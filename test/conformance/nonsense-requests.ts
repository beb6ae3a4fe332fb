import type { Operation, Parameter } from '@ringdown/contract/operation'
import fc from 'fast-check'
import { type Asked, type Center, templateOf } from './nonsense.ts'
import { bent, encoded, type Json, odd, oddJson, percent, text, wellFormed } from './nonsense-texts.ts'

/* Requests that make no sense, or only some. */

const others: readonly Json[] = [{ a: { b: [1, 'c'] } }]

/** What parameters of JSON could be, by their names on the wire. */
function samplesOf({ present, receiver: { url } }: Center, { wire }: Parameter): readonly Json[] {
  const one = (prefix: string, at = 0) => present.get(prefix)?.at(at) ?? ''
  const workspace_sid = one('WS')
  const place = { workspace_sid, workflow_sid: one('WW'), queue_sid: one('WQ'), worker_sid: one('WK', -1) }
  const attributes = { customers: { name: 'Eve' }, conversations: { external_contact: 'x' } }
  switch (wire) {
    case 'Channel':
      return [
        { type: 'web', initiated_by: 'api', participants: [{ identity: 'erin', name: 'Erin' }] },
        { type: 'web', initiated_by: 'customer', properties: { media_channel_sid: one('CH'), from_name: 'Eve' } },
        {
          type: 'sms',
          initiated_by: 'agent',
          participants: [{ address: '+15550003333', proxy_address: '+15550004444' }]
        },
        { type: 'sms', initiated_by: 'api', properties: { to: '+15550005555', from: '+15550006666' } },
        { type: 'email', initiated_by: 'api', participants: [{ address: 'a@b.example', level: 'to', name: 'A' }] },
        { type: 'voice', initiated_by: 'customer', properties: { from_name: 'V' } },
        { type: 'web', initiated_by: 'api', sid: one('UO') }
      ]
    case 'Routing':
      return [
        { properties: { workspace_sid, attributes, priority: 3, timeout: 60, task_channel_unique_name: 'chat' } },
        { properties: { ...place, attributes } },
        { status: 'closed' }
      ]
    case 'RoutingProperties':
      return [place]
    case 'MediaProperties':
      return [{ identity: 'frank' }, { address: '+15550007777', proxy_address: '+15550008888', name: 'F' }]
    case 'SinkConfiguration':
      return [
        { destination: `${url}/told`, method: 'POST', batch_events: false },
        { write_key: 'key' },
        {
          arn: 'arn:aws:kinesis:eu-west-1:111111111111:stream/x',
          role_arn: 'arn:aws:iam::111111111111:role/x',
          external_id: 'e'
        }
      ]
    case 'Types':
      return [
        { type: 'com.twilio.taskrouter.task.created', schema_version: 1 },
        { type: 'com.twilio.taskrouter.task.updated' }
      ]
    case 'Participant':
      return [
        { identity: 'gina', attributes: '{"a":1}' },
        { messaging_binding: { address: '+15550010000', proxy_address: '+15550020000' } }
      ]
    case 'Configuration':
      return [
        {
          task_routing: { filters: [{ expression: '1==1', targets: [{ queue: one('WQ'), priority: 1, timeout: 30 }] }] }
        }
      ]
    default:
      return others
  }
}

// Parameters

/** A value that the parameter could have meant, or nearly. */
function sensible(center: Center, parameter: Parameter, isStraight = false): fc.Arbitrary<string> {
  const { type, enum: values, pattern, wire } = parameter
  if (values) return spelledSomehow(parameter, values)
  const prefix = prefixOf(pattern)
  if (prefix !== undefined) return sid(center, prefix)
  switch (type) {
    case 'integer':
    case 'number':
      return fc.integer({ min: 0, max: 100 }).map(String)
    case 'boolean':
      return fc.constantFrom('true', 'false')
    case 'date-time':
    case 'date':
      return fc.constantFrom('2026-03-02T08:00:00Z', '2026-03-02')
    case 'json':
    case 'json-text':
      return fc
        .constantFrom(...samplesOf(center, parameter))
        .chain((sample) => (isStraight ? fc.constant(JSON.stringify(sample)) : bent(center, sample)))
    default:
      if (/Expression|TargetWorkers|EvaluateTask/.test(wire)) return fc.constantFrom('1==1', 'level > 2')
      if (/Url$/.test(wire)) return fc.constantFrom('asks', 'told').map((path) => `${center.receiver.url}/${path}`)
      return fc.oneof(fc.constantFrom(...(words[wire] ?? ['a word'])), ...(isStraight ? [] : [text]))
  }
}

/** A value of an enumeration in some letter case, or several of them where there may be. */
function spelledSomehow({ repeated }: Parameter, values: readonly string[]): fc.Arbitrary<string> {
  const one = fc
    .tuple(
      fc.constantFrom(...values),
      fc.constantFrom<(text: string) => string>(
        (text) => text,
        (text) => text,
        (text) => text.toUpperCase(),
        (text) => text.charAt(0).toUpperCase() + text.slice(1),
        (text) => ` ${text} `
      )
    )
    .map(([value, spelled]) => spelled(value))
  if (!repeated) return one
  return fc
    .tuple(fc.array(one, { minLength: 1, maxLength: 3 }), fc.constantFrom(' ', ',', ', '))
    .map(([several, between]) => several.join(between))
}

const words: Readonly<Record<string, readonly string[]>> = {
  Status: ['closed', 'inactive', 'wrapup', 'active'],
  State: ['active', 'inactive', 'closed'],
  SinkType: ['webhook', 'kinesis', 'segment'],
  Type: ['com.twilio.taskrouter.task.canceled', 'agent', 'customer', 'supervisor', 'global'],
  Filters: ['onMessageAdd', 'onMessageAdded', 'onConversationUpdated'],
  'Configuration.Filters': ['onMessageAdded', 'onConversationRemoved'],
  'Configuration.Triggers': ['hello'],
  WebhookEvents: ['onInteractionCreated', 'onParticipantLeft'],
  'MessagingBinding.Address': ['+15550030000', 'whatsapp:+15550030000', 'h@acme.example'],
  'MessagingBinding.ProxyAddress': ['+15550040000', 'whatsapp:+15550040000'],
  'Timers.Inactive': ['PT1M', 'P1D', 'PT0S'],
  'Timers.Closed': ['PT10M', 'P1D', 'P999999Y'],
  ChannelType: ['web', 'sms', 'whatsapp'],
  UniqueName: ['word', 'other_word', 'zo\u00eb', 'zoe\u0308'],
  FriendlyName: ['a word', 'Zo\u00eb', 'Zoe\u0308'],
  ActivityName: ['Available', 'Zo\u00eb', 'Zoe\u0308'],
  Ordering: ['DateUpdated', 'Priority:DESC', 'datecreated:asc'],
  Identity: ['ivan', 'alice', 'zo\u00eb', 'zoe\u0308'],
  IntegrationType: ['studio', 'external', 'task']
}

function prefixOf(pattern: string | undefined): string | undefined {
  return /^\^([A-Z]{2}|[a-z_]+_)\[/.exec(pattern ?? '')?.[1]
}

function sid({ present }: Center, prefix: string): fc.Arbitrary<string> {
  const unknown = `${prefix}${'0'.repeat(prefix.length === 2 ? 32 : 26)}`
  return fc.constantFrom(...(present.get(prefix) ?? []), unknown)
}

const otherNames: Readonly<Record<string, readonly string[]>> = {
  Type: ['com.twilio.taskrouter.task.created', 'com.twilio.taskrouter.reservation.created'],
  Id: ['TaskRouter.WDS', 'Conversations.Message', 'Flex.Interaction'],
  SchemaVersion: ['1', '2', '0', '-1', '1.0', '01', '99999999999999999999']
}

/**
 * Mostly what is there; else another kind's SID, a name, or odd text. Whatever would be deleted is what nonsense has
 * made, or is not there.
 */
function segment(center: Center, operation: Operation, parameter: Parameter): fc.Arbitrary<string> {
  const { present } = center
  const prefix = prefixOf(parameter.pattern)
  const isDoomed = operation.verb === 'delete' && operation.own === parameter.name
  const named = otherNames[parameter.wire] ?? [
    ...['talk', 'over', 'default', 'chat', 'alice', 'zo%C3%AB', 'zoe%CC%88'],
    ...['CH', 'MB', 'US', 'WC'].flatMap((kind) => present.get(kind) ?? [])
  ]
  const right = prefix === undefined ? fc.constantFrom(...named) : sid(center, prefix)
  // Where a name would do as well, a worker is of the wrong kind for certain.
  const others = isDoomed ? (present.get(prefix === 'WK' ? 'WQ' : 'WK') ?? []) : [...present.values()].flat()
  const wrong = fc.oneof(
    fc.constantFrom(...others),
    fc.constantFrom('%', '%00', '%ff', '__proto__', 'constructor', 'x'.repeat(2000), 'WS1', '..', '%2F', 'default'),
    text.map((value) => percent(value.slice(0, 2000)) || '_')
  )
  if (isDoomed) {
    const made = prefix ?? doomedKinds[operation.resource.replace(/^service_/, '')]
    return made === undefined ? wrong : fc.oneof(wrong, fc.constant(`~${made}`))
  }
  return fc.oneof({ weight: 5, arbitrary: right }, { weight: 1, arbitrary: wrong })
}

/** Of resources whose paths take names as well. */
const doomedKinds: Readonly<Record<string, string>> = { conversation: 'CH', conversation_participant: 'MB', user: 'US' }

/** A path that leads somewhere, unless something would be deleted there; or one of parts that hardly fit together. */
function place(center: Center, operation: Operation): fc.Arbitrary<string> {
  const inPath = operation.parameters.filter((parameter) => parameter.in === 'path')
  const made = fc.tuple(...inPath.map((parameter) => segment(center, operation, parameter))).map((segments) => {
    const names = new Map(inPath.map(({ wire }, at) => [wire, segments[at] ?? '_']))
    return `/${operation.product}${operation.path.replaceAll(/\{(\w+)\}/g, (_, wire: string) => names.get(wire) ?? '_')}`
  })
  const template = templateOf(operation)
  const known = operation.verb === 'delete' ? [`~~${template}~~`] : (center.paths.get(template) ?? [])
  return known.length === 0
    ? made
    : fc.oneof({ weight: 2, arbitrary: fc.constantFrom(...known) }, { weight: 1, arbitrary: made })
}

const badTokens = [
  'PT',
  'PA',
  `PA${'0'.repeat(34)}`,
  `PAWK${'0'.repeat(32)}`,
  ...[
    '["a"]',
    '["a",1e999,"x"]',
    '["b",-1,"x"]',
    '["a",1.5,"x"]',
    '["a",null,null]',
    '["a","x","y"]',
    '["a",1,2,3,4,5,6,7,8]'
  ].map((key) => `PT${Buffer.from(key).toString('base64url')}`),
  `PT${'A'.repeat(3000)}`,
  `PT${Buffer.from('["a",9007199254740993,"\\u0000"]').toString('base64url')}`
]

/** What hardly anything can be done without, though the contract does not say so. */
const usual: readonly string[] = [
  'Body',
  'Routing',
  'Identity',
  'Configuration.Url',
  'Configuration.Filters',
  'Configuration.Triggers'
]

/** As it should be, but for one parameter at most. */
function nearly(center: Center, parameters: readonly Parameter[]): fc.Arbitrary<string> {
  const straight = parameters.map((parameter) => {
    const value = sensible(center, parameter, true).map(percent)
    const isGiven = parameter.required || usual.includes(parameter.wire)
    return isGiven ? value : fc.option(value, { freq: 1, nil: undefined })
  })
  const bad = parameters.map((parameter) => fc.option(fc.oneof(sensible(center, parameter).map(percent), encoded)))
  return fc.nat(Math.max(0, parameters.length - 1)).chain((place) =>
    fc.tuple(fc.tuple(...straight), bad[place] ?? fc.constant(null)).map(([values, instead]) =>
      joined(
        parameters.flatMap(({ wire }, at): [string, string][] => {
          const value = at === place && instead !== null ? instead : values[at]
          return value === undefined ? [] : [[percent(wire), value]]
        })
      )
    )
  )
}

function pairs(center: Center, parameters: readonly Parameter[]): fc.Arbitrary<string> {
  if (parameters.length === 0)
    return fc.array(fc.oneof(fc.tuple(encoded, encoded), stranger), { maxLength: 2 }).map(joined)
  const known = fc.constantFrom(...parameters).chain((parameter) => {
    const value = fc.oneof(
      { weight: 3, arbitrary: sensible(center, parameter).map(percent) },
      { weight: 2, arbitrary: encoded }
    )
    const name = fc.oneof(
      { weight: 9, arbitrary: fc.constant(percent(parameter.wire)) },
      { weight: 1, arbitrary: fc.constantFrom('[]', '[0]', '[x]', '%00').map((end) => parameter.wire + end) }
    )
    return fc.tuple(name, value)
  })
  const required = fc.tuple(
    ...parameters
      .filter((parameter) => parameter.required)
      .map((parameter) =>
        sensible(center, parameter).map((one): [string, string] => [percent(parameter.wire), percent(one)])
      )
  )
  return fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: required }, { weight: 1, arbitrary: fc.constant([]) }),
      fc.array(fc.oneof({ weight: 6, arbitrary: known }, { weight: 1, arbitrary: stranger }), { maxLength: 6 })
    )
    .map(([first, others]) => joined([...(first as [string, string][]), ...others])) // tuples of two are what it is made of
}

/** Parameters that nobody has asked for, and where a page begins. */
const stranger: fc.Arbitrary<[string, string]> = fc.oneof(
  fc.tuple(fc.constantFrom('__proto__', 'Nothing', 'constructor', 'PageSize', 'PageToken', 'Page'), encoded),
  fc.tuple(fc.constant('PageToken'), fc.constantFrom(...badTokens).map(percent))
)

function joined(entries: readonly (readonly [string, string])[]): string {
  return entries.map(([name, value]) => `${name}=${value}`).join('&')
}

/** A query of names that are known, with values that are odd or, by name, among these. */
export function query(names: Readonly<Record<string, readonly string[]>>): fc.Arbitrary<string> {
  const known = fc
    .constantFrom(...Object.entries(names))
    .chain(([name, values]) =>
      fc.tuple(
        fc.constant(name),
        values.length === 0
          ? encoded
          : fc.oneof(
              { weight: 2, arbitrary: fc.constantFrom(...values).map(percent) },
              { weight: 1, arbitrary: encoded }
            )
      )
    )
  return fc
    .array(fc.oneof({ weight: 5, arbitrary: known }, { weight: 1, arbitrary: stranger }), { maxLength: 5 })
    .map(joined)
}

/** The same query in other words: each of its values as it may be written as well, and nothing beside them. */
export function saidOtherwise(operation: Operation): fc.Arbitrary<readonly [plain: string, otherwise: string]> {
  const parameters = operation.parameters.filter((parameter) => parameter.in === 'query')
  const given = parameters.map((parameter) => fc.option(fc.constantFrom(...(plainValues(parameter) ?? [undefined]))))
  return fc.tuple(...given).map((values) => {
    const pairs = parameters.map(({ wire }, at) => [percent(wire), values[at] ?? ''] as const)
    const plain = pairs.flatMap(([name, value]) => (value === '' ? [] : [`${name}=${percent(value)}`]))
    const otherwise = pairs.map(([name, value], at) => `${name}=${percent(reworded(parameters[at], value))}`)
    return [plain.join('&'), otherwise.reverse().join('&')] as const
  })
}

/** What is written in one way where there are several. */
function plainValues({ wire, type, enum: values }: Parameter): readonly string[] | undefined {
  if (values) return values
  if (type === 'boolean') return ['true', 'false']
  if (wire === 'Ordering') return ['DateUpdated:asc', 'DateStatusChanged:desc', 'Priority:desc,DateCreated:asc']
  return words[wire] && ['FriendlyName', 'ActivityName', 'Identity'].includes(wire) ? ['alice', 'zo\u00eb'] : undefined
}

function reworded(parameter: Parameter | undefined, value: string): string {
  if (parameter?.enum || parameter?.type === 'boolean') return value.toUpperCase()
  if (parameter?.wire === 'Ordering') return value.replaceAll(':asc', '').replaceAll(':desc', ':DESC').toLowerCase()
  return value.normalize('NFD')
}

export const pageTokens: readonly string[] = badTokens

// Requests

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

function jsonBody(center: Center, { parameters, schema }: Operation): fc.Arbitrary<string> {
  const account = center.place.running.credentials.account_sid
  const names = [
    ...parameters.filter((parameter) => parameter.in === 'form').map((parameter) => parameter.wire),
    ...(schema?.properties ?? []).map(({ name }) => name)
  ]
  const key = fc.constantFrom('queueSids', 'QueueSids', '__proto__', 'Nothing', ...names)
  const value = fc.oneof(
    fc.constantFrom(...oddJson),
    fc.json({ maxDepth: 3 }),
    fc.array(sid(center, 'WQ'), { maxLength: 60 }).map((one) => JSON.stringify(one)),
    text.map((one) => JSON.stringify(one))
  )
  const whose = fc.constantFrom(
    `"account_sid":"${account}"`,
    `"account_sid":"${account}"`,
    '"x":1',
    '"account_sid":{"toString":1}'
  )
  return fc.oneof(
    {
      weight: 5,
      arbitrary: fc
        .tuple(whose, fc.array(fc.tuple(key, value), { maxLength: 5 }))
        .map(
          ([first, entries]) =>
            `{${[first, ...entries.map(([name, one]) => `${JSON.stringify(name)}:${one}`)].join(',')}}`
        )
    },
    fc.json(),
    odd
  )
}

const headers = fc.oneof(
  { weight: 4, arbitrary: fc.constant({}) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Readonly<Record<string, string | readonly string[]>>>(
      ...['0', '"1"', 'W/"x"', '*', '-', '{}', '"99999999999999999999"', '""'].map((version) => ({
        'if-match': version
      })),
      ...['true', 'false', 'TRUE', '', '1', 'true,true', '__proto__'].map((told) => ({
        'x-twilio-webhook-enabled': told
      })),
      { 'x-twilio-webhook-enabled': ['true', 'no'] },
      { accept: 'text/html;q=x' },
      { 'accept-encoding': 'br;q=0' },
      { 'content-encoding': 'gzip' },
      { 'ringdown-cursor': 'x' },
      { 'last-event-id': '\u00e9' },
      { origin: 'null' },
      { host: 'conversations.twilio.com' },
      { host: 'evil"host/..\\' },
      { 'x-forwarded-host': 'a b', 'x-forwarded-proto': 'ftp' },
      { cookie: 'x'.repeat(4000) }
    )
  }
)

/** A request to an operation, some of it odd. */
export function nonsense(center: Center, operation: Operation): fc.Arbitrary<Asked> {
  const { method, parameters } = operation
  const inQuery = parameters.filter((parameter) => parameter.in === 'query')
  const inForm = parameters.filter((parameter) => parameter.in === 'form')
  const hasBody = method !== 'GET' && method !== 'DELETE'
  const body: fc.Arbitrary<[string, string]> = hasBody
    ? operation.json
      ? fc.tuple(fc.constant('application/json'), jsonBody(center, operation))
      : fc.tuple(
          contentTypes,
          fc.oneof(
            { weight: 14, arbitrary: nearly(center, inForm) },
            { weight: 10, arbitrary: pairs(center, inForm) },
            { weight: 1, arbitrary: pairs(center, inForm).map((form) => `${form}&FriendlyName=a\0b&\0=\ufffd`) },
            { weight: 2, arbitrary: fc.json() }
          )
        )
    : fc.constant(['', ''])
  return fc
    .tuple(place(center, operation), fc.oneof(nearly(center, inQuery), pairs(center, inQuery)), body, headers)
    .map(([path, asked, [contentType, content], more]) => ({
      method,
      path: asked === '' ? path : `${path}?${asked.slice(0, 8000)}`,
      headers: { ...(contentType && { 'content-type': contentType }), ...more },
      body: wellFormed(content)
    }))
}

/** What webhooks and callbacks are answered. */
export function reply(center: Center): fc.Arbitrary<object> {
  const said = [
    { friendly_name: 'Renamed', body: 'said otherwise', author: 'mallory', attributes: '{"a":1}' },
    { instruction: 'accept' },
    { instruction: 'reject', activity_sid: center.present.get('WA')?.[0] ?? '' }
  ]
  const bodies = fc.oneof(
    fc.constant(''),
    odd,
    fc.constantFrom(...said).chain((one) => bent(center, one))
  )
  const statuses = fc.constantFrom(200, 200, 200, 204, 400, 403, 503)
  return fc.tuple(statuses, bodies).map(([status, body]) => ({
    status,
    body: status === 204 ? '' : wellFormed(body),
    headers: { 'content-type': 'application/json' }
  }))
}

/** Paths and methods that are none of the contract's. */
export function stray(center: Center, all: readonly Operation[]): fc.Arbitrary<Asked> {
  const method = fc.constantFrom(
    'GET',
    'POST',
    'PUT',
    'PATCH',
    'DELETE',
    'HEAD',
    'OPTIONS',
    'TRACE',
    'PROPFIND',
    'QUERY',
    'LINK'
  )
  const twists: readonly ((path: string) => string)[] = [
    (path) => path,
    (path) => `${path}/`,
    (path) => `/${path}`,
    (path) => path.replace('/v1', '/v2'),
    (path) => path.replace('/v1', ''),
    (path) => path.toLowerCase(),
    (path) => `${path}/../x`,
    (path) => `/${path.slice(1).replaceAll('/', '%2F')}`,
    (path) => `${path}.json`,
    (path) => `${path};a=b`,
    (path) => `${path}?`,
    (path) => `${path}?${'a=1&'.repeat(1100)}`,
    (path) => `${path}#x`,
    (path) => path.replace(/\/[^/]+$/, ''),
    (path) => `http://elsewhere.example${path}`
  ]
  return fc
    .tuple(
      // The method is another one anyway.
      fc.constantFrom(...all.filter(({ verb }) => verb !== 'delete')).chain((operation) => nonsense(center, operation)),
      method,
      fc.constantFrom(...twists)
    )
    .map(([asked, other, twist]) => {
      const [path = '', ...rest] = asked.path.split('?')
      return { ...asked, method: other, path: rest.length === 0 ? twist(path) : `${twist(path)}?${rest.join('?')}` }
    })
}
