import { type Conjunct, compile, type Expression } from './compile.ts'
import { Decimal } from './decimal.ts'
import type { Scope, TaskView, WorkerView } from './environment.ts'
import { type Node, parse } from './parser.ts'

/** One part of an expression, and what it came to. Plain values, fit for JSON. */
export interface Clause {
  /** Its own text, as written; a long one is cut. */
  readonly expression: string
  readonly matches: boolean
  /** What its paths read; null where there is nothing. A long value is cut, and is JSON text then. */
  readonly values: Readonly<Record<string, unknown>>
  /** Below OR and NOT: the parts that made it what it is. Absent where there are none, or where it matches. */
  readonly parts?: readonly Clause[]
}

/**
 * What each part that AND joins at the top came to for a task and a worker, in the order of the text; at most `maxClauses`
 * of them, those that fail first where there are more. Of one that fails, the parts below OR and NOT are listed that made it
 * fail: all alternatives of an OR, what is true below a NOT. `values` and texts are bounded, so an answer stays short
 * whatever the length of the expression.
 */
export function clausesOf(expression: Expression, task?: TaskView, worker?: WorkerView): Clause[] {
  const evaluated = expression.conjuncts.map((conjunct) => ({ conjunct, matches: conjunct.matches(task, worker) }))
  const failing = evaluated.filter(({ matches }) => !matches)
  const chosen =
    evaluated.length <= maxClauses ? evaluated : [...failing, ...evaluated.filter(({ matches }) => matches)]
  return chosen.slice(0, maxClauses).map(({ conjunct, matches }) => {
    const parts = matches ? [] : partsOf(conjunct, expression.scope)
    const why = parts.length === 0 ? [] : responsible(parts, matches, task, worker)
    return { ...clause(conjunct, matches, task, worker), ...(why.length > 0 && { parts: why }) }
  })
}

/** What is below a node, compiled on its own. */
interface Part {
  readonly expression: Expression
  readonly parts: readonly Part[]
}

const known = new WeakMap<Conjunct, readonly Part[]>()

/** The parts below a conjunct, at most `deepest` levels of them. Every node's text is an expression of its own. */
function partsOf(conjunct: Conjunct, scope: Scope): readonly Part[] {
  let parts = known.get(conjunct)
  if (!parts) {
    const { source } = conjunct
    parts = source.length > maxSource || source.trim() === '' ? [] : below(parse(source), source, scope, maxDepth)
    known.set(conjunct, parts)
  }
  return parts
}

function below(node: Node, source: string, scope: Scope, levels: number): readonly Part[] {
  if (levels === 0 || node.kind === 'comparison' || node.kind === 'truth') return []
  const nodes = node.kind === 'not' ? [node.part] : node.parts
  return nodes.map((part) => ({
    expression: compile(source.slice(part.start, part.end), scope),
    parts: below(part, source, scope, levels - 1)
  }))
}

/** Those parts that made a whole what it is. Below NOT the one part is the contrary of the whole. */
function responsible(parts: readonly Part[], whole: boolean, task?: TaskView, worker?: WorkerView): Clause[] {
  const clauses: Clause[] = []
  for (const { expression, parts: inner } of parts) {
    const matches = expression.matches(task, worker)
    if (parts.length > 1 && matches !== whole) continue
    const why = responsible(inner, matches, task, worker)
    clauses.push({ ...clause(expression, matches, task, worker), ...(why.length > 0 && { parts: why }) })
    if (clauses.length === maxParts) break
  }
  return clauses
}

function clause(
  { source, task_paths, worker_paths }: Pick<Expression, 'source' | 'task_paths' | 'worker_paths'>,
  matches: boolean,
  task?: TaskView,
  worker?: WorkerView
): Clause {
  const values = [
    ...task_paths.map((path) => [path.text, shown(path.read(task))] as const),
    ...worker_paths.map((path) => [path.text, shown(path.read(worker))] as const)
  ]
  return {
    expression: cut(source),
    matches,
    values: Object.fromEntries(values.slice(0, maxValues))
  }
}

/** A value of a path in an answer: null for nothing, and cut JSON text for what is long. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') return cut(value)
  if (typeof value !== 'object' || value === null) return value ?? null
  const plain = exactly(value)
  const text = typeof plain === 'string' ? plain : JSON.stringify(plain)
  return text.length > maxText ? cut(text) : plain
}

/** With texts in place of numbers that no double stands for: two of them that differ must not look the same. */
function exactly(value: unknown): unknown {
  if (value instanceof Decimal) return spelled(value)
  if (Array.isArray(value)) return value.map(exactly)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, exactly(member)]))
}

/** All digits of an integer; the normal form of another number, and of an integer with very many zeros. */
function spelled(value: Decimal): string {
  const text = value.toString()
  const [, minus = '', digits = '', magnitude = ''] = /^(-?)0\.(\d+)e(\d+)$/.exec(text) ?? []
  const length = Number(magnitude)
  return value.isInteger && length <= maxText ? minus + digits.padEnd(length, '0') : text
}

function cut(text: string): string {
  return text.length > maxText ? `${text.slice(0, maxText)}…` : text
}

const maxClauses = 20
const maxParts = 10
const maxValues = 20
const maxDepth = 3
const maxText = 500
/** Longer than people write: the parts of such a conjunct are not listed. */
const maxSource = 5_000
