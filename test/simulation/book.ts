import { dig, isTrue, keysOf } from './expression.ts'
import { jsonOf, Numeral } from './numeral.ts'

/*
 * The auditor's own account of a contact center: plain nouns, and the questions that routing asks of them, each answered
 * by looking at everything there is. Written from reference taskrouter 2, 3 and 6; nothing of the engine's is in it.
 */

export interface Workspace {
  readonly sid: string
  multi: boolean
  prefers: 'FIFO' | 'LIFO'
  default_activity: string
  timeout_activity: string
}

export interface Activity {
  readonly sid: string
  readonly workspace: string
  name: string
  readonly available: boolean
}

export interface Channel {
  readonly sid: string
  readonly workspace: string
  readonly unique_name: string
  optimized: boolean
}

export interface Queue {
  readonly sid: string
  readonly workspace: string
  name: string
  target_workers: string
  max_reserved: number
  order: 'FIFO' | 'LIFO'
  reservation_activity: string | null
  assignment_activity: string | null
}

/** Workers are judged in pieces: by a queue's new expression, or by the new name of an activity. */
export interface Judging {
  readonly sid: string
  readonly workspace: string
  readonly queue: string | null
  readonly activity: string | null
  /** The expression that is in force meanwhile, or the name by which expressions know the activity. */
  readonly former: string
  judged_to: number
  /** When the next piece is due; null while it is another queue's turn. */
  judge_at: number | null
}

export interface Workflow {
  readonly sid: string
  readonly workspace: string
  name: string
  /** SID of its newest document. */
  document: string
  reservation_timeout_s: number
}

/** A text that a workflow has or had, and that tasks may still follow (reference taskrouter 3.9). */
export interface Version {
  readonly sid: string
  /** Order of creation. */
  readonly n: number
  readonly workspace: string
  readonly workflow: string
  readonly configuration: string
  /** When the next piece of a long re-evaluation is due; null when none is. */
  re_evaluate_at: number | null
}

export interface Worker {
  readonly sid: string
  readonly workspace: string
  name: string
  /** JSON text. */
  attributes: string
  activity: string
  since: number
  /** Place in the order in which workers were last given something: the smaller, the longer idle. */
  idle: number
  /** By the task channel's SID. */
  readonly channels: Map<string, { capacity: number; available: boolean; idle: number }>
}

export type TaskStatus = 'pending' | 'reserved' | 'assigned' | 'wrapping' | 'completed' | 'canceled'

/** Place of a task: index of its filter and target, or one of these two filters. */
export const inDefault = -1
export const inNone = -2

export interface Task {
  readonly sid: string
  readonly workspace: string
  /** Order of creation. */
  readonly n: number
  status: TaskStatus
  attributes: string
  priority: number
  reason: string | null
  queue: string | null
  queue_entered: number | null
  readonly workflow: string | null
  channel: string
  start: number
  routing_target: string | null
  ignores_capacity: boolean
  /** SID of the document that it follows; null when it follows none. */
  document: string | null
  filter: number
  target: number
  filter_entered: number
  timed_out: boolean
  advance: boolean
  re_evaluate: boolean
  /** The attributes by which it was routed last, while others wait for the end of its reservation. */
  routed_by: string | null
  rounds: number
  rejected_by: string[]
  rejections: number
  /** How long it may wait to be assigned. */
  readonly timeout_s: number
  ttl_at: number | null
  target_at: number | null
  retry_at: number | null
  delete_at: number | null
  /** When it is forgotten, once it is over and nobody has it. */
  forget_at: number | null
  /** What its queue and workflow were called then. */
  queue_name: string | null
  workflow_name: string | null
}

export interface Reservation {
  readonly sid: string
  readonly n: number
  readonly workspace: string
  readonly task: string
  readonly worker: string
  /** The name of a worker who is gone, as it was then (reference taskrouter 1.10). */
  worker_name: string | null
  channel: string
  status: 'pending' | 'accepted' | 'rejected' | 'timeout' | 'canceled' | 'rescinded' | 'wrapping' | 'completed'
  readonly previous_activity: string
  timeout_at: number | null
}

/** A task that is handed on (reference taskrouter 9.7). */
export interface Transfer {
  readonly sid: string
  readonly workspace: string
  readonly task: string
  /** Reservation and worker of whoever began it. */
  readonly reservation: string
  readonly initiator: string
  /** Where the task was. */
  readonly queue: string | null
  readonly workflow: string | null
  readonly mode: 'WARM' | 'COLD'
  readonly type: 'WORKER' | 'QUEUE'
  readonly to: string
  status: 'initiated' | 'complete' | 'canceled' | 'failed'
  reason: string | null
  /** Ours: the reservation that says how it stands: made for it last, failed last, or accepted. */
  last: string | null
}

