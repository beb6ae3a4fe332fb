import type {
  Method,
  Operation,
  Parameter,
  ParameterPlace,
  ParameterType,
  Product,
  Property,
  PropertyType,
  Schema,
  Verb
} from '@ringdown/contract/operation'
import {
  defaultPageSize,
  linkChanges,
  parameterChanges,
  parametersAdded,
  parametersRemoved,
  propertiesAdded,
  propertyChanges,
  urlChanges
} from '@ringdown/contract/overlay'
import { operationsAdded } from '@ringdown/contract/overlay-operations'

/** The parts of an OpenAPI file that matter here. */
export interface ApiFile {
  /** Ours: instants in answers show milliseconds. */
  readonly 'x-date-time'?: 'milliseconds'
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: { readonly schemas: Readonly<Record<string, ApiSchema>> }
}

interface PathItem {
  readonly 'x-twilio'?: { readonly dependentProperties?: Readonly<Record<string, DependentProperty>> }
  readonly [method: string]: unknown
}

/** A method of a path, as a file describes them. */
interface Described {
  readonly path: string
  readonly item: PathItem
  readonly method: string
}

interface DependentProperty {
  readonly mapping: Readonly<Record<string, string>>
  readonly resource_url: string
}

interface ApiSchema {
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly nullable?: boolean
  readonly default?: unknown
  readonly minimum?: number
  readonly maximum?: number
  readonly maxLength?: number
  readonly items?: ApiSchema
  readonly properties?: Readonly<Record<string, ApiSchema>>
  readonly required?: readonly string[]
  readonly 'x-twilio'?: { readonly pii?: unknown }
  /** Ours, see the description in packages/contract/openapi. */
  readonly 'x-clearable'?: boolean
  readonly 'x-expected'?: string
  readonly 'x-aliases'?: readonly string[]
  readonly 'x-strict'?: boolean
  readonly 'x-url'?: string
}

interface ApiOperation {
  readonly operationId: string
  readonly 'x-closed'?: boolean
  readonly 'x-waits'?: boolean
  readonly 'x-ignores-body'?: boolean
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly required?: boolean
    readonly schema: ApiSchema
  }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: ApiSchema }>> }
  readonly responses: Readonly<
    Record<string, { readonly content?: Readonly<Record<string, { readonly schema: ApiSchema }>> }>
  >
}

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const
const pageNames = new Set(['PageSize', 'Page', 'PageToken'])

/**
 * The operations of one OpenAPI file (on some resources, where they are named), overlay included. Throws on an entry of
 * the overlay that changes nothing.
 */
export function operationsOf(api: string, file: ApiFile, resources?: readonly string[]): Operation[] {
  const operations = Object.entries(file.paths).flatMap(([path, item]) =>
    methods
      .filter((method) => isWanted(item, method, resources))
      .map((method) => operationOf(api, file, { path, item, method }))
  )
  const added = operationsAdded.map((entry) => entry.operation).filter((operation) => operation.api === api)
  const laid = [...operations.map(overlaid), ...added]
  refuseIdleEntries(api, operations)
  return laid.sort((a, b) => (a.path === b.path ? compare(a.method, b.method) : compare(a.path, b.path)))
}

/** Whether a path has a method, on one of the resources where they are named. */
function isWanted(item: PathItem, method: string, resources: readonly string[] | undefined): boolean {
  if (!(method in item)) return false
  const [, noun] = verbAndNoun((item[method] as ApiOperation).operationId) // as below
  return resources?.includes(snake(noun)) ?? true
}

function operationOf(api: string, file: ApiFile, { path: wholePath, item, method }: Described): Operation {
  const [path = '', extension] = wholePath.split(/(?=\.json$)/)
  const described = item[method] as ApiOperation // `methods` are operations by the OpenAPI standard
  const [verb, noun] = verbAndNoun(described.operationId)
  const statuses = Object.keys(described.responses).map(Number).sort()
  const status = statuses.find((code) => verb === 'create' && code === 201) ?? statuses[0]
  if (status === undefined) throw new Error(`${described.operationId} has no response`)
  const content = described.requestBody?.content ?? {}
  const body = described.responses[status]?.content?.['application/json']?.schema
  const answer = answerOf(file, body)
  const listKey = answer?.listKey ?? null
  const page = pageOf(described)
  if ((listKey === null) !== (page === null))
    throw new Error(`${described.operationId} must answer a list and take a PageSize with a maximum, or neither`)
  const pathNames = [...path.matchAll(/\{(\w+)\}/g)].map((match) => snake(match[1] ?? ''))
  const own = path.endsWith('}') ? (pathNames.at(-1) ?? null) : null
  const otherStatuses = statuses.filter((code) => code !== status)
  return {
    id: `${api}.${described.operationId}`,
    api,
    product: productOf(file),
    method: method.toUpperCase() as Method, // one of `methods`
    path,
    ...(extension === '.json' && { extension }),
    verb,
    resource: snake(noun),
    parents: own === null ? pathNames : pathNames.slice(0, -1),
    own,
    parameters: parametersOf(file, described),
    ...('application/json' in content && { json: true }),
    status,
    ...(otherStatuses.length > 0 && { otherStatuses }),
    schema: answer && schemaOf(file, answer.name),
    listKey,
    page,
    ...(described['x-closed'] && { closed: true }),
    ...(described['x-waits'] && { waits: true }),
    ...(described['x-ignores-body'] && { ignoresBody: true }),
    url: answer && hasProperty(file, answer.name, 'url') ? urlOf(file, path, answer.name) : null,
    links: answer && hasProperty(file, answer.name, 'links') ? linksOf(item) : null
  }
}

