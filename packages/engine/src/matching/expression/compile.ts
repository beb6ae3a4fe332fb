import { memberAt } from '../../core/member-at.ts'
import { type Chain, chainsOf } from './chain.ts'
import type { Scope, TaskPath, TaskView, WorkerPath, WorkerView, WorkforceView } from './environment.ts'
import { type Comparison, type Junction, type Node, type Operand, type Operator, parse } from './parser.ts'
import { type Meaning, meaning } from './reference.ts'
import {
  contains,
  equal,
  equalityKey,
  has,
  isNull,
  lacks,
  membership,
  numberIn,
  omits,
  rank,
  type Scalar,
  unequal,
  type ValueKey
} from './value.ts'

/**
 * The truth of something for a task, a worker and a workforce. Positional, because it is called for every pair that
 * routing considers; a view that a scope does not need may be left out, and its paths then read NULL.
 */
export type Test = (task?: TaskView, worker?: WorkerView, workers?: WorkforceView) => boolean

/** A compiled expression. It is immutable, never throws when evaluated, and may be shared by whoever has the source. */
export interface Expression {
  readonly source: string
  readonly scope: Scope
  readonly matches: Test
  /** The answer where it is known beforehand (`1==1`, the empty TargetWorkers, `… AND 1==2`); undefined otherwise. */
  readonly constant: boolean | undefined
  /** Comparisons that an answer takes at most; a chain of them (`chain.ts`) is one. */
  readonly steps: number
  /** How often texts that both sides read, or one of them, are looked through in the course of it. */
  readonly scans: number
  /** What it reads of a task and of a worker, each path once, in the order of the text. */
  readonly task_paths: readonly TaskPath[]
  readonly worker_paths: readonly WorkerPath[]
  /** The parts that AND joins at the top; the expression is true when all of them are. Never empty. */
  readonly conjuncts: readonly Conjunct[]
}

/**
 * One part of the conjunction. Kinds say what it reads and how the matcher may index it:
 * - `constant` nothing; `worker` only the worker; `task` only the task; `workforce` the head counts of `skip_if`;
 * - `equality`: `==` between a task path and a worker path. True for two NULLs as well;
 * - `membership`: `HAS` or `IN` between a task path and a worker path, `list_side` being the one that holds the list.
 *   NULL is a member of nothing;
 * - `mixed`: anything else that reads both.
 * For the indexes see `equalityKey`: what shares a key need not be equal, so `matches` has the last word.
 */
export type Conjunct = PlainConjunct | EqualityConjunct | MembershipConjunct

export interface PlainConjunct extends ConjunctBase {
  readonly kind: 'constant' | 'worker' | 'task' | 'workforce' | 'mixed'
  /** For some conjuncts of kind `worker`: the conjunct is false for every worker whom none of these finds. */
  readonly lookups?: readonly WorkerLookup[]
  /** For `path == literal` about a task: the conjunct is false for every task whose value there has another `equalityKey`. */
  readonly task_lookup?: { readonly path: TaskPath; readonly key: ValueKey }
}

/** Finds workers who have a value at a path, or a list with the value there, by the value's `equalityKey`. */
export interface WorkerLookup {
  readonly path: WorkerPath
  readonly isList: boolean
  readonly key: ValueKey
}

export interface EqualityConjunct extends ConjunctBase {
  readonly kind: 'equality'
  readonly task_path: TaskPath
  readonly worker_path: WorkerPath
}

export interface MembershipConjunct extends ConjunctBase {
  readonly kind: 'membership'
  readonly task_path: TaskPath
  readonly worker_path: WorkerPath
  readonly list_side: 'task' | 'worker'
}

interface ConjunctBase {
  /** Its own text, as written. */
  readonly source: string
  readonly matches: Test
  readonly task_paths: readonly TaskPath[]
  readonly worker_paths: readonly WorkerPath[]
  readonly steps: number
  readonly scans: number
}

/**
 * Compiles an expression for the place where it stands (reference taskrouter 2). Takes time linear in the length of the
 * text. A blank text in the scope `worker` is the empty TargetWorkers, which no worker matches; elsewhere it is an error.
 * Throws ExpressionError.
 */