export interface Nouns {
  readonly workspace: Workspace
  readonly activity: Activity
  readonly channel: Channel
  readonly queue: Queue
  readonly judging: Judging
  readonly workflow: Workflow
  readonly document: Version
  readonly worker: Worker
  readonly task: Task
  readonly reservation: Reservation
  readonly transfer: Transfer
}

/** By SID, in the order of creation. */
export type Pages = { readonly [K in keyof Nouns]: Map<string, Nouns[K]> }

/** One place of a workflow, numbers read. */
export interface Target {
  readonly queue: string
  readonly priority: number | undefined
  readonly timeout_s: number | undefined
  readonly expression: string | undefined
  readonly order_by: string | undefined
  readonly skip_if: string | undefined
  readonly known_sid: string | undefined
  readonly known_name: string | undefined
}

export interface Document {
  readonly filters: readonly {
    readonly name: string | null
    readonly expression: string
    readonly targets: readonly Target[]
  }[]
  readonly default_filter: Target | undefined
}

export class Book {
  pages: Pages = {
    workspace: new Map(),
    activity: new Map(),
    channel: new Map(),
    queue: new Map(),
    judging: new Map(),
    workflow: new Map(),
    document: new Map(),
    worker: new Map(),
    task: new Map(),
    reservation: new Map(),
    transfer: new Map()
  }

  /** What there is of a kind in a workspace, in the order of creation. */
  all<K extends Exclude<keyof Nouns, 'workspace'>>(kind: K, workspace: string): Nouns[K][] {
    const all = [...this.pages[kind].values()] as Nouns[K][] // a page holds its kind
    return all.filter((noun) => noun.workspace === workspace)
  }

  get<K extends keyof Nouns>(kind: K, sid: string | null): Nouns[K] {
    const noun = this.pages[kind].get(sid ?? '') as Nouns[K] | undefined // as above
    if (!noun) throw new Error(`the book has no ${kind} ${sid}`)
    return noun
  }

  // Workers

  isAvailable(worker: Worker): boolean {
    return this.get('activity', worker.activity).available
  }

  held(worker: Worker, channel?: string): Reservation[] {
    return [...this.pages.reservation.values()].filter(
      (one) => one.worker === worker.sid && isOpen(one) && (channel === undefined || one.channel === channel)
    )
  }

  /** Where in the order of creation a worker is; behind all others when its row has yet to be published. */
  seqOf: (worker: string) => number = () => Number.POSITIVE_INFINITY

  judgingOf(queue: string): Judging | undefined {
    return [...this.pages.judging.values()].find((one) => one.queue === queue)
  }

  /** A long expression is in force when all workers have been asked, and the one before it until then: ours. */
  inForce(queue: Queue): string {
    return this.judgingOf(queue.sid)?.former ?? queue.target_workers
  }

  /** Eligible for the queue, whatever the worker is doing (reference taskrouter 2.1). */
  isEligible(worker: Worker, queue: Queue): boolean {
    return isTrue(this.inForce(queue), (keys) => {
      const attribute = dig(json(worker.attributes), keys)
      return attribute === undefined && keys.length === 1 ? this.#system(worker, keys[0]) : attribute
    })
  }

