import type { State } from '../center.ts'
import type { Scope, TaskPath, TaskView, WorkerPath, WorkerView } from '../matching/expression/environment.ts'
import { ExpressionError } from '../matching/expression/error.ts'
import { type Node, type Operand, parse } from '../matching/expression/parser.ts'
import { type Meaning, meaning } from '../matching/expression/reference.ts'
import type { WorkflowDocument, WorkflowFilter } from '../matching/workflow-document.ts'
import type { ReservationRow, TaskChannelRow, TaskQueueRow, WorkerRow, WorkflowRow } from './rows.ts'

/*
 * What Twilio accepts in silence and people then wonder about: an expression that names an attribute nobody has, HAS on
 * what is no list, a queue without workers, a workflow that loses tasks. The answer stays as Twilio's; an event
 * `ringdown.warning` says it beside it. Each look is bounded: attributes are compared with at most `sampled` workers or
 * tasks, the newest, so a queue's update costs the same with 15,000 workers as with 200.
 */

export type WarningCode =
  /** An expression names an attribute that no worker has, of those looked at. */
  | 'unknown_worker_attribute'
  | 'unknown_task_attribute'
  /** A name that means nothing where it stands, as one without `task.` or `worker.` in a target: it is always null. */
  | 'unknown_name'
  /** HAS or IN has something on its list side that is never a list. */
  | 'never_a_list'
  | 'queue_without_workers'
  | 'worker_without_queue'
  /** A task that matches no filter is refused, or canceled when it is re-evaluated. */
  | 'no_default_filter'
  /** When the last target has timed out, nothing takes the task, and it is canceled. */
  | 'canceled_after_last_target'
  /** The unique name of a task channel cannot be written in an expression. */
  | 'channel_not_in_expressions'
  /** A filter names an event that there is not. */
  | 'unknown_event'
  /** An assignment callback got no answer that could be followed: `error_code` is Twilio's number in its debugger. */
  | 'assignment_callback'

/** `message` is one sentence; what else there is are details, by name. */
export interface Warning {
  readonly warning: WarningCode
  readonly message: string
  readonly [detail: string]: string | number | boolean | null
}

/** Workers and tasks that attributes are compared with; more of them are not looked at. */
export const sampled = 200
/** Warnings of one command, and what is looked at for them. */
const maxWarnings = 20
const maxQueues = 200
const maxExpressions = 30
const maxPaths = 100

export function warnOfQueue(state: State, task_queue: TaskQueueRow): void {
  warn(state, task_queue.workspace_sid, queueWarnings(state, task_queue), { task_queue })
}

/** What could not be said of the queue before all workers had been evaluated. */
export function warnOfMembers(state: State, task_queue: TaskQueueRow): void {
  const { workspace_sid } = task_queue
  const workers = state.tables.worker.count('workspace_sid', workspace_sid)
  warn(state, workspace_sid, emptinessWarnings(state, task_queue, workers), { task_queue })
}

export function warnOfWorkflow(state: State, workflow: WorkflowRow): void {
  warn(state, workflow.workspace_sid, workflowWarnings(state, workflow), { workflow })
}

export function warnOfWorker(state: State, worker: WorkerRow): void {
  warn(state, worker.workspace_sid, workerWarnings(state, worker), { worker })
}

export function warnOfChannel(state: State, task_channel: TaskChannelRow): void {
  warn(state, task_channel.workspace_sid, channelWarnings(task_channel), { task_channel })
}

/** A name that no path can hold, such as one with a hyphen, is allowed all the same (reference taskrouter 1.4). */
function* channelWarnings({ unique_name }: TaskChannelRow): Generator<Warning> {
  if (isStep(unique_name)) return
  yield {
    warning: 'channel_not_in_expressions',
    message: `No expression can name the channel '${unique_name}': there, a name is letters, digits and _`,
    unique_name
  }
}

/** Whether a text can stand behind a dot as it is. */
function isStep(text: string): boolean {
  try {
    const node = parse(`worker.channel.${text}.assigned_tasks`)
    return node.kind === 'truth' && node.operand.kind === 'reference' && node.operand.keys[2] === text
  } catch (error) {
    if (error instanceof ExpressionError) return false
    throw error
  }
}

