import { isJsonObject } from '@ringdown/contract/json-text'
import { compile, type Expression } from './expression/compile.ts'
import type { Scope } from './expression/environment.ts'
import { ExpressionError } from './expression/error.ts'
import { compileKnownWorker, type KnownWorker } from './expression/known-worker.ts'
import { compileOrderBy, type OrderBy } from './expression/order-by.ts'
import { FilterFinder } from './filter-finder.ts'

/**
 * A workflow's `Configuration` (reference taskrouter 3.1), read and compiled. It keeps what routing needs; the text
 * itself, unknown keys included, is stored and shown by whoever holds the workflow.
 */
export interface WorkflowDocument {
  readonly filters: readonly WorkflowFilter[]
  readonly finder: FilterFinder
  readonly default_filter: DefaultFilter | undefined
  /** SIDs of every queue it names, sorted, each once. Whether they exist is for the caller to check. */
  readonly queues: readonly string[]
}

export interface WorkflowFilter {
  readonly index: number
  /** `filter_friendly_name`, or `friendly_name` in older documents. */
  readonly friendly_name: string | undefined
  /** The text of its expression. */
  readonly source: string
  /** That text in a JSON list, as events show it. */
  readonly told_source: string
  readonly expression: Expression
  /** At least one. */
  readonly targets: readonly WorkflowTarget[]
}

export interface WorkflowTarget {
  readonly index: number
  /** Its queue's SID: its own, or that of the target before it. */
  readonly queue: string
  /** The priority a task gets on entering; undefined: it keeps its own. */
  readonly priority: number | undefined
  /** Seconds a task may stay, added to those of the targets before; undefined: until its time to live ends. */
  readonly timeout_s: number | undefined
  readonly expression: Expression | undefined
  readonly order_by: OrderBy | undefined
  readonly skip_if: Expression | undefined
  readonly known_worker: KnownWorker | undefined
}

/** Where tasks go that no filter keeps. It has no timeout; its expression, if any, is that of a target. */
export interface DefaultFilter {
  readonly queue: string
  readonly priority: number | undefined
  readonly expression: Expression | undefined
  readonly order_by: OrderBy | undefined
}

/** A document that cannot route. The message names the place first and is fit for the caller of the API. */
export class WorkflowDocumentError extends Error {
  override readonly name = 'WorkflowDocumentError'
  /** `task_routing.filters[1].targets[0].queue`; empty for the document as a whole. */
  readonly place: string
  /** Where in the expression at that place; undefined for anything but an expression. */
  readonly column: number | undefined

  constructor(place: string, complaint: string, column?: number) {
    super(place === '' ? complaint : `${place}: ${complaint}`)
    this.place = place
    this.column = column
  }
}

/** Bytes of UTF-8 that a document may have. */
export const MAX_DOCUMENT_BYTES = 1_038_576

/** The largest priority and timeout, as the API has it for a task's priority. */
const MAX_INTEGER = 2_147_483_647

/**
 * Reads a document from its text. Throws WorkflowDocumentError for the first thing that is wrong. `compiling` is told the
 * length of each expression before it is compiled, and may throw: read again, the same text goes on from there.
 */
export function parseWorkflowDocument(text: string, compiling?: Compiling): WorkflowDocument {
  if (last?.text !== text) last = { text, document: parsed(text, compiling) }
  return last.document
}

type Compiling = (length: number) => void

/** A document is checked first, and followed soon after. */
let last: { readonly text: string; readonly document: WorkflowDocument } | undefined

/**
 * What has been compiled of documents that may be read again, by their texts: those that were not read to their end, and those
 * whose decision is broken off later, after another document has been read.
 */
const recent = new Map<string, Map<string, Expression>>()
const maxRecent = 4

