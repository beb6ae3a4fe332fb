import type { Conjunct, EqualityConjunct, Expression, MembershipConjunct, Test } from '../expression/compile.ts'
import type { TaskPath, TaskView, WorkerPath, WorkerView } from '../expression/environment.ts'
import type { KnownWorker } from '../expression/known-worker.ts'
import { equalityKey, valueKey } from '../expression/value.ts'
import type { WorkflowTarget } from '../workflow-document.ts'

/** What a task's place in its workflow asks of a worker beyond the queue's own expression. */
export type Demands = Partial<Pick<WorkflowTarget, 'expression' | 'order_by' | 'known_worker'>>

/**
 * A target's expression and known worker, taken apart for the indexes on both sides:
 * - what joins a task path and a worker path by equality or membership gives keys that both sides are filed under;
 * - what reads the worker alone, or the task alone, is asked once a worker or task;
 * - what reads both in any other way is asked once for each pair of different values.
 * Targets with the same texts share one.
 */
export class Demand {
  readonly expression: Expression | undefined
  readonly known_worker: KnownWorker | undefined
  /** The worker's channel figures are read, so that the answer may change with every reservation. */
  readonly readsFigures: boolean
  /** Anybody in the pool will do. */
  readonly isOpen: boolean
  /** Something reads both sides and is no join. */
  readonly isMixed: boolean
  readonly #joins: readonly Join[]
  readonly #ofTask: readonly Test[]
  readonly #ofWorker: readonly Test[]
  readonly #mixed: readonly Test[]
  readonly #mixedPaths: readonly WorkerPath[]
  readonly #taskPaths: readonly TaskPath[]
  readonly #keys = new WeakMap<WorkerView, readonly string[]>()

  constructor(expression: Expression | undefined, known_worker: KnownWorker | undefined) {
    this.expression = expression
    this.known_worker = known_worker
    const conjuncts = (expression?.conjuncts ?? []).filter((part) => part.kind !== 'constant' || !part.matches())
    const joined = joinable(conjuncts)
    const others = conjuncts.filter((part) => !joined.includes(part as JoinConjunct))
    const mixed = others.filter((part) => part.task_paths.length > 0 && part.worker_paths.length > 0)
    this.#joins = [...joined.map(joinOf), ...(known_worker ? [knownJoin(known_worker)] : [])]
    this.#ofTask = tests(others, (part) => part.worker_paths.length === 0)
    this.#ofWorker = tests(others, (part) => part.task_paths.length === 0 && part.worker_paths.length > 0)
    this.#mixed = mixed.map((part) => part.matches)
    this.#mixedPaths = mixed.flatMap((part) => part.worker_paths)
    this.#taskPaths = [...(expression?.task_paths ?? []), ...(known_worker ? [known_worker.path] : [])]
    this.readsFigures = (expression?.worker_paths ?? []).some(isFigure)
    this.isOpen = conjuncts.length === 0 && known_worker === undefined
    this.isMixed = mixed.length > 0
  }

  /** Keys under which workers stand who may fit the task; undefined when nobody can. */
  keysOfTask(task: TaskView): readonly string[] | undefined {
    for (const matches of this.#ofTask) if (!matches(task)) return undefined
    if (this.#joins.length === 0) return justOne
    const keys = joinedKeys(this.#joins, (join) => join.keysOfTask(task))
    return keys.length === 0 ? undefined : keys
  }

  /** Keys under which tasks stand that the worker may fit. */
  keysOfWorker(worker: WorkerView): readonly string[] {
    if (this.#joins.length === 0) return justOne
    let keys = this.#keys.get(worker)
    if (keys === undefined) {
      keys = joinedKeys(this.#joins, (join) => join.keysOfWorker(worker))
      this.#keys.set(worker, keys)
    }
    return keys
  }

  /** What is asked of the worker whatever the task. */
  admits(worker: WorkerView): boolean {
    for (const matches of this.#ofWorker) if (!matches(undefined, worker)) return false
    return true
  }

  /** What is left to ask of a task and a worker who share a key: the same for all workers with the same `valuesOfWorker`. */
  joins(task: TaskView, worker: WorkerView): boolean {
    for (const matches of this.#mixed) if (!matches(task, worker)) return false
    return true
  }

  valuesOfWorker(worker: WorkerView): string {
    return this.#mixedPaths.length === 0 ? '' : this.#mixedPaths.map((path) => valueKey(path.read(worker))).join()
  }

  /** Any worker fits all tasks with the same values, or none of them. */
  valuesOfTask(task: TaskView): string {
    return this.#taskPaths.length === 0 ? '' : this.#taskPaths.map((path) => valueKey(path.read(task))).join()
  }

  /** The last word: keys are shared by values that are not quite equal. */
  fits(task: TaskView, worker: WorkerView): boolean {
    const { known_worker, expression } = this
    if (known_worker && known_worker.read(task) !== known_worker.nameOf(worker)) return false
    return expression === undefined || expression.matches(task, worker)
  }
}

interface Join {
  keysOfTask(task: TaskView): readonly string[]
  keysOfWorker(worker: WorkerView): readonly string[]
}

type JoinConjunct = EqualityConjunct | MembershipConjunct

/** All equalities and one membership: two lists would multiply. Channel figures are too volatile to file by. */
function joinable(conjuncts: readonly Conjunct[]): JoinConjunct[] {
  const joins: JoinConjunct[] = []
  let hasList = false
  for (const part of conjuncts) {
    if (part.kind !== 'equality' && part.kind !== 'membership') continue
    if (isFigure(part.worker_path) || (part.kind === 'membership' && hasList)) continue
    hasList ||= part.kind === 'membership'
    joins.push(part)
  }
  return joins
}

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