/** What went wrong with the assignment callback for a reservation, one event each (reference taskrouter 5.4). */
export function warnOfCallback(
  state: State,
  reservation: ReservationRow,
  failures: readonly { readonly code: number; readonly message: string; readonly callback?: string }[]
): void {
  if (failures.length === 0) return
  const { task_sid, worker_sid } = reservation
  // An answer may come when the task is long over.
  const workflow_sid = state.resident('task', task_sid)?.workflow_sid
  const warnings = failures.map(({ code, message, callback }): Warning => {
    const about = { task_sid, worker_sid, ...(callback !== undefined && { callback }) }
    return { warning: 'assignment_callback', message: `${code}: ${message}`, error_code: code, ...about }
  })
  const workflow = state.tables.workflow.find(workflow_sid)
  warn(state, reservation.workspace_sid, warnings, { reservation, ...(workflow && { workflow }) })
}

type Subject =
  | { readonly reservation: ReservationRow; readonly workflow?: WorkflowRow }
  | { readonly task_queue: TaskQueueRow }
  | { readonly workflow: WorkflowRow }
  | { readonly worker: WorkerRow }
  | { readonly task_channel: TaskChannelRow }

function warn(state: State, workspace_sid: string, warnings: Iterable<Warning>, subject: Subject): void {
  const workspace = state.tables.workspace.need(workspace_sid)
  let count = 0
  for (const extra of warnings) {
    state.emit('ringdown.warning', { workspace, ...subject, extra })
    if (++count === maxWarnings) return
  }
}

/** In a workspace without workers, nothing is said of what they lack. */
function* queueWarnings(state: State, task_queue: TaskQueueRow): Generator<Warning> {
  const { sid, workspace_sid, target_workers } = task_queue
  const uses = usesOf(target_workers, 'worker')
  const workers = workersOf(state, workspace_sid)
  yield* attributeWarnings([{ place: 'TargetWorkers', uses }], workers, undefined)
  // While its expression is upcoming, nobody can say whether anybody is eligible.
  if (state.tables.judging.count('task_queue_sid', sid) > 0) return
  yield* emptinessWarnings(state, task_queue, workers.total)
}

function* emptinessWarnings(state: State, { sid, target_workers }: TaskQueueRow, workers: number): Generator<Warning> {
  if (workers > 0 && state.matcher.members(sid).size === 0) {
    yield {
      warning: 'queue_without_workers',
      message:
        target_workers.trim() === ''
          ? 'TargetWorkers is empty, so no worker is eligible for the queue'
          : `None of ${count(workers, 'worker')} is eligible for the queue`,
      target_workers
    }
  }
}

/** What its attributes are compared with are the first queues of the workspace. */
function* workerWarnings(state: State, { sid, workspace_sid }: WorkerRow): Generator<Warning> {
  const { task_queue } = state.tables
  const view = state.matcher.worker(sid)
  const warned = new Set<string>()
  let looked = 0
  for (const queue of task_queue.by('workspace_sid', workspace_sid)) {
    if (++looked > maxExpressions) break
    for (const { path, isList } of usesOf(queue.target_workers, 'worker').paths) {
      if (!isList || path.side !== 'worker' || warned.has(path.text)) continue
      const value = path.read(view)
      if (value === undefined || value === null || Array.isArray(value)) continue
      warned.add(path.text)
      yield {
        warning: 'never_a_list',
        message: `${path.text} is no list, but TaskQueue ${queue.friendly_name} looks for a member of it`,
        attribute: path.text,
        task_queue_sid: queue.sid
      }
    }
  }
  const task_queues = task_queue.count('workspace_sid', workspace_sid)
  if (task_queues > 0 && !isInAnyQueue(state, sid)) {
    const message = `The worker is eligible for none of ${count(task_queues, 'queue')}`
    yield { warning: 'worker_without_queue', message, task_queues }
  }
}

function isInAnyQueue(state: State, worker_sid: string): boolean {
  let isIn = false
  state.matcher.entry(worker_sid)?.eligibilities.visit(() => {
    isIn = true
  })
  return isIn
}

function* workflowWarnings(state: State, { workspace_sid, workflow_document_sid }: WorkflowRow): Generator<Warning> {
  const document = state.matcher.document(workflow_document_sid)
  const workers = workersOf(state, workspace_sid)
  yield* strandings(document)
  if (workers.total > 0) {
    for (const task_queue_sid of document.queues.slice(0, maxQueues)) {
      if (state.matcher.members(task_queue_sid).size > 0) continue
      const name = state.tables.task_queue.find(task_queue_sid)?.friendly_name
      const message = `No worker is eligible for TaskQueue ${name}, to which the workflow leads`
      yield { warning: 'queue_without_workers', message, task_queue_sid }
    }
  }
  yield* attributeWarnings(expressionsOf(document), workers, tasksOf(state, workspace_sid))
}

