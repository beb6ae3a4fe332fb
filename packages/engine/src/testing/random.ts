import type { Command } from '../commands.ts'
import { defaultSettings } from '../settings.ts'
import { Ids, type Seed } from '../state/ids.ts'
import { State } from '../state/state.ts'

/** Numbers that a seed gives, for choosing what happens next. */
export class Dice {
  readonly #ids = new Ids()

  constructor(seed: Seed) {
    this.#ids.reseed(seed)
  }

  /** 0 to n - 1. */
  roll(n: number): number {
    return this.#ids.next() % n
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent
  }

  of<T>(members: readonly T[]): T {
    const member = members[this.roll(members.length)]
    if (member === undefined) throw new Error('there is nothing to choose from')
    return member
  }
}

/** Small limits, so that they are met. */
export const randomSettings = {
  ...defaultSettings,
  limits: { ...defaultSettings.limits, assignment_rounds: 6, available_workers: 4 }
}

/** With an odd seed what is judged is judged in pieces. */
export function emptyState(seed = 1): State {
  const comparisons_at_once = seed % 2 === 0 ? defaultSettings.comparisons_at_once : 3
  return new State(`AC${'0'.repeat(32)}`, { ...randomSettings, comparisons_at_once })
}

/** What a center begins with: some workers, queues of every kind, and two workflows that use all that a document can. */
export function opening(dice: Dice): ((state: State) => Command)[] {
  const steps: ((state: State) => Command)[] = [
    () => ({
      type: 'workspace.create',
      friendly_name: 'Center',
      multi_task_enabled: dice.chance(80),
      prioritize_queue_order: dice.of(['FIFO', 'LIFO'] as const)
    })
  ]
  for (const [i, target_workers] of targetWorkers.entries()) {
    steps.push((state) => ({
      type: 'task_queue.create',
      workspace_sid: only(state),
      friendly_name: `Q${i}`,
      target_workers,
      max_reserved_workers: dice.of([1, 1, 2, 3]),
      task_order: dice.of(['FIFO', 'FIFO', 'LIFO'] as const),
      reservation_activity_sid: sids(state, 'activity')[1] as string, // Unavailable
      assignment_activity_sid: sids(state, 'activity')[1] as string // as above
    }))
  }
  for (let i = 0; i < 4; i++) steps.push((state) => createWorker(state, dice, `W${i}`))
  for (const name of ['F0', 'F1']) {
    steps.push((state) => ({
      type: 'workflow.create',
      workspace_sid: only(state),
      friendly_name: name,
      configuration: configuration(state, dice),
      task_reservation_timeout: dice.of([10, 30, 120])
    }))
  }
  return steps
}

const targetWorkers = ['1==1', 'level >= 2', 'languages HAS "en"', 'activity_name == "Available" OR level == 1', '']

/** The next thing that somebody does, as likely as it should be met. It may well be refused. */
export function nextCommand(state: State, dice: Dice, n: number): Command {
  const total = acts.reduce((sum, [weight]) => sum + weight, 0)
  let at = dice.roll(total)
  for (const [weight, act] of acts) {
    if (at < weight) return act(state, dice, n)
    at -= weight
  }
  throw new Error('the weights add up')
}

type Act = readonly [weight: number, act: (state: State, dice: Dice, n: number) => Command]

const acts: readonly Act[] = [
  [30, (state, dice) => createTask(state, dice)],
  [28, (state, dice) => respond(state, dice)],
  [8, (state, dice) => transfer(state, dice)],
  [14, (state, dice) => updateTask(state, dice)],
  [2, (state, dice) => ({ type: 'task.delete', workspace_sid: only(state), sid: anyOf(state, 'task', dice) })],
  [14, (state, dice) => updateWorker(state, dice)],
  [6, (state, dice) => updateChannel(state, dice)],
  [2, (state, dice, n) => createWorker(state, dice, `X${n}`)],
  [1, (state, dice) => ({ type: 'worker.delete', workspace_sid: only(state), sid: anyOf(state, 'worker', dice) })],
  [4, (state, dice) => updateQueue(state, dice)],
  [
    1,
    (state, dice) => ({ type: 'task_queue.delete', workspace_sid: only(state), sid: anyOf(state, 'task_queue', dice) })
  ],
  [4, (state, dice) => updateWorkflow(state, dice)],
  [1, (state, dice) => ({ type: 'workflow.delete', workspace_sid: only(state), sid: anyOf(state, 'workflow', dice) })],
  [2, (state, dice, n) => renameActivity(state, dice, n)],
  [1, (state, dice, n) => changeChannels(state, dice, n)],
  [1, (state, dice) => updateWorkspace(state, dice)]
]

