import type { Conjunct, EqualityConjunct, Expression, MembershipConjunct, Test } from './expression/compile.ts'
import type { TaskPath, TaskView, WorkerPath, WorkerView } from './expression/environment.ts'
import type { KnownWorker } from './expression/known-worker.ts'
import { equalityKey, valueKey } from './expression/value.ts'
import type { LongAnswers } from './long-answers.ts'
import type { WorkflowTarget } from './workflow-document.ts'

/** A target of a workflow, as far as it chooses workers: what it asks of them beyond the queue's expression, and their order. */
export type Target = Partial<Pick<WorkflowTarget, 'expression' | 'order_by' | 'known_worker'>>

/**
 * A target's expression and known worker, taken apart for the indexes on both sides:
 * - what joins a task path and a worker path by equality or membership gives keys, under which both sides are filed;
 * - what reads only the worker, or only the task, is evaluated once for each worker or task;
 * - what reads both in any other way ("mixed") is evaluated once for each pair of different values.
 * Targets with the same texts share one.
 *
 * Invariants: it never changes. If a worker fits a task, they share a key, the worker is admitted and fits by class; the
 * contrary need not hold, so `fits` decides. Keys of a worker are remembered with its view, which is another object
 * whenever names or attributes change; channel figures, which change without one, are never joined.
 */
export class TargetCondition {
  readonly expression: Expression | undefined
  readonly known_worker: KnownWorker | undefined
  /** It reads figures of the worker's channels, which may change with every reservation. */
  readonly readsFigures: boolean
  /** Some part is mixed: it reads both sides and is no join. */
  readonly isMixed: boolean
  /** Its expression takes so long that its answers are kept, and a decision that asks it often is made in pieces. */
  readonly isLong: boolean
  readonly #joins: readonly Join[]
  readonly #ofTask: readonly Test[]
  readonly #ofWorker: readonly Test[]
  readonly #mixed: readonly Test[]
  readonly #mixedPaths: readonly WorkerPath[]
  readonly #taskPaths: readonly TaskPath[]
  readonly #keys = new WeakMap<WorkerView, readonly string[]>()
  readonly #longAnswers: LongAnswers | undefined

  constructor(expression: Expression | undefined, known_worker: KnownWorker | undefined, longAnswers?: LongAnswers) {
    this.expression = expression
    this.known_worker = known_worker
    const conjuncts = (expression?.conjuncts ?? []).filter((part) => part.kind !== 'constant' || !part.matches())
    const joined = joinable(conjuncts)
    const isJoined = new Set<Conjunct>(joined)
    const others = conjuncts.filter((part) => !isJoined.has(part))
    const mixed = others.filter((part) => part.task_paths.length > 0 && part.worker_paths.length > 0)
    this.#joins = [...joined.map(joinOf), ...(known_worker ? [knownJoin(known_worker)] : [])]
    this.#ofTask = tests(others, (part) => part.worker_paths.length === 0)
    this.#ofWorker = tests(others, (part) => part.task_paths.length === 0 && part.worker_paths.length > 0)
    this.#mixed = mixed.map((part) => part.matches)
    this.#mixedPaths = mixed.flatMap((part) => part.worker_paths)
    this.#taskPaths = [...(expression?.task_paths ?? []), ...(known_worker ? [known_worker.path] : [])]
    this.readsFigures = (expression?.worker_paths ?? []).some(isFigure)
    this.isMixed = mixed.length > 0
    this.isLong = expression !== undefined && longAnswers?.isLong(expression) === true
    this.#longAnswers = this.isLong ? longAnswers : undefined
  }