/** Ways in which a task falls out of the workflow (reference taskrouter 3.4, 3.5). */
function* strandings({ filters, default_filter }: WorkflowDocument): Generator<Warning> {
  const last = filters.findLastIndex((filter) => filter.expression.constant === true)
  if (default_filter === undefined && last < 0) {
    const message = 'A task that matches none of the filters is refused: there is no default_filter'
    yield { warning: 'no_default_filter', message }
  }
  for (const filter of filters) {
    const seconds = filter.index < last ? undefined : untilTheEnd(filter)
    if (seconds === undefined) continue
    const name = filter.friendly_name === undefined ? `filter ${filter.index + 1}` : `filter ${filter.friendly_name}`
    const message = `A task that nobody takes is canceled ${count(seconds, 'second')} after it matched ${name}: the last target times out, and the default_filter is not for timeouts`
    const place = `task_routing.filters[${filter.index}].targets[${filter.targets.length - 1}].timeout`
    yield { warning: 'canceled_after_last_target', message, place, seconds }
  }
}

/** Seconds until a task has left the last target by timeouts; undefined when it stays in one of them. */
function untilTheEnd({ targets }: WorkflowFilter): number | undefined {
  let seconds = 0
  for (const { timeout_s, skip_if } of targets) {
    const isLeft = timeout_s !== undefined || (skip_if !== undefined && targets.length > 1)
    if (!isLeft) return undefined
    seconds += timeout_s ?? 0
  }
  return targets.at(-1)?.timeout_s === undefined ? undefined : seconds
}

// Attributes

interface Placed {
  readonly place: string
  readonly uses: Uses
}

function* expressionsOf({ filters, default_filter }: WorkflowDocument): Generator<Placed> {
  for (const { index, source, targets } of filters) {
    const filter = `task_routing.filters[${index}]`
    yield { place: `${filter}.expression`, uses: usesOf(source, 'task') }
    for (const target of targets) {
      const place = `${filter}.targets[${target.index}]`
      if (target.expression) yield { place: `${place}.expression`, uses: usesOf(target.expression.source, 'target') }
      if (target.skip_if) yield { place: `${place}.skip_if`, uses: usesOf(target.skip_if.source, 'skip_if') }
      if (target.order_by) yield { place: `${place}.order_by`, uses: plain(target.order_by.worker_paths) }
      if (target.known_worker) {
        const { by, path } = target.known_worker
        yield { place: `${place}.known_worker_${by}`, uses: plain([path]) }
      }
    }
  }
  const { expression, order_by } = default_filter ?? {}
  const place = 'task_routing.default_filter'
  if (expression) yield { place: `${place}.expression`, uses: usesOf(expression.source, 'target') }
  if (order_by) yield { place: `${place}.order_by`, uses: plain(order_by.worker_paths) }
}

function plain(paths: readonly (TaskPath | WorkerPath)[]): Uses {
  return { paths: paths.map((path) => ({ path, isList: false })), constants: [] }
}

/** Each path once, where it first stands. */
function* attributeWarnings(
  expressions: Iterable<Placed>,
  workers: Sample<WorkerView>,
  tasks: Sample<TaskView> | undefined
): Generator<Warning> {
  const seen = new Set<string>()
  for (const { place, uses } of expressions) {
    for (const constant of uses.constants) {
      const message = `${place} looks for a member of ${constant}, which is no list`
      yield { warning: 'never_a_list', message, place, attribute: null }
    }
    for (const { path, isList } of uses.paths) {
      const key = `${path.text} ${isList} ${path.expected ?? ''}`
      if (seen.has(key)) continue
      if (seen.add(key).size > maxPaths) return
      if (path.expected !== undefined) {
        const message = `${place} names ${path.text}, which means nothing there and is always null: it expects ${path.expected}`
        yield { warning: 'unknown_name', message, place, name: path.text }
      }
      if (path.expected !== undefined || path.side === 'workers' || (path.side === 'worker' && path.system)) continue
      const warning =
        path.side === 'worker'
          ? against(workers, path.text, path.read, isList)
          : tasks && against(tasks, path.text, path.read, isList)
      if (warning) yield { ...warning, message: `${place} ${warning.message}`, place }
    }
  }
}

/** The newest rows of a workspace, as expressions see them; read when they are first asked for. */
interface Sample<V> {
  readonly noun: 'worker' | 'task'
  readonly total: number
  views(): readonly V[]
}