function verbAndNoun(operationId: string): [Verb, string] {
  const match = /^(List|Fetch|Create|Update|Delete)(\w+)$/.exec(operationId)
  if (match?.[1] === undefined || match[2] === undefined) throw new Error(`No verb in ${operationId}`)
  return [match[1].toLowerCase() as Verb, match[2]] // the verbs of the expression above
}

function productOf(file: ApiFile): Product {
  const label = /^https:\/\/([a-z-]+)\.|\/([a-z-]+)$/
    .exec(file.servers[0]?.url ?? '')
    ?.slice(1)
    .find(Boolean)
  if (label === undefined) throw new Error('The file names no server')
  return label as Product // a new label shows as a type error in generated/
}

/** The schema of the answer, or of one item of a list. */
function answerOf(file: ApiFile, body: ApiSchema | undefined): { name: string; listKey: string | null } | null {
  if (body?.$ref !== undefined) return { name: refName(body.$ref), listKey: null }
  for (const [key, property] of Object.entries(body?.properties ?? {})) {
    const ref = property.items?.$ref
    if (ref !== undefined && file.components.schemas[refName(ref)]?.enum === undefined) {
      return { name: refName(ref), listKey: key }
    }
  }
  return null
}

function schemaOf(file: ApiFile, name: string): Schema {
  const properties = Object.entries(file.components.schemas[name]?.properties ?? {})
  return {
    name: typeName(name),
    properties: properties.flatMap(([key, described]) => {
      const property = propertyOf(file, key, described)
      const change = propertyChanges.find((entry) => matches(entry.on, typeName(name)) && matches(entry.property, key))
      const added = propertiesAdded.filter((entry) => matches(entry.on, typeName(name)) && entry.after === key)
      return [change ? { ...property, type: change.type } : property, ...added.map((entry) => entry.property)]
    })
  }
}

function propertyOf(file: ApiFile, name: string, described: ApiSchema): Property {
  const resolved = resolve(file, described)
  return {
    name,
    type: propertyType(file, resolved),
    ...(described.nullable === true && { nullable: true }),
    ...(resolved.enum && { enum: resolved.enum }),
    ...(resolved.pattern !== undefined && { pattern: resolved.pattern }),
    ...(described['x-twilio']?.pii !== undefined && { sensitive: true }),
    ...(described.default === '0' || described.default === 0 ? { default: 0 } : {}),
    ...(resolved.type === 'array' && resolved.items && { items: itemOf(file, resolved.items) }),
    ...(file['x-date-time'] &&
      resolved.type === 'object' &&
      resolved.properties && { properties: membersOf(file, resolved) })
  }
}

/** The members of an object inside a row; those that are not required may be absent. */
function membersOf(file: ApiFile, { properties = {}, required = [] }: ApiSchema): Property[] {
  return Object.entries(properties).map(([name, described]) => ({
    ...propertyOf(file, name, described),
    ...(!required.includes(name) && { optional: true })
  }))
}

function itemOf(file: ApiFile, described: ApiSchema): Omit<Property, 'name'> {
  const { name: _, ...item } = propertyOf(file, '', described)
  return item
}

function propertyType(file: ApiFile, described: ApiSchema): PropertyType {
  const { type, format, pattern } = described
  if (type === undefined) return described.enum ? 'string' : 'json'
  if (format === 'uri-map') return 'links'
  if (type === 'object') return 'json'
  if (type === 'string' && format === 'date-time' && file['x-date-time'] === 'milliseconds') return 'date-time-ms'
  if (type === 'string' && format === 'date-time-rfc-2822') return 'date-time-2822'
  if (type === 'string' && (format === 'date-time' || format === 'uri')) return format
  if (type === 'string' && isSidPattern(pattern)) return 'sid'
  return type as PropertyType // string, integer, number, boolean, array
}