function createTask(state: State, dice: Dice): Command {
  const target = dice.roll(10)
  const routing_target =
    target === 0 ? anyOf(state, 'worker', dice) : target === 1 ? anyOf(state, 'task_queue', dice) : undefined
  return {
    type: 'task.create',
    workspace_sid: only(state),
    attributes: taskAttributes(state, dice),
    priority: dice.roll(3),
    task_channel: dice.of(['default', 'default', 'chat', 'voice']),
    ...(dice.chance(20) && { timeout: dice.of([5, 40, 300]) }),
    ...(dice.chance(20) && { virtual_start_time: state.at - dice.roll(100_000) }),
    ...(routing_target === undefined ? { workflow_sid: anyOf(state, 'workflow', dice) } : { routing_target }),
    ...(target === 0 && dice.chance(50) && { ignore_capacity: dice.chance(50) })
  }
}

function respond(state: State, dice: Dice): Command {
  const open = state.tables.reservation.all().filter((row) => row.timeout_at !== null || dice.chance(40))
  const reservation = open.length > 0 ? dice.of(open) : undefined
  const status = dice.of(['accepted', 'accepted', 'rejected', 'wrapping', 'completed', 'completed'])
  return {
    type: 'reservation.update',
    workspace_sid: only(state),
    ...(dice.chance(50)
      ? { task_sid: reservation?.task_sid ?? 'WT' }
      : { worker_sid: reservation?.worker_sid ?? 'WK' }),
    sid: reservation?.sid ?? 'WR',
    reservation_status: status,
    ...(status === 'rejected' && dice.chance(30) && { worker_activity_sid: anyOf(state, 'activity', dice) })
  }
}

/** Mostly of a task that somebody has; sometimes of any reservation, which is refused. */
function transfer(state: State, dice: Dice): Command {
  const workspace_sid = only(state)
  const begun = state.tables.transfer.all().filter((row) => row.transfer_status === 'initiated' || dice.chance(10))
  if (begun.length > 0 && dice.chance(30)) {
    const { sid, initiating_worker_sid: worker_sid } = dice.of(begun)
    return { type: 'transfer.cancel', workspace_sid, worker_sid, sid }
  }
  const held = state.tables.reservation.all().filter((row) => row.reservation_status === 'accepted' || dice.chance(5))
  const reservation = held.length > 0 ? dice.of(held) : undefined
  return {
    type: 'transfer.create',
    workspace_sid,
    worker_sid: reservation?.worker_sid ?? 'WK',
    reservation_sid: reservation?.sid ?? 'WR',
    task_sid: reservation?.task_sid ?? 'WT',
    to: anyOf(state, dice.chance(50) ? 'worker' : 'task_queue', dice),
    mode: dice.of(['WARM', 'COLD']),
    ...(dice.chance(30) && { priority: dice.roll(5) }),
    ...(dice.chance(30) && { attributes: taskAttributes(state, dice) })
  }
}

function updateTask(state: State, dice: Dice): Command {
  return {
    type: 'task.update',
    workspace_sid: only(state),
    sid: anyOf(state, 'task', dice),
    ...(dice.chance(40) && { attributes: taskAttributes(state, dice) }),
    ...(dice.chance(20) && { priority: dice.roll(4) }),
    ...(dice.chance(15) && { task_channel: dice.of(['default', 'chat', 'voice']) }),
    ...(dice.chance(15) && { virtual_start_time: state.at - dice.roll(100_000) }),
    ...(dice.chance(30) && { assignment_status: dice.of(['canceled', 'wrapping', 'completed', 'pending']) })
  }
}

function createWorker(state: State, dice: Dice, friendly_name: string): Command {
  const attributes = workerAttributes(dice)
  return {
    type: 'worker.create',
    workspace_sid: only(state),
    friendly_name,
    attributes,
    activity_sid: dice.chance(70) ? availableActivity(state) : anyOf(state, 'activity', dice)
  }
}

function updateWorker(state: State, dice: Dice): Command {
  const moves = dice.chance(70)
  return {
    type: 'worker.update',
    workspace_sid: only(state),
    sid: anyOf(state, 'worker', dice),
    ...(moves && { activity_sid: dice.chance(80) ? availableActivity(state) : anyOf(state, 'activity', dice) }),
    ...(!moves && { attributes: workerAttributes(dice) }),
    ...(moves && dice.chance(30) && { reject_pending_reservations: true })
  }
}

function updateChannel(state: State, dice: Dice): Command {
  return {
    type: 'worker_channel.update',
    workspace_sid: only(state),
    worker_sid: anyOf(state, 'worker', dice),
    sid: dice.of(['default', 'chat', 'voice']),
    ...(dice.chance(80) && { capacity: dice.roll(4) }),
    ...(dice.chance(20) && { available: dice.chance(60) })
  }
}

function updateQueue(state: State, dice: Dice): Command {
  return {
    type: 'task_queue.update',
    workspace_sid: only(state),
    sid: anyOf(state, 'task_queue', dice),
    ...(dice.chance(50) && { target_workers: dice.chance(50) ? dice.of(targetWorkers) : another(dice) }),
    ...(dice.chance(30) && { task_order: dice.of(['FIFO', 'LIFO'] as const) }),
    ...(dice.chance(30) && { max_reserved_workers: dice.of([1, 2, 3]) })
  }
}