  /** The keys under which workers are filed who may fit the task; undefined when nobody can. */
  keysOfTask(task: TaskView): readonly string[] | undefined {
    for (const matches of this.#ofTask) if (!matches(task)) return undefined
    if (this.#joins.length === 0) return justOne
    const keys = joinedKeys(this.#joins, (join) => join.keysOfTask(task))
    return keys.length === 0 ? undefined : keys
  }

  /** The keys under which tasks are filed that the worker may fit. */
  keysOfWorker(worker: WorkerView): readonly string[] {
    if (this.#joins.length === 0) return justOne
    let keys = this.#keys.get(worker)
    if (keys === undefined) {
      keys = joinedKeys(this.#joins, (join) => join.keysOfWorker(worker))
      this.#keys.set(worker, keys)
    }
    return keys
  }

  /** The worker passes what is asked whatever the task. */
  admits(worker: WorkerView): boolean {
    return this.#admits(worker, false)
  }

  /**
   * Asks beforehand what `admits` and `keysOfWorker` will be asked of the worker, where that takes long. Throws Unfinished
   * when too much was asked already.
   */
  foresee(worker: WorkerView): void {
    if (!this.#longAnswers || !this.expression) return
    if (this.#joins.length > 0 && !this.#keys.has(worker)) {
      const known_worker = this.known_worker ? `${this.known_worker.by} ${this.known_worker.source}` : ''
      const keys = this.#longAnswers.keys(this.expression, { known_worker, worker }, () => this.keysOfWorker(worker))
      this.#keys.set(worker, keys)
    }
    this.#admits(worker, true)
  }

  #admits(worker: WorkerView, mayBreakOff: boolean): boolean {
    const answer = () => this.#ofWorker.every((matches) => matches(undefined, worker))
    if (this.#ofWorker.length === 0 || !this.#longAnswers || !this.expression) return answer()
    return this.#longAnswers.ask(this.expression, { part: 'worker', worker }, answer, mayBreakOff)
  }

  /** The mixed parts, whose answer is the same for all workers of a class: those with the same `valuesOfWorker`. */
  fitsClass(task: TaskView, worker: WorkerView): boolean {
    for (const matches of this.#mixed) if (!matches(task, worker)) return false
    return true
  }

  /** The class of the worker: its values of everything that mixed parts read. */
  valuesOfWorker(worker: WorkerView): string {
    return this.#mixedPaths.length === 0 ? '' : this.#mixedPaths.map((path) => valueKey(path.read(worker))).join()
  }

  /** The task's values of everything that is read. A worker fits all tasks with the same values, or none of them. */
  valuesOfTask(task: TaskView): string {
    return this.#taskPaths.length === 0 ? '' : this.#taskPaths.map((path) => valueKey(path.read(task))).join()
  }

  /**
   * The worker fits the task. Keys cannot say so, since values that are not quite equal share one. Throws Unfinished when a
   * long expression was asked too much already.
   */
  fits(task: TaskView, worker: WorkerView): boolean {
    const { known_worker, expression } = this
    if (known_worker && known_worker.read(task) !== known_worker.nameOf(worker)) return false
    if (expression === undefined) return true
    if (!this.#longAnswers) return expression.matches(task, worker)
    const answer = () => expression.matches(task, worker)
    return this.#longAnswers.ask(expression, { part: 'whole', task, worker }, answer, true)
  }
}

interface Join {
  keysOfTask(task: TaskView): readonly string[]
  keysOfWorker(worker: WorkerView): readonly string[]
}

type JoinConjunct = EqualityConjunct | MembershipConjunct

/** The parts that give keys: some equalities and one membership, since the keys of two lists would multiply. Not channel figures, which change too often. */
function joinable(conjuncts: readonly Conjunct[]): JoinConjunct[] {
  const joins: JoinConjunct[] = []
  let hasList = false
  for (const part of conjuncts) {
    if (part.kind !== 'equality' && part.kind !== 'membership') continue
    if (joins.length === maxJoins) break
    if (isFigure(part.worker_path) || (part.kind === 'membership' && hasList)) continue
    hasList ||= part.kind === 'membership'
    joins.push(part)
  }
  return joins
}

/** More of them find hardly fewer, and a key of many values takes long to tell. */
const maxJoins = 8

function joinOf(part: JoinConjunct): Join {
  const { task_path, worker_path } = part
  const list_side = part.kind === 'membership' ? part.list_side : undefined
  const keys = (side: 'task' | 'worker', value: unknown) => {
    if (list_side === undefined) return keyOf(value)
    return list_side === side ? elementKeys(value) : isNull(value) ? none : keyOf(value)
  }
  return {
    keysOfTask: (task) => keys('task', task_path.read(task)),
    keysOfWorker: (worker) => keys('worker', worker_path.read(worker))
  }
}

function knownJoin(known: KnownWorker): Join {
  return {
    keysOfTask(task) {
      const name = known.read(task)
      return name === undefined ? none : [name]
    },
    keysOfWorker: (worker) => [known.nameOf(worker)]
  }
}

function keyOf(value: unknown): readonly string[] {
  const key = equalityKey(value)
  return key === undefined ? none : [typeof key === 'string' ? `'${key}` : String(key)]
}

function elementKeys(value: unknown): readonly string[] {
  if (!Array.isArray(value)) return none
  const keys = new Set<string>()
  for (const element of value) if (!isNull(element)) for (const key of keyOf(element)) keys.add(key)
  return [...keys]
}

/** One key of each join, in every combination. */
function joinedKeys(joins: readonly Join[], keysOf: (join: Join) => readonly string[]): readonly string[] {
  let joined: readonly string[] | undefined
  for (const join of joins) {
    const keys = keysOf(join)
    joined = joined === undefined ? keys : joined.flatMap((left) => keys.map((right) => `${left}\n${right}`))
    if (joined.length === 0) return none
  }
  return joined ?? justOne
}

function tests(conjuncts: readonly Conjunct[], which: (part: Conjunct) => boolean): readonly Test[] {
  return conjuncts.filter(which).map((part) => part.matches)
}

function isFigure(path: WorkerPath): boolean {
  return path.volatile && path.keys[0] === 'channel'
}

function isNull(value: unknown): boolean {
  return value === null || value === undefined
}

const none: readonly string[] = []
const justOne: readonly string[] = ['']