export function compile(source: string, scope: Scope): Expression {
  if (last?.source !== source || last.scope !== scope) last = compiled(source, scope)
  return last
}

/** An expression is checked first, and put to use in the same decision. */
let last: Expression | undefined

function compiled(source: string, scope: Scope): Expression {
  if (scope === 'worker' && source.trim() === '') return nobody(source)
  const root = parse(source)
  const parts = root.kind === 'and' ? root.parts : [root]
  const conjuncts = parts.map((node) => conjunct(node, source, scope))
  const task_paths = together(conjuncts.map((part) => part.task_paths))
  const worker_paths = together(conjuncts.map((part) => part.worker_paths))
  const constant = answer(conjuncts)
  const joined =
    root.kind === 'and' && conjuncts.length > few ? chained(root, conjuncts, scope) : conjunction(conjuncts)
  const matches = constant === undefined ? joined.matches : () => constant
  const { steps, scans } = joined
  return { source, scope, matches, constant, task_paths, worker_paths, conjuncts, steps, scans }
}

/** Up to so many conjuncts are evaluated one after the other; among more of them there may be chains. */
const few = 8

function nobody(source: string): Expression {
  const matches = () => false
  const paths = { task_paths: [], worker_paths: [] }
  const only: Conjunct = { kind: 'constant', source, matches, ...paths, steps: 0, scans: 0 }
  return { source, scope: 'worker', matches, constant: false, ...paths, conjuncts: [only], steps: 0, scans: 0 }
}

/** Conjuncts together, and what they take. */
type Joined = Pick<Expression, 'matches' | 'steps' | 'scans'>

/** All conjuncts together, without those that are always true. */
function conjunction(conjuncts: readonly Conjunct[]): Joined {
  const matches = all(conjuncts.filter((part) => part.kind !== 'constant').map((part) => part.matches))
  return { matches, ...total(conjuncts) }
}

/** The same where many of them may make chains. */
function chained(root: Junction, conjuncts: readonly Conjunct[], scope: Scope): Joined {
  const byNode = new Map(root.parts.map((node, i) => [node, memberAt(conjuncts, i)])) // one a part
  const { chains, others } = chainsOf(root)
  const context = contextIn(scope)
  const single = others.map((node) => byNode.get(node) as Conjunct) // others are parts
  const matches = all([...single.map((part) => part.matches), ...chains.map((chain) => chainTest(chain, context))])
  const { steps, scans } = total(single)
  return { matches, steps: steps + context.steps, scans }
}

function answer(conjuncts: readonly Conjunct[]): boolean | undefined {
  if (conjuncts.some((part) => part.kind === 'constant' && !part.matches())) return false
  return conjuncts.every((part) => part.kind === 'constant') ? true : undefined
}

function conjunct(node: Node, source: string, scope: Scope): Conjunct {
  const context = contextIn(scope)
  const { meanings } = context
  const matches = test(node, context)
  const { steps, scans } = context
  const task_paths = distinct(meanings.filter((path) => path.side === 'task'))
  const worker_paths = distinct(meanings.filter((path) => path.side === 'worker'))
  const base = { source: source.slice(node.start, node.end), matches, task_paths, worker_paths, steps, scans }
  if (meanings.length === 0) return { kind: 'constant', ...base }
  if (scope === 'skip_if') return { kind: 'workforce', ...base }
  if (worker_paths.length === 0) return { kind: 'task', ...base, ...taskLookup(node, scope) }
  if (task_paths.length === 0) {
    const lookups = lookupsOf(node, scope)
    return { kind: 'worker', ...base, ...(lookups && { lookups }) }
  }
  return { ...base, ...join(node, meanings) }
}

function taskLookup(node: Node, scope: Scope): Pick<PlainConjunct, 'task_lookup'> | undefined {
  if (node.kind !== 'comparison' || node.operator !== '==') return undefined
  const [reference, literal] = node.left.kind === 'reference' ? [node.left, node.right] : [node.right, node.left]
  if (reference.kind !== 'reference' || literal.kind !== 'literal') return undefined
  const path = meaning(scope, reference)
  return path.side === 'task' ? { task_lookup: { path, key: equalityKey(literal.value) } } : undefined
}