  /** Expressions hear of a new name worker by worker, in the order of creation: ours. */
  #activityName(worker: Worker): string {
    const seq = this.seqOf(worker.sid)
    for (const one of this.pages.judging.values())
      if (one.activity === worker.activity && one.judged_to < seq) return one.former
    return this.get('activity', worker.activity).name
  }

  #system(worker: Worker, name: string | number | undefined): unknown {
    if (name === 'sid') return worker.sid
    if (name === 'friendly_name') return worker.name
    if (name === 'activity_sid') return worker.activity
    return name === 'activity_name' ? this.#activityName(worker) : undefined
  }

  /** What `worker.…` means in a target (reference taskrouter 2.1): system names shadow attributes. */
  workerValue(worker: Worker, keys: readonly (string | number)[]): unknown {
    const [name] = keys
    if (name === 'sid' || name === 'friendly_name' || name === 'activity_sid' || name === 'activity_name')
      return keys.length === 1 ? this.#system(worker, name) : undefined
    if (name !== 'channel') return dig(json(worker.attributes), keys)
    const channel = this.all('channel', worker.workspace).find((one) => one.unique_name === keys[1])
    const own = channel && worker.channels.get(channel.sid)
    if (!channel || !own || keys.length !== 3) return undefined
    const held = this.held(worker, channel.sid)
    if (keys[2] === 'configured_capacity') return own.capacity
    if (keys[2] === 'assigned_tasks') return held.filter((one) => one.status !== 'pending').length
    if (keys[2] !== 'available_capacity_percentage') return undefined
    if (own.capacity === 0) return 0
    return Math.max(0, Math.floor(((own.capacity - held.length) * 100) / own.capacity))
  }

  /** What a name means in a target: one without `task.` or `worker.`, or with nothing behind it, means nothing. */
  named(attributes: unknown, worker: Worker | undefined, [side, ...keys]: readonly (string | number)[]): unknown {
    if (typeof keys[0] !== 'string') return undefined
    if (side === 'task') return dig(attributes, keys)
    return side === 'worker' && worker ? this.workerValue(worker, keys) : undefined
  }

  // Tasks and workers

  /** The document that a task follows. */
  followed(task: Task): Document {
    return documentOf(this.get('document', task.document).configuration)
  }

  /** Where a task is in its workflow, and what that asks of a worker. */
  place(task: Task): Target | undefined {
    if (task.document === null || task.filter === inNone) return undefined
    const { filters, default_filter } = this.followed(task)
    return task.filter === inDefault ? default_filter : filters[task.filter]?.targets[task.target]
  }

  /** Whether the worker could be given the task now (reference taskrouter 6.1, 3.8, 4.4, 5.2). */
  fits(task: Task, worker: Worker): boolean {
    const direct = isDirect(task)
    if (worker.workspace !== task.workspace) return false
    if (direct && task.routing_target !== worker.sid) return false
    if (!direct && !this.isEligible(worker, this.get('queue', task.queue))) return false
    if (task.retry_at !== null && task.rejected_by.includes(worker.sid)) return false
    // Whoever has a task that is handed on is not asked to take it. Ours, and so after letting go of it (docs/worker-sdk.md).
    if (this.reservationsOf(task).some((one) => one.worker === worker.sid && isOpen(one))) return false
    const place = this.place(task)
    const attributes = json(task.attributes)
    const known = (path: string) => this.named(attributes, undefined, keysOf(path))
    if (place?.known_sid !== undefined && known(place.known_sid) !== worker.sid) return false
    if (place?.known_name !== undefined && known(place.known_name) !== worker.name) return false
    if (place?.expression !== undefined) {
      if (!isTrue(place.expression, (keys) => this.named(attributes, worker, keys))) return false
    }
    if (direct && task.ignores_capacity) return true
    const own = worker.channels.get(task.channel)
    if (!this.isAvailable(worker) || !own?.available) return false
    if (!this.get('workspace', worker.workspace).multi && this.held(worker).length > 0) return false
    return this.held(worker, task.channel).length < own.capacity
  }

  /** Everybody who could be given the task now, the first choice first (reference taskrouter 6.4). */
  choices(task: Task): Worker[] {
    const { optimized } = this.get('channel', task.channel)
    const idle = (worker: Worker) => (optimized ? worker.channels.get(task.channel)?.idle : worker.idle) ?? 0
    const terms = (this.place(task)?.order_by ?? '').split(',').filter((term) => term.trim() !== '')
    const byTerms = (a: Worker, b: Worker) => {
      for (const term of terms) {
        const [path = '', direction = 'ASC'] = term.trim().split(/\s+/)
        const [x, y] = [a, b].map((worker) => this.named(undefined, worker, keysOf(path)))
        const [wholeX, wholeY] = [wholeOf(x), wholeOf(y)]
        if (wholeX === undefined && wholeY === undefined) continue
        if (wholeX === undefined || wholeY === undefined) return wholeY === undefined ? -1 : 1
        const order = Numeral.compare(wholeX, wholeY)
        if (order !== 0) return order * (direction.toUpperCase() === 'DESC' ? -1 : 1)
      }
      return 0
    }
    return this.all('worker', task.workspace)
      .filter((worker) => this.fits(task, worker))
      .sort((a, b) => byTerms(a, b) || idle(a) - idle(b))
  }

  /** Pending tasks of a workspace in the order in which they are offered (reference taskrouter 4.3 and 6.5). */
  inTurn(workspace: string): Task[] {
    const { prefers } = this.get('workspace', workspace)
    const kind = (task: Task) => (isDirect(task) ? 'FIFO' : this.get('queue', task.queue).order)
    return this.all('task', workspace)
      .filter((task) => task.status === 'pending')
      .sort((a, b) => {
        if (kind(a) !== kind(b)) return kind(a) === prefers ? -1 : 1
        if (kind(a) === 'LIFO') return b.start - a.start || b.n - a.n
        return byAge(a, b)
      })
  }

  reservationsOf(task: Task): Reservation[] {
    return [...this.pages.reservation.values()].filter((one) => one.task === task.sid)
  }

  // Transfers

  /** The transfer of the task that is under way. */
  transferOf(task: Task): Transfer | undefined {
    return [...this.pages.transfer.values()].find((one) => one.task === task.sid && one.status === 'initiated')
  }

  /** The transfer whose last offer a reservation is. */
  transferOfOffer({ sid }: Reservation): Transfer | undefined {
    return [...this.pages.transfer.values()].find((one) => one.last === sid)
  }

  /** Whether the worker has handed the task on for good. */
  hasLetGo({ sid }: Reservation): boolean {
    return [...this.pages.transfer.values()].some((one) => one.reservation === sid && one.mode === 'COLD')
  }

  /** Reservations of those who have the task, whether others are asked to take it or not. */
  holdersOf(task: Task): Reservation[] {
    return this.reservationsOf(task).filter(
      (one) => (one.status === 'accepted' || one.status === 'wrapping') && !this.hasLetGo(one)
    )
  }

  /** Whether a target is skipped once nobody could be given the task (reference taskrouter 3.6). */
  skips(target: Target): boolean {
    if (target.skip_if === undefined) return false
    const queue = this.get('queue', target.queue)
    const workers = this.all('worker', queue.workspace).filter((worker) => this.isEligible(worker, queue))
    return isTrue(target.skip_if, ([root, name]) => {
      if (root !== 'workers') return undefined
      if (name === 'available') return workers.filter((worker) => this.isAvailable(worker)).length
      if (name === 'unavailable') return workers.filter((worker) => !this.isAvailable(worker)).length
      if (!String(name).startsWith('WA')) return undefined
      return workers.filter((worker) => worker.activity === name).length
    })
  }

  matches(task: Task, expression: string, attributes = task.attributes): boolean {
    return isTrue(expression, (keys) => dig(json(attributes), keys))
  }
}