function workersOf(state: State, workspace_sid: string): Sample<WorkerView> {
  const { worker } = state.tables
  let views: readonly WorkerView[] | undefined
  return {
    noun: 'worker',
    total: worker.count('workspace_sid', workspace_sid),
    views: () =>
      (views ??= newest(worker.pageBy('workspace_sid', workspace_sid, undefined, true)).map(({ sid }) =>
        state.matcher.worker(sid)
      ))
  }
}

function tasksOf(state: State, workspace_sid: string): Sample<TaskView> {
  const { task } = state.tables
  let views: readonly TaskView[] | undefined
  return {
    noun: 'task',
    total: task.count('workspace_sid', workspace_sid),
    views: () =>
      (views ??= newest(task.pageBy('workspace_sid', workspace_sid, undefined, true)).map((row) =>
        state.matcher.task(row)
      ))
  }
}

function newest<R>(rows: Iterable<R>): R[] {
  const found: R[] = []
  for (const row of rows) if (found.push(row) === sampled) break
  return found
}

/** What is wrong with a path, seen from a sample; undefined when nothing is, or when there is nobody to compare with. */
function against<V>(
  { noun, total, views }: Sample<V>,
  text: string,
  read: (view: V) => unknown,
  isList: boolean
): Warning | undefined {
  if (total === 0) return undefined
  let isKnown = false
  let isValue = false
  for (const view of views()) {
    const value = read(view)
    isKnown ||= value !== undefined
    isValue ||= value !== undefined && value !== null
    if (isKnown && (!isList || Array.isArray(value))) return undefined
  }
  const looked_at = Math.min(total, sampled)
  const who = looked_at < total ? `none of the ${looked_at} newest ${noun}s` : `no ${noun}`
  const details = { attribute: text, looked_at, of: total }
  if (!isKnown) {
    const warning = noun === 'worker' ? 'unknown_worker_attribute' : 'unknown_task_attribute'
    return { warning, message: `names ${text}, which ${who} has`, ...details }
  }
  if (!isValue) return undefined
  return { warning: 'never_a_list', message: `looks for a member of ${text}, which is a list for ${who}`, ...details }
}

// Expressions

interface Uses {
  readonly paths: readonly Use[]
  /** Scalars that stand where a list is expected, as text. */
  readonly constants: readonly string[]
}

/** A path that an expression reads, and whether it must be a list there. */
interface Use {
  readonly path: Meaning
  readonly isList: boolean
}

const known = new Map<string, Uses>()
const maxKnown = 1000

/** What an expression reads first, as far as anything is said of it. The blank TargetWorkers reads nothing. */
function usesOf(source: string, scope: Scope): Uses {
  if (source.trim() === '') return nothing
  const key = `${scope} ${source}`
  let uses = known.get(key)
  if (!uses) {
    uses = new Gathering(scope).of(parse(source))
    if (known.size >= maxKnown) known.clear()
    known.set(key, uses)
  }
  return uses
}

const nothing: Uses = { paths: [], constants: [] }

/** The paths that an expression reads, each once, and what is no list: no more of them than are ever looked at. */
class Gathering {
  readonly #scope: Scope
  readonly #seen = new Set<string>()
  readonly #paths: Use[] = []
  readonly #constants: string[] = []

  constructor(scope: Scope) {
    this.#scope = scope
  }

  of(node: Node): Uses {
    this.#gather(node)
    return { paths: this.#paths, constants: this.#constants }
  }

  #gather(node: Node): void {
    switch (node.kind) {
      case 'and':
      case 'or':
        for (const part of node.parts) {
          if (this.#paths.length > maxPaths) return
          this.#gather(part)
        }
        return
      case 'not':
        this.#gather(node.part)
        return
      case 'truth':
        this.#read(node.operand, false)
        return
      case 'comparison':
        this.#read(node.left, node.operator === 'HAS' || node.operator === 'NOT HAS')
        this.#read(node.right, node.operator === 'IN' || node.operator === 'NOT IN')
    }
  }

  #read(operand: Operand, isList: boolean): void {
    if (operand.kind === 'literal' && isList && this.#constants.length < maxWarnings)
      this.#constants.push(JSON.stringify(operand.value))
    if (operand.kind !== 'reference') return
    const { keys } = operand
    const key = `${isList} ${keys.length === 1 ? keys[0] : JSON.stringify(keys)}`
    if (this.#seen.size === this.#seen.add(key).size) return
    this.#paths.push({ path: meaning(this.#scope, operand), isList })
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}