function parametersOf(file: ApiFile, described: ApiOperation): Parameter[] {
  const parameters = (described.parameters ?? [])
    .filter(({ name, in: place }) => !(place === 'query' && pageNames.has(name)))
    // `in` is one of the standard's four places, and cookies do not occur.
    .map(({ name, in: place, required, schema }) =>
      parameterOf(file, { wire: name, place: place as ParameterPlace, required: required === true, schema })
    )
  for (const { schema } of Object.values(described.requestBody?.content ?? {})) {
    for (const [wire, property] of Object.entries(schema.properties ?? {})) {
      const required = schema.required?.includes(wire) === true
      parameters.push(parameterOf(file, { wire, place: 'form', required, schema: property }))
    }
  }
  return parameters
}

interface DescribedParameter {
  readonly wire: string
  readonly place: ParameterPlace
  readonly required: boolean
  readonly schema: ApiSchema
}

function parameterOf(file: ApiFile, { wire, place, required, schema }: DescribedParameter): Parameter {
  const repeated = schema.type === 'array'
  const resolved = resolve(file, repeated ? (schema.items ?? {}) : schema)
  const type = parameterType(resolved)
  return {
    wire,
    name: snake(wire),
    in: place,
    type,
    ...(required && { required }),
    ...(repeated && { repeated }),
    ...(resolved.enum && { enum: resolved.enum }),
    ...(resolved.pattern !== undefined && { pattern: resolved.pattern }),
    ...(resolved.minimum !== undefined && { min: resolved.minimum }),
    ...(resolved.maximum !== undefined && { max: resolved.maximum }),
    ...(resolved.maxLength !== undefined && type !== 'sid' && { maxLength: resolved.maxLength }),
    ...(resolved['x-clearable'] && { clearable: true as const }),
    ...(resolved['x-expected'] !== undefined && { expected: resolved['x-expected'] }),
    ...(resolved['x-aliases'] && { aliases: resolved['x-aliases'] })
  }
}

function parameterType(described: ApiSchema): ParameterType {
  const { type, format, pattern } = described
  if (type === undefined) return described.enum ? 'string' : 'json'
  if (type === 'object') return 'json'
  if (type === 'string' && format === 'date-time') return format
  if (type === 'string' && isSidPattern(pattern)) return 'sid'
  return type as ParameterType // string, integer, number, boolean
}

function pageOf(described: ApiOperation): Operation['page'] {
  const { maximum: max, 'x-strict': strict } =
    described.parameters?.find(({ name }) => name === 'PageSize')?.schema ?? {}
  return max === undefined ? null : { size: Math.min(defaultPageSize, max), max, ...(strict && { strict }) }
}

/** A list's rows lead to the item path below it if that has the same schema; everything else is its own path. */
function urlOf(file: ApiFile, path: string, schema: string): string {
  const said = file.components.schemas[schema]?.['x-url']
  if (said !== undefined) return said
  const below = Object.entries(file.paths).find(
    ([other, item]) =>
      other.startsWith(`${path}/{`) &&
      !other.slice(path.length + 1).includes('/') &&
      methods.some((method) => {
        const operation = item[method] as ApiOperation | undefined // `methods` are operations by the OpenAPI standard
        return Object.values(operation?.responses ?? {}).some(
          ({ content }) => answerOf(file, content?.['application/json']?.schema)?.name === schema
        )
      })
  )
  return (below?.[0] ?? path).replaceAll(/\{(\w+)\}/g, (_, name: string) => `{${snake(name)}}`)
}

function linksOf(item: PathItem): Record<string, string> {
  const dependents = Object.entries(item['x-twilio']?.dependentProperties ?? {})
  return Object.fromEntries(
    dependents.map(([name, { mapping, resource_url }]) => [
      name,
      resource_url.replaceAll(/\{(\w+)\}/g, (_, variable: string) => `{${mapping[variable] ?? variable}}`)
    ])
  )
}

/** The operation with the overlay's changes. */
function overlaid(operation: Operation): Operation {
  const schemaName = operation.schema?.name ?? ''
  const links = linkChanges.filter((entry) => matches(entry.on, schemaName)).map((entry) => entry.links)
  const url = urlChanges.find((entry) => matches(entry.on, schemaName))?.url
  const removed = parametersRemoved.filter((entry) => matches(entry.on, operation.id))
  const added = parametersAdded.filter((entry) => matches(entry.on, operation.id)).map((entry) => entry.parameter)
  return {
    ...operation,
    parameters: [
      ...operation.parameters
        .filter(({ wire }) => !removed.some((entry) => matches(entry.wire, wire)))
        .map((parameter) => changed(operation, parameter)),
      ...added
    ],
    ...(url !== undefined && { url }),
    ...(links.length > 0 && { links: Object.assign({}, ...links, operation.links, ...links) })
  }
}