/** FIFO: priority, then age. */
export function byAge(a: Task, b: Task): number {
  return b.priority - a.priority || a.start - b.start || a.n - b.n
}

export function isOpen({ status }: Reservation): boolean {
  return status === 'pending' || status === 'accepted' || status === 'wrapping'
}

export function isOver({ status }: Task): boolean {
  return status === 'completed' || status === 'canceled'
}

export function isDirect({ routing_target }: Task): boolean {
  return routing_target?.startsWith('WK') ?? false
}

/** What an order_by takes: a whole number of any length. */
function wholeOf(value: unknown): number | Numeral | undefined {
  if (value instanceof Numeral) return value.isWhole ? value : undefined
  return Number.isInteger(value) ? (value as number) : undefined // isInteger says it is a number, not the compiler
}

const texts = new Map<string, unknown>()

/** A text as JSON. The same texts come again and again. */
function json(text: string): unknown {
  if (texts.size > 10_000) texts.clear()
  if (!texts.has(text)) texts.set(text, jsonOf(text))
  return texts.get(text)
}

const documents = new Map<string, Document>()

/** A workflow's configuration (reference taskrouter 3.1); it has been accepted, so it is well-formed. */
export function documentOf(configuration: string): Document {
  const known = documents.get(configuration)
  if (known) return known
  const { filters = [], default_filter } = JSON.parse(configuration).task_routing
  const made: Document = {
    filters: filters.map((filter: Record<string, unknown>) => {
      let queue = ''
      const targets = (filter.targets as Record<string, unknown>[]).map((target) => {
        queue = given(target.queue) ?? queue
        return targetOf(target, queue)
      })
      const name = given(filter.filter_friendly_name) ?? given(filter.friendly_name) ?? null
      return { name, expression: filter.expression as string, targets } // it was accepted with one
    }),
    default_filter: default_filter ? targetOf(default_filter, default_filter.queue) : undefined
  }
  if (documents.size > 1000) documents.clear()
  documents.set(configuration, made)
  return made
}

function targetOf(target: Record<string, unknown>, queue: string): Target {
  const number = (value: unknown) => (value === undefined || value === null || value === '' ? undefined : Number(value))
  return {
    queue,
    priority: number(target.priority),
    timeout_s: number(target.timeout),
    expression: given(target.expression),
    order_by: given(target.order_by),
    skip_if: given(target.skip_if),
    known_sid: given(target.known_worker_sid),
    known_name: given(target.known_worker_friendly_name)
  }
}

function given(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}