function parsed(text: string, compiling: Compiling | undefined): WorkflowDocument {
  if (compiling === undefined) return read(text, new Reader(new Map(), () => {}))
  const expressions = recent.get(text) ?? new Map<string, Expression>()
  recent.delete(text)
  const [eldest] = recent.keys()
  if (eldest !== undefined && recent.size >= maxRecent) recent.delete(eldest)
  recent.set(text, expressions)
  return read(text, new Reader(expressions, compiling))
}

function read(text: string, reader: Reader): WorkflowDocument {
  const root = section(parseJson(text), '').task_routing
  if (root === undefined) throw new WorkflowDocumentError('task_routing', 'is missing')
  const routing = section(root, 'task_routing')
  const filters = list(routing.filters ?? [], 'task_routing.filters').map((value, index) =>
    reader.filter(value, index, `task_routing.filters[${index}]`)
  )
  const default_filter = isAbsent(routing.default_filter)
    ? undefined
    : reader.defaultFilter(routing.default_filter, 'task_routing.default_filter')
  if (filters.length === 0 && default_filter === undefined) {
    throw new WorkflowDocumentError('task_routing', 'needs a filter or a default_filter')
  }
  return { filters, finder: new FilterFinder(filters), default_filter, queues: [...reader.queues].sort() }
}

type Section = Readonly<Record<string, unknown>>

/** Where a target stands: the queue of the one before it, and what messages about it say. */
interface TargetPlace {
  readonly inherited: string | undefined
  readonly place: string
  readonly label: string
}

/** What is gathered while one document is read: its queues, and its expressions, which often repeat. */
class Reader {
  readonly queues = new Set<string>()
  readonly #compiled: Map<string, Expression>
  readonly #compiling: Compiling

  constructor(compiled: Map<string, Expression>, compiling: Compiling) {
    this.#compiled = compiled
    this.#compiling = compiling
  }

  filter(value: unknown, index: number, place: string): WorkflowFilter {
    const filter = section(value, place)
    const friendly_name = name(filter, place)
    const source = text(filter, 'expression', place)
    if (source === undefined) throw new WorkflowDocumentError(`${place}.expression`, 'is missing or empty')
    const label = friendly_name === undefined ? '' : `filter "${shorten(friendly_name)}", `
    const expression = this.#expression(source, 'task', `${place}.expression`, label)
    const targets: WorkflowTarget[] = []
    for (const [at, target] of list(filter.targets, `${place}.targets`).entries()) {
      const where = { inherited: targets.at(-1)?.queue, place: `${place}.targets[${at}]`, label }
      targets.push(this.#target(target, at, where))
    }
    if (targets.length === 0) throw new WorkflowDocumentError(`${place}.targets`, 'must have at least one target')
    return { index, friendly_name, source, told_source: JSON.stringify([source]), expression, targets }
  }

  #target(value: unknown, index: number, { inherited, place, label }: TargetPlace): WorkflowTarget {
    const target = section(value, place)
    const skipIf = text(target, 'skip_if', place)
    return {
      index,
      ...this.#placement(target, inherited, place, label),
      timeout_s: integer(target, 'timeout', place),
      skip_if: skipIf === undefined ? undefined : this.#expression(skipIf, 'skip_if', `${place}.skip_if`, label),
      known_worker: knownWorker(target, place, label)
    }
  }

  defaultFilter(value: unknown, place: string): DefaultFilter {
    return this.#placement(section(value, place), undefined, place, '')
  }

  /** What a target and the default filter have in common. */
  #placement(target: Section, inherited: string | undefined, place: string, label: string): DefaultFilter {
    const expression = text(target, 'expression', place)
    const orderBy = text(target, 'order_by', place)
    return {
      queue: this.#queue(target, inherited, place),
      priority: integer(target, 'priority', place),
      expression:
        expression === undefined ? undefined : this.#expression(expression, 'target', `${place}.expression`, label),
      order_by: orderBy === undefined ? undefined : compiled(compileOrderBy, orderBy, `${place}.order_by`, label)
    }
  }

  #queue(target: Section, inherited: string | undefined, place: string): string {
    const queue = text(target, 'queue', place) ?? inherited
    if (queue === undefined) throw new WorkflowDocumentError(`${place}.queue`, 'is missing')
    this.queues.add(queue)
    return queue
  }

  #expression(source: string, scope: Scope, place: string, label: string): Expression {
    const key = `${scope} ${source}`
    let expression = this.#compiled.get(key)
    if (expression === undefined) {
      this.#compiling(source.length)
      expression = compiled((text) => compile(text, scope), source, place, label)
      this.#compiled.set(key, expression)
    }
    return expression
  }
}