function changed(operation: Operation, parameter: Parameter): Parameter {
  const changes = changesOf(operation, parameter)
  const merged = Object.assign({}, parameter, ...changes.map((entry) => entry.change))
  if (merged.type === 'boolean') delete merged.enum
  if (merged.required === false) delete merged.required
  return merged
}

function changesOf(operation: Operation, parameter: Parameter) {
  if (parameter.in === 'path') return []
  return parameterChanges.filter((entry) => matches(entry.on, operation.id) && matches(entry.wire, parameter.wire))
}

/** An entry, or one alternative of its `on`, that meets nothing or repeats what the file says by now, must go. */
function refuseIdleEntries(api: string, operations: readonly Operation[]): void {
  const parameters = operations.flatMap((operation) =>
    operation.parameters.map((parameter) => ({ on: operation.id, of: parameter.wire, parameter }))
  )
  const properties = operations.flatMap(({ schema }) =>
    (schema?.properties ?? []).map(({ name }) => ({ on: schema?.name ?? '', of: name }))
  )
  const differs = (change: object, parameter: Parameter) =>
    JSON.stringify({ ...parameter, ...change }) !== JSON.stringify(parameter)
  const idle = [
    ...unmet(parameterChanges, api, ({ on, wire, change }) =>
      parameters.some((one) => matches(on, one.on) && matches(wire, one.of) && differs(change, one.parameter))
    ),
    ...unmet(parametersRemoved, api, ({ on, wire }) =>
      parameters.some((one) => matches(on, one.on) && matches(wire, one.of))
    ),
    ...unmet(parametersAdded, api, ({ on }) => operations.some(({ id }) => matches(on, id))),
    ...unmet(propertiesAdded, api, ({ on, property }) =>
      properties.some((one) => matches(on, one.on) && one.of === property.name)
    ),
    ...unmet(propertyChanges, api, ({ on, property }) =>
      properties.some((one) => matches(on, one.on) && matches(property, one.of))
    ),
    ...unmet(linkChanges, api, ({ on }) => properties.some((one) => matches(on, one.on) && one.of === 'links')),
    ...unmet(urlChanges, api, ({ on }) => properties.some((one) => matches(on, one.on) && one.of === 'url'))
  ]
  if (idle.length > 0) throw new Error(`Overlay entries that change nothing: ${idle.join(', ')}`)
}

/** The alternatives of this API (`taskrouter_v1.…` or `TaskrouterV1…`) for which the condition does not hold. */
function unmet<E extends { readonly on: string }>(
  entries: readonly E[],
  api: string,
  holds: (entry: E) => boolean
): string[] {
  const prefixes = [`${api}.`, typeName(api.replace('_', '.'))]
  return entries.flatMap((entry) =>
    entry.on.split('|').filter((on) => prefixes.some((prefix) => on.startsWith(prefix)) && !holds({ ...entry, on }))
  )
}

function resolve(file: ApiFile, described: ApiSchema): ApiSchema {
  if (described.$ref === undefined) return described
  const resolved = file.components.schemas[refName(described.$ref)]
  if (resolved === undefined) throw new Error(`Nothing at ${described.$ref}`)
  return resolved
}

function hasProperty(file: ApiFile, schema: string, property: string): boolean {
  return file.components.schemas[schema]?.properties?.[property] !== undefined
}

function isSidPattern(pattern: string | undefined): boolean {
  return pattern !== undefined && /^\^[A-Z]{2}\[0-9a-f(A-F)?\]\{32\}\$$/.test(pattern)
}

function refName(ref: string): string {
  return ref.slice(ref.lastIndexOf('/') + 1)
}

/** `taskrouter.v1.workspace.task` -> `TaskrouterV1Task`. */
function typeName(schema: string): string {
  const parts = schema.split('.')
  const named = [parts[0] ?? '', parts[1] ?? '', ...(parts.length > 2 ? [parts.at(-1) ?? ''] : [])]
  return named
    .flatMap((part) => part.split(/[_-]/))
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

/** `MessagingBinding.ProxyAddress` and `If-Match` -> `messaging_binding_proxy_address` and `if_match`. */
/** Of a range's ends, `DateSent<` and `DateSent>`, the names say which one they are. */
function snake(name: string): string {
  return name
    .replace('<', '_before')
    .replace('>', '_after')
    .replaceAll(/[.-]/g, '_')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .toLowerCase()
}

/** Whether `*` and `|` of the overlay's pattern let the text match. */
function matches(pattern: string, text: string): boolean {
  return pattern.split('|').some((one) => {
    const expression = one
      .split('*')
      .map((part) => part.replaceAll(/[.$^()[\]{}+?\\]/g, '\\$&'))
      .join('.*')
    return new RegExp(`^${expression}$`).test(text)
  })
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
