import type {
  ChannelView,
  Key,
  Scope,
  TaskPath,
  TaskView,
  WorkerPath,
  WorkerView,
  WorkforceView
} from './environment.ts'
import type { Reference } from './parser.ts'

/** What a reference means where it stands: a path into the task or the worker, or a head count. */
export type Meaning = TaskPath | WorkerPath | WorkforceCount

export interface WorkforceCount {
  readonly side: 'workers'
  /** As a path has them. */
  readonly text: string
  readonly expected?: string
  read(workers: WorkforceView | undefined): unknown
}

/** The worker names that the system knows beside the attributes, and whether they change without them. */
const SYSTEM_NAMES = {
  sid: { volatile: false, of: (worker: WorkerView) => worker.sid },
  friendly_name: { volatile: false, of: (worker: WorkerView) => worker.friendly_name },
  activity_sid: { volatile: true, of: (worker: WorkerView) => worker.activity_sid },
  activity_name: { volatile: true, of: (worker: WorkerView) => worker.activity_name }
} as const

const CHANNEL_FIGURES = {
  configured_capacity: (channel: ChannelView) => channel.configured_capacity,
  assigned_tasks: (channel: ChannelView) => channel.assigned_tasks,
  available_capacity_percentage: (channel: ChannelView) => channel.available_capacity_percentage
} as const

/**
 * Finds the meaning of a reference in a scope (reference taskrouter 2.1). A name that means nothing there, because it lacks
 * the prefix that the scope demands or is no head count, is NULL of everything, and says what would have been expected.
 */
export function meaning(scope: Scope, reference: Reference): Meaning {
  const [root, ...steps] = reference.keys
  switch (scope) {
    case 'task':
      return taskPath(reference.keys)
    case 'worker':
      return steps.length === 0 && isSystemName(root) ? attributeOrSystemName(root) : workerAttribute(reference.keys)
    case 'target':
      if (root === 'task' && isNamed(steps)) return taskPath(steps)
      if (root === 'worker' && isNamed(steps)) return workerPath(steps)
      return nowhere('task', reference, 'task.<attribute> or worker.<attribute>')
    case 'skip_if':
      return workforceCount(reference)
  }
}

/** A task attribute by its keys, which are those behind `task.`. */
function taskPath(keys: readonly Key[]): TaskPath {
  return { side: 'task', keys, text: `task${textOf(keys)}`, read: attributeAt(keys) }
}

/** What `worker.…` means with a prefix: system names and channels first, attributes otherwise. */
function workerPath(keys: readonly [string, ...Key[]]): WorkerPath {
  const [root, ...steps] = keys
  if (root === 'channel') return channelFigure(keys)
  if (!isSystemName(root)) return workerAttribute(keys)
  const { volatile, of } = SYSTEM_NAMES[root]
  const read = steps.length === 0 ? (worker: WorkerView | undefined) => worker && of(worker) : () => undefined
  return { side: 'worker', keys, text: `worker${textOf(keys)}`, system: true, volatile, read }
}

function workerAttribute(keys: readonly Key[]): WorkerPath {
  const text = textOf(keys)
  // `worker.sid` and `worker.channel…` are the system's; an attribute of that name is another path, hence another text.
  const shadowed = isSystemName(keys[0]) || keys[0] === 'channel'
  return {
    side: 'worker',
    keys,
    text: shadowed ? text.slice(1) : `worker${text}`,
    system: false,
    volatile: false,
    read: attributeAt(keys)
  }
}

/** A system name without prefix, in TargetWorkers: the attribute of that name has precedence. */
function attributeOrSystemName(name: keyof typeof SYSTEM_NAMES): WorkerPath {
  const { volatile, of } = SYSTEM_NAMES[name]
  return {
    side: 'worker',
    keys: [name],
    text: name,
    system: true,
    volatile,
    read(worker) {
      if (worker === undefined) return undefined
      const attribute = own(worker.attributes, name)
      return attribute === undefined ? of(worker) : attribute
    }
  }
}

/** `worker.channel.<unique_name>.<figure>`. Any other path that begins with `worker.channel` is NULL. */
function channelFigure(keys: readonly Key[]): WorkerPath {
  const [, channel, figure] = keys
  const text = `worker${textOf(keys)}`
  if (typeof channel !== 'string' || keys.length !== 3 || !isChannelFigure(figure)) {
    return { side: 'worker', keys, text, system: true, volatile: false, read: () => undefined }
  }
  const of = CHANNEL_FIGURES[figure]
  const read = (worker: WorkerView | undefined) => {
    const row = worker?.channel(channel)
    return row && of(row)
  }
  return { side: 'worker', keys, text, system: true, volatile: true, read }
}

function workforceCount(reference: Reference): WorkforceCount {
  const [root, name] = reference.keys
  const count = { side: 'workers', text: textOf(reference.keys).slice(1) } as const
  if (root === 'workers' && reference.keys.length === 2) {
    if (name === 'available') return { ...count, read: (workers) => workers?.available }
    if (name === 'unavailable') return { ...count, read: (workers) => workers?.unavailable }
    if (typeof name === 'string' && name.startsWith('WA')) {
      return { ...count, read: (workers) => workers?.activity(name) }
    }
  }
  const expected = 'workers.available, workers.unavailable or workers.WA<sid>'
  return { ...count, expected, read: () => undefined }
}

/** A path that leads nowhere from one side: NULL whatever the view. */
export function nowhere(side: 'task', reference: Reference, expected: string): TaskPath
export function nowhere(side: 'worker', reference: Reference, expected: string): WorkerPath
export function nowhere(side: 'task' | 'worker', { keys }: Reference, expected: string): TaskPath | WorkerPath {
  const path = { keys, text: textOf(keys).slice(1), expected, read: () => undefined }
  return side === 'task' ? { side, ...path } : { side, system: false, volatile: false, ...path }
}

/** `.skills[0].name` */
function textOf(keys: readonly Key[]): string {
  if (keys.length === 1 && typeof keys[0] === 'string') return `.${keys[0]}`
  return keys.map((key) => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
}

/** Reads what stands at these keys of a view's attributes; most paths have one or two. */
function attributeAt(keys: readonly Key[]): (view: Attributed | undefined) => unknown {
  const [first, second] = keys
  if (first !== undefined && keys.length === 1) return (view) => view && own(view.attributes, first)
  if (first !== undefined && second !== undefined && keys.length === 2)
    return (view) => view && own(own(view.attributes, first), second)
  return (view) => {
    let current: unknown = view?.attributes
    for (let i = 0; i < keys.length && current !== undefined; i++) current = own(current, keys[i] ?? 0)
    return current
  }
}

type Attributed = Pick<TaskView | WorkerView, 'attributes'>

/** One step: an own property of an object, or an element of a list; whatever else is undefined. */
function own(value: unknown, key: Key): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined
  // Most of what is missing is in no prototype either, and `in` says so in half the time.
  if (typeof key === 'number' || !(key in value) || !Object.hasOwn(value, key)) return undefined
  return (value as Record<string, unknown>)[key] // an object with this key, as just seen
}

function isNamed(keys: readonly Key[]): keys is readonly [string, ...Key[]] {
  return typeof keys[0] === 'string'
}

function isSystemName(key: Key | undefined): key is keyof typeof SYSTEM_NAMES {
  return typeof key === 'string' && Object.hasOwn(SYSTEM_NAMES, key)
}

function isChannelFigure(key: Key | undefined): key is keyof typeof CHANNEL_FIGURES {
  return typeof key === 'string' && Object.hasOwn(CHANNEL_FIGURES, key)
}