/** How to find the workers for whom a node can be true; undefined when it can be true for any worker. */
function lookupsOf(node: Node, scope: Scope): readonly WorkerLookup[] | undefined {
  switch (node.kind) {
    case 'and':
      for (const part of node.parts) {
        const found = lookupsOf(part, scope)
        if (found) return found
      }
      return undefined
    case 'or': {
      if (node.parts.length > maxLookups) return undefined
      const found = node.parts.map((part) => lookupsOf(part, scope))
      return found.some((list) => list === undefined) ? undefined : found.flatMap((list) => list ?? [])
    }
    case 'not':
      return undefined
    case 'truth':
      return lookupsAt(node.operand, false, [true], scope)
    case 'comparison':
      return comparisonLookups(node, scope)
  }
}

/** More lookups are no quicker than evaluating the expression, and each of them takes memory. */
const maxLookups = 1000

function comparisonLookups({ operator, left, right }: Comparison, scope: Scope): readonly WorkerLookup[] | undefined {
  if (operator === 'IN' && right.kind === 'list') return lookupsAt(left, false, right.elements, scope)
  const [reference, literal] = left.kind === 'reference' ? [left, right] : [right, left]
  if (literal.kind !== 'literal') return undefined
  if (operator === '==') return lookupsAt(reference, false, [literal.value], scope)
  const isListed = reference === left ? operator === 'HAS' : operator === 'IN'
  return isListed ? lookupsAt(reference, true, [literal.value], scope) : undefined
}

function lookupsAt(
  operand: Operand,
  isList: boolean,
  values: readonly Scalar[],
  scope: Scope
): readonly WorkerLookup[] | undefined {
  const path = operand.kind === 'reference' ? meaning(scope, operand) : undefined
  // Names, activity and channels change without the attributes.
  if (path?.side !== 'worker' || path.system) return undefined
  return values.map((value) => ({ path, isList, key: equalityKey(value) }))
}

type Join =
  | Pick<PlainConjunct, 'kind'>
  | Pick<EqualityConjunct, 'kind' | 'task_path' | 'worker_path'>
  | Pick<MembershipConjunct, 'kind' | 'task_path' | 'worker_path' | 'list_side'>

/** How a conjunct that reads a task and a worker brings them together. */
function join(node: Node, meanings: readonly Meaning[]): Join {
  const [left, right] = meanings
  const task_path = left?.side === 'task' ? left : right
  const worker_path = left?.side === 'worker' ? left : right
  if (node.kind !== 'comparison' || task_path?.side !== 'task' || worker_path?.side !== 'worker')
    return { kind: 'mixed' }
  switch (node.operator) {
    case '==':
      return { kind: 'equality', task_path, worker_path }
    case 'IN':
      return { kind: 'membership', task_path, worker_path, list_side: left === task_path ? 'worker' : 'task' }
    case 'HAS':
      return { kind: 'membership', task_path, worker_path, list_side: left === task_path ? 'task' : 'worker' }
    default:
      return { kind: 'mixed' }
  }
}

/** The scope in which a node is compiled, and what the parts compiled so far read and cost, in the order of the text. */
interface CompileContext {
  readonly scope: Scope
  readonly meanings: Meaning[]
  steps: number
  scans: number
}

function contextIn(scope: Scope): CompileContext {
  return { scope, meanings: [], steps: 0, scans: 0 }
}

/** What all conjuncts take together. */
function total(conjuncts: readonly Conjunct[]): { readonly steps: number; readonly scans: number } {
  let steps = 0
  let scans = 0
  for (const part of conjuncts) {
    steps += part.steps
    scans += part.scans
  }
  return { steps, scans }
}

type Read = (task?: TaskView, worker?: WorkerView, workers?: WorkforceView) => unknown

const OPERATIONS: Readonly<Record<Operator, (left: unknown, right: unknown) => boolean>> = {
  '==': equal,
  '!=': unequal,
  '<': (left, right) => rank(left, right) < 0,
  '<=': (left, right) => rank(left, right) <= 0,
  '>': (left, right) => rank(left, right) > 0,
  '>=': (left, right) => rank(left, right) >= 0,
  CONTAINS: contains,
  'NOT CONTAINS': omits,
  HAS: has,
  'NOT HAS': lacks,
  IN: (left, right) => has(right, left),
  'NOT IN': (left, right) => lacks(right, left)
}

