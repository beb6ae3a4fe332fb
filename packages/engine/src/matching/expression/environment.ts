/**
 * What an expression may look at. The engine hands over *views* of its rows; an expression never sees a row itself,
 * so it reads exactly the names that reference taskrouter 2.1 lists and nothing else.
 */

/** A task as an expression sees it: its attributes, parsed JSON. There is no `task.priority` or `task.age`. */
export interface TaskView {
  readonly attributes: unknown
  /** The attributes as they were given, where the view is of a row. */
  readonly text?: string
}

/** A worker as an expression sees it: attributes, four system names, and the figures of one channel at a time. */
export interface WorkerView {
  readonly sid: string
  readonly friendly_name: string
  readonly activity_sid: string
  readonly activity_name: string
  readonly attributes: unknown
  /** As a task's. */
  readonly text?: string
  /** The worker's channel by the unique name of its task channel; undefined when there is none of that name. */
  channel(unique_name: string): ChannelView | undefined
}

/** Capacity figures of one worker channel. */
export interface ChannelView {
  readonly configured_capacity: number
  readonly assigned_tasks: number
  readonly available_capacity_percentage: number
}

/** Head counts of a queue's eligible workers, for `skip_if`. */
export interface WorkforceView {
  readonly available: number
  readonly unavailable: number
  /** How many of them are in the activity with this SID; 0 for an activity that does not exist. */
  activity(sid: string): number
}

/**
 * Where an expression stands, which decides its names (reference taskrouter 2.1):
 * - `worker`: a queue's TargetWorkers and the list filter TargetWorkersExpression. Root names are worker attributes;
 *   `sid`, `friendly_name`, `activity_sid`, `activity_name` fall back to the system's value when the attribute is absent.
 * - `task`: a workflow filter and EvaluateTaskAttributes. Root names are task attributes.
 * - `target`: a workflow target. Names that mean something begin with `task.` or `worker.`; the worker's system names and `channel`
 *   shadow attributes of the same name.
 * - `skip_if`: `workers.available`, `workers.unavailable`, `workers.WA…`.
 *
 * Any other name is NULL, as a missing attribute is: documents that have one are stored, and never match by it.
 */
export type Scope = 'worker' | 'task' | 'target' | 'skip_if'

/** One step of a path: a key of an object, or an index of a list. */
export type Key = string | number

interface PathText {
  /** The steps behind the prefix, e.g. `['skills', 'english']` or `['languages', 0]`. */
  readonly keys: readonly Key[]
  /**
   * The path in words, and its identity: two paths of one side with the same text read the same value from any view.
   * `task.tier`, `worker.languages[0]`; a bare `sid` is TargetWorkers' "attribute, else system name".
   */
  readonly text: string
  /** The names that mean something where it stands, when it is none of them: then it is NULL of everybody. */
  readonly expected?: string
}

/** A path that reads one value from a task's attributes. */
export interface TaskPath extends PathText {
  readonly side: 'task'
  /** The value, `undefined` where a step is missing. Only own properties are read. */
  read(task: TaskView | undefined): unknown
}

/** A path that reads one value from a worker. */
export interface WorkerPath extends PathText {
  readonly side: 'worker'
  /** Reads (or may fall back to) a system name or a channel figure instead of an attribute. */
  readonly system: boolean
  /** Changes without the worker's attributes changing: activity and channel figures. */
  readonly volatile: boolean
  /** The value, `undefined` where a step is missing. Only own properties are read. */
  read(worker: WorkerView | undefined): unknown
}