/** An expression that hardly any other queue has. */
function another(dice: Dice): string {
  return `level > ${dice.roll(4)} AND (level < ${2 + dice.roll(90)} OR activity_name == "Lunch")`
}

function updateWorkflow(state: State, dice: Dice): Command {
  return {
    type: 'workflow.update',
    workspace_sid: only(state),
    sid: anyOf(state, 'workflow', dice),
    ...(dice.chance(70) && { configuration: configuration(state, dice) }),
    re_evaluate_tasks: dice.chance(50)
  }
}

function renameActivity(state: State, dice: Dice, n: number): Command {
  const friendly_name = dice.of(['Available', 'Lunch', `A${n}`])
  if (dice.chance(30))
    return { type: 'activity.create', workspace_sid: only(state), friendly_name, available: dice.chance(50) }
  return { type: 'activity.update', workspace_sid: only(state), sid: anyOf(state, 'activity', dice), friendly_name }
}

function changeChannels(state: State, dice: Dice, n: number): Command {
  const workspace_sid = only(state)
  if (dice.chance(50))
    return { type: 'task_channel.create', workspace_sid, friendly_name: 'Extra', unique_name: `c${n}` }
  if (dice.chance(50))
    return { type: 'task_channel.update', workspace_sid, sid: 'chat', channel_optimized_routing: dice.chance(50) }
  return { type: 'task_channel.delete', workspace_sid, sid: anyOf(state, 'task_channel', dice) }
}

function updateWorkspace(state: State, dice: Dice): Command {
  return {
    type: 'workspace.update',
    sid: only(state),
    prioritize_queue_order: dice.of(['FIFO', 'LIFO'] as const),
    timeout_activity_sid: anyOf(state, 'activity', dice),
    ...(dice.chance(20) && { multi_task_enabled: true })
  }
}

function configuration(state: State, dice: Dice): string {
  const queues = sids(state, 'task_queue')
  const target = (first: boolean) => ({
    ...((first || dice.chance(60)) && { queue: dice.of(queues) }),
    ...(dice.chance(60) && { timeout: dice.of([5, 20, 60]) }),
    ...(dice.chance(30) && { priority: dice.roll(5) }),
    ...(dice.chance(40) && { expression: dice.of(targetExpressions) }),
    ...(dice.chance(30) && { skip_if: dice.of(['1==1', 'workers.available == 0']) }),
    ...(dice.chance(30) && {
      order_by: dice.of(['worker.level DESC', 'worker.level', 'worker.channel.chat.assigned_tasks'])
    }),
    ...(dice.chance(15) && { known_worker_friendly_name: 'task.friend' })
  })
  const filters = ['kind == 1', 'kind >= 1', '1==1', 'kind == 0']
    .filter(() => dice.chance(60))
    .map((expression) => ({ expression, targets: [true, false, false].slice(0, 1 + dice.roll(3)).map(target) }))
  const hasDefault = filters.length === 0 || dice.chance(60)
  return JSON.stringify({
    task_routing: { filters, ...(hasDefault && { default_filter: { queue: dice.of(queues) } }) }
  })
}

const targetExpressions = [
  'worker.level >= task.kind',
  'worker.channel.chat.assigned_tasks == 0',
  'worker.channel.default.assigned_tasks > 0',
  'worker.channel.voice.available_capacity_percentage < 60',
  'worker.activity_name == "Available"',
  'task.friend == worker.friendly_name OR task.kind == 2',
  'worker.languages HAS task.language'
]

function taskAttributes(state: State, dice: Dice): string {
  const workers = state.tables.worker.all().map((worker) => worker.friendly_name)
  return JSON.stringify({
    kind: dice.roll(3),
    language: dice.of(['en', 'de']),
    ...(workers.length > 0 && dice.chance(50) && { friend: dice.of(workers) })
  })
}

function workerAttributes(dice: Dice): string {
  return JSON.stringify({ level: dice.roll(4), languages: ['en', 'de'].filter(() => dice.chance(50)) })
}

function availableActivity(state: State): string {
  return state.tables.activity.all().find((activity) => activity.available)?.sid ?? 'WA'
}

type Listed = 'workspace' | 'activity' | 'task_channel' | 'task_queue' | 'workflow' | 'worker' | 'task'

function sids(state: State, kind: Listed): string[] {
  return state
    .table(kind)
    .all()
    .map((row) => row.sid)
}

function only(state: State): string {
  return sids(state, 'workspace')[0] ?? 'WS'
}

/** One of a kind; a SID of nobody when there is none, which is refused. */
function anyOf(state: State, kind: Listed, dice: Dice): string {
  const all = sids(state, kind)
  return all.length === 0 ? `${state.table(kind).definition.prefix}${'0'.repeat(32)}` : dice.of(all)
}