function test(node: Node, context: CompileContext): Test {
  switch (node.kind) {
    case 'and':
      return all(partsOf(node, context))
    case 'or':
      return any(partsOf(node, context))
    case 'not': {
      const part = test(node.part, context)
      return (task, worker, workers) => !part(task, worker, workers)
    }
    case 'truth': {
      const read = reader(node.operand, context)
      context.steps++
      return (task, worker, workers) => read(task, worker, workers) === true
    }
    case 'comparison':
      return comparison(node, context)
  }
}

function partsOf(node: Junction, context: CompileContext): Test[] {
  const { chains, others } = chainsOf(node)
  const tests = others.map((part) => test(part, context))
  for (const chain of chains) tests.push(chainTest(chain, context))
  return tests
}

function chainTest({ reference, matches }: Chain, context: CompileContext): Test {
  const read = reader(reference, context)
  context.steps++
  return (task, worker, workers) => matches(read(task, worker, workers))
}

function comparison({ operator, left, right }: Comparison, context: CompileContext): Test {
  const readLeft = reader(left, context)
  const readRight = reader(right, context)
  const operation = OPERATIONS[operator]
  context.steps++
  if (operator === 'CONTAINS' || operator === 'NOT CONTAINS' || left.kind === right.kind) context.scans++
  if (left.kind !== 'reference' && right.kind !== 'reference') {
    const result = operation(readLeft(), readRight())
    return () => result
  }
  if (operator === '==' && right.kind === 'literal') return equalTo(readLeft, right.value)
  if (operator === 'IN' && right.kind === 'list') {
    const includes = membership(right.elements)
    return (task, worker, workers) => includes(readLeft(task, worker, workers))
  }
  if (operator === 'NOT IN' && right.kind === 'list') {
    const includes = membership(right.elements)
    return (task, worker, workers) => !includes(readLeft(task, worker, workers))
  }
  return (task, worker, workers) => operation(readLeft(task, worker, workers), readRight(task, worker, workers))
}

/** `==` with a literal, the commonest comparison, without asking each time what the literal is. */
function equalTo(read: Read, literal: unknown): Test {
  if (literal === null) return (task, worker, workers) => isNull(read(task, worker, workers))
  if (typeof literal === 'boolean' || (typeof literal === 'string' && numberIn(literal) === undefined)) {
    return (task, worker, workers) => read(task, worker, workers) === literal
  }
  return (task, worker, workers) => equal(read(task, worker, workers), literal)
}

function reader(operand: Operand, context: CompileContext): Read {
  if (operand.kind === 'literal') return () => operand.value
  if (operand.kind === 'list') return () => operand.elements
  const path = meaning(context.scope, operand)
  context.meanings.push(path)
  switch (path.side) {
    case 'task':
      return path.read
    case 'worker':
      return (_task, worker) => path.read(worker)
    case 'workers':
      return (_task, _worker, workers) => path.read(workers)
  }
}

function all(tests: readonly Test[]): Test {
  const [first, second] = tests
  if (first === undefined) return () => true
  if (second === undefined) return first
  if (tests.length === 2)
    return (task, worker, workers) => first(task, worker, workers) && second(task, worker, workers)
  return (task, worker, workers) => {
    for (const part of tests) if (!part(task, worker, workers)) return false
    return true
  }
}

function any(tests: readonly Test[]): Test {
  return (task, worker, workers) => {
    for (const part of tests) if (part(task, worker, workers)) return true
    return false
  }
}

function distinct<P extends TaskPath | WorkerPath>(paths: readonly P[]): readonly P[] {
  // Most conjuncts read one path a side; thousands of queues are compiled at a start.
  if (paths.length < 2) return paths
  const texts = new Set<string>()
  return paths.filter(({ text }) => texts.size < texts.add(text).size)
}

/** Lists each of which has every path once, as one that has. */
function together<P extends TaskPath | WorkerPath>(lists: readonly (readonly P[])[]): readonly P[] {
  const [first, second] = lists
  return first !== undefined && second === undefined ? first : distinct(lists.flat())
}
