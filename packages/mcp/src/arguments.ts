import { createHash } from 'node:crypto'
import { type ErrorBody, Fault } from './errors.ts'
import { jsonObject, jsonText } from './json.ts'
import { near } from './near.ts'
import { isSid, sidMeaning } from './sids.ts'
import type { Action, Argument, Tool } from './tool.ts'

/** A call whose arguments are spelled, typed and complete; names still stand where SIDs will. */
export interface Matched {
  readonly name: string
  readonly action: Action
  readonly values: Readonly<Record<string, unknown>>
  readonly warnings: readonly string[]
  /** A hash of tool, action and filters, to which a page token belongs. */
  readonly filters: string
}

/** Spellings that callers of other connectors send; the first that the tool has is meant. */
const commonAliases: Readonly<Record<string, readonly string[]>> = {
  routingworkflowsid: ['workflowSid'],
  routingworkspacesid: ['workspaceSid'],
  minutesfilter: ['minutes'],
  type: ['participantType', 'channelType'],
  worker: ['workerSid'],
  workername: ['workerSid'],
  queue: ['taskQueueSid'],
  queuesid: ['taskQueueSid'],
  queuename: ['taskQueueSid'],
  taskqueue: ['taskQueueSid'],
  taskqueuename: ['taskQueueSid'],
  workflow: ['workflowSid'],
  workflowname: ['workflowSid'],
  activity: ['activitySid'],
  activityname: ['activitySid'],
  workspace: ['workspaceSid'],
  workspacename: ['workspaceSid'],
  flow: ['flowSid', 'flexFlowSid'],
  flowname: ['flowSid', 'flexFlowSid'],
  conversation: ['conversationSid'],
  conversationname: ['conversationSid'],
  taskchannelsid: ['taskChannel'],
  taskchanneluniquename: ['taskChannel']
}

const actionAliases: Readonly<Record<string, string>> = {
  delete: 'remove',
  remove: 'delete',
  add: 'create',
  create: 'add'
}

/** What a table says of a name that somebody sent: never what every object has, like `constructor`. */
function own<T>(table: Readonly<Record<string, T>> | undefined, name: string): T | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
}

/** Known to every action, whether or not it uses them. */
const takenEverywhere = new Set(['action', 'pageSize', 'pageToken', 'fields', 'workspaceSid'])

/** A name without case, underscores and hyphens: `workspace_sid`, `WorkspaceSid` and `workspaceSid` are one. */
const folded = (name: string): string => name.replace(/[_-]/g, '').toLowerCase()

/**
 * Reads the arguments of one call by the tool's table.
 *
 * Throws Fault with every mistake found: unknown, unused, missing and wrong arguments are told at once.
 */
export function match(tool: Tool, given: unknown, readOnly = false): Matched {
  const faults: ErrorBody[] = []
  const warnings: string[] = []
  const spelled = spell(tool, given, faults, warnings)
  const [name, action] = actionOf(tool, spelled.get('action'), readOnly, faults)
  const values: Record<string, unknown> = {}
  for (const [argument, raw] of spelled) {
    if (argument === 'action') continue
    try {
      const spec = tool.arguments[argument]
      const value = spec && valueIn(spec, argument, raw, warnings)
      if (value !== undefined) values[argument] = value
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      faults.push(...error.bodies)
    }
  }
  if (action) {
    const acting = { tool, name, action, values }
    faults.push(...unusable(acting), ...missing(acting, faults))
  }
  if (faults.length > 0 || !action) throw new Fault(faults)
  return { name, action, values, warnings, filters: filtersOf(tool.name, name, values) }
}

function spell(tool: Tool, given: unknown, faults: ErrorBody[], warnings: string[]): Map<string, unknown> {
  const spelled = new Map<string, unknown>()
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return spelled
  const known = new Map(Object.keys(tool.arguments).map((name) => [folded(name), name]))
  for (const [key, value] of Object.entries(given)) {
    const fold = folded(key)
    const alias =
      own(tool.aliases, fold) ?? own(commonAliases, fold)?.find((name) => Object.hasOwn(tool.arguments, name))
    const name = known.get(fold) ?? alias
    if (name === undefined) {
      if (value === null) continue
      const ignored = own(tool.ignored, fold)
      if (ignored) warnings.push(ignored)
      else faults.push(unknown(tool, key))
    } else if (!spelled.has(name) || spelled.get(name) === null) spelled.set(name, value)
    else if (value !== null && JSON.stringify(spelled.get(name)) !== JSON.stringify(value)) {
      faults.push({
        code: 'bad_value',
        message: `${key} says ${name} a second time, differently`,
        argument: name,
        next: `give ${name} once`
      })
    }
  }
  if (spelled.has('mediaContentType') && !spelled.get('mediaUrl')) {
    spelled.delete('mediaContentType')
    warnings.push('mediaContentType alone is ignored: it describes a mediaUrl')
  }
  return spelled
}