function knownWorker(target: Section, place: string, label: string): KnownWorker | undefined {
  const sid = text(target, 'known_worker_sid', place)
  const friendlyName = text(target, 'known_worker_friendly_name', place)
  if (sid !== undefined && friendlyName !== undefined) {
    throw new WorkflowDocumentError(place, 'has both known_worker_sid and known_worker_friendly_name; one is allowed')
  }
  if (sid !== undefined) {
    return compiled((source) => compileKnownWorker(source, 'sid'), sid, `${place}.known_worker_sid`, label)
  }
  if (friendlyName === undefined) return undefined
  const compileName = (source: string) => compileKnownWorker(source, 'friendly_name')
  return compiled(compileName, friendlyName, `${place}.known_worker_friendly_name`, label)
}

/** Compiles a text of the document; says where it stands when it does not compile. */
function compiled<T>(compileText: (source: string) => T, source: string, place: string, label: string): T {
  try {
    return compileText(source)
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    const { message, column } = error
    throw new WorkflowDocumentError(place, `${label}"${shorten(source)}", column ${column}: ${message}`, column)
  }
}

function parseJson(text: string): unknown {
  if (longerThan(text, MAX_DOCUMENT_BYTES)) {
    throw new WorkflowDocumentError('', `The configuration is larger than ${MAX_DOCUMENT_BYTES} bytes`)
  }
  try {
    return JSON.parse(text)
  } catch {
    // The parser's own words differ between versions of Node; an answer of ours must not.
    throw new WorkflowDocumentError('', 'The configuration is not valid JSON')
  }
}

function section(value: unknown, place: string): Section {
  if (!isJsonObject(value)) {
    throw new WorkflowDocumentError(
      place,
      place === '' ? 'The configuration must be a JSON object' : 'must be an object'
    )
  }
  return value
}

function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new WorkflowDocumentError(place, 'must be a list')
  return value
}

/** Stored documents spell "nothing" as a missing key, null or an empty text. */
function isAbsent(value: unknown): boolean {
  return value === undefined || value === null || (typeof value === 'string' && value.trim() === '')
}

function text(from: Section, key: string, place: string): string | undefined {
  const value = from[key]
  if (isAbsent(value)) return undefined
  if (typeof value !== 'string') throw new WorkflowDocumentError(`${place}.${key}`, 'must be a string')
  return value
}

function name(filter: Section, place: string): string | undefined {
  return text(filter, 'filter_friendly_name', place) ?? text(filter, 'friendly_name', place)
}

/** A whole number of 0 or more, or a text that spells one. */
function integer(from: Section, key: string, place: string): number | undefined {
  const value = from[key]
  if (isAbsent(value)) return undefined
  const number = typeof value === 'string' && /^\s*\d+\s*$/.test(value) ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= MAX_INTEGER) return number
  throw new WorkflowDocumentError(`${place}.${key}`, `must be a whole number from 0 to ${MAX_INTEGER}`)
}

function shorten(source: string): string {
  return source.length <= 200 ? source : `${source.slice(0, 199)}…`
}

/** Whether a text has more bytes in UTF-8. A lone surrogate counts three, as its replacement character does. */
function longerThan(text: string, bytes: number): boolean {
  if (text.length > bytes) return true
  let count = 0
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) ?? 0
    count += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4
    // A pair of surrogates is one code point of two units.
    if (point >= 0x10000) i++
  }
  return count > bytes
}