function unknown(tool: Tool, key: string): ErrorBody {
  const names = Object.keys(tool.arguments)
  const [nearest] = near(
    folded(key),
    names.map((name) => ({ name, text: folded(name) }))
  )
  return {
    code: 'unknown_argument',
    message: `${tool.name} has no argument ${key}`,
    argument: key,
    next: nearest ? `use ${nearest.name}` : `its arguments: ${names.join(', ')}`
  }
}

function actionOf(
  tool: Tool,
  raw: unknown,
  readOnly: boolean,
  faults: ErrorBody[]
): readonly [string, Action | undefined] {
  if (!('action' in tool.arguments)) return ['call', tool.actions.call]
  const shown = Object.entries(tool.actions).flatMap(([name, action]) => (readOnly && action.write ? [] : [name]))
  if (raw === undefined || raw === null || (typeof raw === 'string' && raw.trim() === '')) {
    faults.push({
      code: 'missing_argument',
      message: `${tool.name} needs action`,
      argument: 'action',
      allowed: shown,
      next: `action: ${shown.join(', ')}`
    })
    return ['', undefined]
  }
  const fold = typeof raw === 'string' ? raw.trim().toLowerCase().replaceAll('-', '_') : ''
  const name = [fold, own(actionAliases, fold) ?? ''].find((name) => Object.hasOwn(tool.actions, name))
  const action = name === undefined ? undefined : tool.actions[name]
  if (!action || name === undefined) {
    faults.push({
      code: 'bad_value',
      message: typeof raw === 'string' ? `${tool.name} has no action ${raw}` : 'action must be one name, as text',
      argument: 'action',
      found: raw,
      allowed: shown,
      next: `action: ${shown.join(', ')}`
    })
    return ['', undefined]
  }
  if (readOnly && action.write) {
    throw new Fault([
      {
        code: 'read_only',
        message: `${name} writes, and this server only reads`,
        argument: 'action',
        allowed: shown,
        next: `action: ${shown.join(', ')}; a server without --read-only can ${name}`
      }
    ])
  }
  return [name, action]
}

function uses(action: Action, argument: string): boolean {
  return Boolean(action.required?.includes(argument) || action.optional?.includes(argument))
}

/** What a call does, with the values that could be read. */
interface Acting {
  readonly tool: Tool
  readonly name: string
  readonly action: Action
  readonly values: Readonly<Record<string, unknown>>
}

function unusable({ tool, name, action, values }: Acting): ErrorBody[] {
  return Object.keys(values).flatMap((argument): ErrorBody[] => {
    if (takenEverywhere.has(argument) || uses(action, argument)) return []
    const reason = action.unused?.[argument]
    const users = Object.entries(tool.actions).flatMap(([other, spec]) => (uses(spec, argument) ? [other] : []))
    return [
      {
        code: 'unused_argument',
        message: `${argument} is not used by ${name}`,
        argument,
        next: reason ?? `leave ${argument} out; it belongs to ${users.join(', ')}`
      }
    ]
  })
}

function missing({ tool, name, action, values }: Acting, faults: readonly ErrorBody[]): ErrorBody[] {
  const wrong = new Set(faults.map((fault) => fault.argument))
  const doing = name === 'call' ? tool.name : `${tool.name} ${name}`
  const absent = (action.required ?? []).filter((argument) => values[argument] === undefined && !wrong.has(argument))
  const found = absent.map((argument): ErrorBody => {
    const allowed = tool.arguments[argument]?.enum
    const listable = 'list' in tool.actions && (tool.arguments[argument]?.ref || tool.arguments[argument]?.sid)
    return {
      code: 'missing_argument',
      message: `${doing} needs ${argument}`,
      argument,
      allowed,
      next: `give ${argument}${allowed ? `: ${allowed.join(', ')}` : listable ? '; action list shows what there is' : ''}`
    }
  })
  const change = action.change
  if (
    change &&
    found.length === 0 &&
    !change.some((argument) => values[argument] !== undefined) &&
    !change.some((argument) => wrong.has(argument))
  ) {
    found.push({
      code: 'missing_argument',
      message: `${doing} would change nothing`,
      argument: change[0],
      next: `give at least one of ${change.join(', ')}`
    })
  }
  return found
}

/** One argument's value as its type says, or undefined where it counts as omitted (null; "" unless it clears). */
function valueIn(spec: Argument, argument: string, raw: unknown, warnings: string[]): unknown {
  if (raw === null || raw === undefined) return undefined
  if (raw === '') return spec.clearable ? '' : undefined
  switch (spec.type) {
    case 'string':
      return stringOf(spec, argument, raw)
    case 'integer':
      return integerOf(spec, argument, raw, warnings)
    case 'boolean':
      if (typeof raw === 'boolean') return raw
      if (typeof raw === 'string' && /^(true|false)$/i.test(raw.trim())) return raw.trim().toLowerCase() === 'true'
      throw wrong(argument, raw, 'true or false', [true, false])
    case 'object':
      return jsonObject(argument, raw)
    case 'strings':
      return listOf(argument, raw).map((item) => (typeof item === 'object' ? JSON.stringify(item) : String(item)))
    case 'objects': {
      const list = listOf(argument, raw).map((item, index) => jsonObject(`${argument}[${index}]`, item).value)
      if (spec.max !== undefined && list.length > spec.max)
        throw wrong(argument, list.length, `at most ${spec.max} of them`)
      return list
    }
  }
}

function stringOf(spec: Argument, argument: string, raw: unknown): string {
  if (typeof raw === 'object') throw wrong(argument, 'JSON', 'text')
  const text = String(raw)
  if (spec.enum) {
    const fold = text.trim().toLowerCase()
    const value = spec.enum.find((name) => name.toLowerCase() === fold) ?? own(spec.also, fold)
    if (value === undefined) throw wrong(argument, text, spec.description ?? spec.enum.join(', '), spec.enum)
    return value
  }
  if (spec.sid && !spec.sid.some((prefix) => text.startsWith(prefix) && isSid(text))) {
    const due = spec.sid.map((prefix) => `${prefix}…`).join(' or ')
    const meaning = isSid(text) ? sidMeaning(text) : undefined
    throw new Fault([
      meaning
        ? {
            code: 'wrong_sid',
            message: `${argument} takes ${due}; ${text} is ${meaning.thing}`,
            argument,
            found: text,
            next: `give ${argument} as ${due}${meaning.argument ? `; this SID fits ${meaning.argument}` : ''}`
          }
        : {
            code: 'bad_value',
            message: `${argument} takes a SID: ${due} with 32 hex digits`,
            argument,
            found: text,
            next: `give ${argument} as ${due}`
          }
    ])
  }
  return text
}

function integerOf(spec: Argument, argument: string, raw: unknown, warnings: string[]): number {
  const number = typeof raw === 'string' && raw.trim() !== '' ? Number(raw) : raw
  const { min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = spec
  if (typeof number !== 'number' || !Number.isInteger(number)) throw wrong(argument, raw, 'a whole number')
  if (number < min) throw wrong(argument, raw, `at least ${min}`)
  if (number <= max) return number
  if (!spec.cut) throw wrong(argument, raw, `at most ${max}`)
  warnings.push(`${argument} ${number} was cut to ${max}; follow nextPageToken`)
  return max
}

function listOf(argument: string, raw: unknown): readonly unknown[] {
  if (Array.isArray(raw)) return raw.filter((item) => item !== null)
  if (typeof raw === 'string') {
    if (!raw.trim().startsWith('[') && !raw.trim().startsWith('{')) return raw.split(',').map((part) => part.trim())
    const value = jsonText(argument, raw)
    return Array.isArray(value) ? value : [value]
  }
  return [raw]
}

function wrong(argument: string, found: unknown, due: string, allowed?: readonly unknown[]): Fault {
  return new Fault([
    { code: 'bad_value', message: `${argument} must be ${due}`, argument, found, allowed, next: `correct ${argument}` }
  ])
}

function filtersOf(tool: string, action: string, values: Readonly<Record<string, unknown>>): string {
  const filters = Object.entries(values)
    .filter(([name]) => !['pageSize', 'pageToken', 'fields'].includes(name))
    .sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(JSON.stringify([tool, action, filters]))
    .digest('base64url')
    .slice(0, 10)
}
