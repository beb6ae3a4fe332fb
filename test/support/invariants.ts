import type { FlexUserRow } from '@ringdown/engine/access/rows'
import type { State } from '@ringdown/engine/center'
import { conversationKinds } from '@ringdown/engine/conversations/rows'
import type { Decision } from '@ringdown/engine/decide'
import type { InteractionTransferRow } from '@ringdown/engine/flex/rows'
import { compile } from '@ringdown/engine/matching/expression/compile'
import { readJson } from '@ringdown/engine/matching/expression/decimal'
import type { WorkerView } from '@ringdown/engine/matching/expression/environment'
import { parseWorkflowDocument } from '@ringdown/engine/matching/workflow-document'
import type {
  ReservationRow,
  TaskChannelRow,
  TaskRow,
  TransferRow,
  WorkerChannelRow,
  WorkerRow
} from '@ringdown/engine/routing/rows'
import { conversationComplaints } from './conversations-invariants.ts'
import { flowComplaints } from './flow-invariants.ts'
import { lineComplaints } from './line-invariants.ts'
import { messageComplaints } from './message-invariants.ts'
import { allKinds, tableOf, timersOf } from './snapshot.ts'
import { isCarriedOut, voiceComplaints } from './voice-invariants.ts'
import { webchatComplaints } from './webchat-invariants.ts'

/*
 * What must be true of a state after every decision, recomputed naively from the rows (reference taskrouter 11.5). It shares
 * expressions and documents with the router, and nothing else: neither its matcher nor its indexes. Stories of the engine
 * and simulations are both held to it; what a simulation's auditor knows beyond it, it knows from the commands alone.
 */

/** Everything that is wrong with a state, and with the decision that led to it; empty when all is well. */
export function complaints(state: State, decision?: Decision): string[] {
  const rows = new Rows(state)
  return [
    ...tasks(rows),
    ...timers(state),
    ...indexes(state),
    ...references(rows),
    ...automation(state),
    ...interactions(state),
    ...access(state),
    ...conversationComplaints(state, decision),
    ...judgings(state),
    ...lineComplaints(state),
    ...messageComplaints(state, decision),
    ...webchatComplaints(state),
    ...voiceComplaints(state, decision),
    ...flowComplaints(state),
    ...matcher(state, rows),
    ...buckets(state, rows),
    ...waiting(rows),
    ...(decision
      ? [...changes(state, decision), ...signedOut(state, decision), ...overload(rows, decision), ...outcomes(decision)]
      : [])
  ]
}

/** Who may come in: nothing is left of who is gone, nobody is signed in twice, and a name and a worker are one user's. */
function access(state: State): string[] {
  const { tables } = state
  const users = tables.flex_user.all()
  const ofNobody = (kind: string, rows: readonly { readonly sid: string; readonly flex_user_sid: string }[]) =>
    rows.filter((row) => !state.find('flex_user', row.flex_user_sid)).map(({ sid }) => `${kind} ${sid} is of nobody`)
  const twice = (what: string, values: readonly (string | null)[]) => {
    const named = values.filter((value) => value !== null)
    return new Set(named).size === named.length ? [] : [`${what} is there twice`]
  }
  return [
    ...ofNobody('session', tables.session.all()),
    ...ofNobody('setup_link', tables.setup_link.all()),
    ...twice(
      'the session of a user',
      tables.session.all().map((row) => row.flex_user_sid)
    ),
    ...twice(
      'the link of a user',
      tables.setup_link.all().map((row) => row.flex_user_sid)
    ),
    ...twice(
      'the name of a user',
      users.map(({ username }) => username.toLowerCase())
    ),
    ...twice(
      'the worker of a user',
      users.map(({ worker_sid }) => worker_sid)
    ),
    ...users
      .filter(({ worker_sid }) => worker_sid !== null && !state.find('worker', worker_sid))
      .map(({ sid }) => `user ${sid} does the work of a worker who is gone`),
    ...users.filter(({ roles }) => roles.length === 0).map(({ sid }) => `user ${sid} has no role`),
    ...tables.session
      .all()
      .filter(({ idle_at, ends_at }) => idle_at > ends_at || idle_at < state.at)
      .map(({ sid }) => `session ${sid} should be over`),
    ...tables.setup_link
      .all()
      .filter(({ ends_at }) => ends_at < state.at)
      .map(({ sid }) => `link ${sid} should be over`),
    ...tables.key
      .all()
      .filter(({ key_type, policy }) => (key_type === 'restricted') !== (policy !== null))
      .map(({ sid }) => `key ${sid} is not what its policy says`),
    ...tables.key_use
      .all()
      .filter(({ sid }) => !state.find('key', sid))
      .map(({ sid }) => `a use of key ${sid}, which is gone`)
  ]
}

/** Whoever has another password signs in anew. */
function signedOut(state: State, { changes }: Decision): string[] {
  return changes.flatMap((change) => {
    if (change.kind !== 'flex_user' || !change.before || !change.after) return []
    const [before, after] = [change.before, change.after] as unknown as FlexUserRow[] // as its kind says
    const isSame = before?.password === after?.password
    return isSame || state.tables.session.count('flex_user_sid', change.sid) === 0
      ? []
      : [`user ${change.sid} has another password, and is signed in still`]
  })
}

/** Throws when there is anything to complain of. */
export function audit(state: State, decision?: Decision): void {
  const found = complaints(state, decision)
  if (found.length > 0) throw new Error(`audit: ${found.join('; ')}`)
}

/** The rows as plain lists. */
class Rows {
  readonly tasks: readonly TaskRow[]
  readonly reservations: readonly ReservationRow[]
  readonly workers: readonly WorkerRow[]
  readonly transfers: readonly TransferRow[]
  readonly state: State
  readonly #kinds: readonly TaskChannelRow[]
  readonly #channels = new Map<string, WorkerChannelRow>()
  readonly #views = new Map<string, WorkerView>()
  readonly #eligible = new Map<string, ReadonlySet<string>>()

  constructor(state: State) {
    this.state = state
    this.tasks = state.tables.task.all()
    this.reservations = state.tables.reservation.all()
    this.workers = state.tables.worker.all()
    this.transfers = state.tables.transfer.all()
    this.#kinds = state.tables.task_channel.all()
    for (const row of state.tables.worker_channel.all())
      this.#channels.set(`${row.worker_sid} ${row.task_channel_sid}`, row)
  }

  /** Reservations of a task; those of workers who have handed it on for good count no more. */
  of(task: TaskRow, ...statuses: readonly ReservationRow['reservation_status'][]): number {
    return this.reservations.filter(
      (row) =>
        row.task_sid === task.sid &&
        statuses.includes(row.reservation_status) &&
        !this.transfers.some(
          (transfer) => transfer.transfer_mode === 'COLD' && transfer.initiating_reservation_sid === row.sid
        )
    ).length
  }

  load(worker_sid: string, task_channel_sid: string | undefined, statuses = open): number {
    return this.reservations.filter(
      (row) =>
        row.worker_sid === worker_sid &&
        (task_channel_sid === undefined || row.task_channel_sid === task_channel_sid) &&
        statuses.includes(row.reservation_status)
    ).length
  }

  channel(worker_sid: string, task_channel_sid: string) {
    return this.#channels.get(`${worker_sid} ${task_channel_sid}`)
  }

  view(worker: WorkerRow): WorkerView {
    const known = this.#views.get(worker.sid)
    if (known) return known
    const view = {
      sid: worker.sid,
      friendly_name: worker.friendly_name,
      activity_sid: worker.activity_sid,
      activity_name:
        this.state.tables.judging
          .all()
          .find((row) => row.activity_sid === worker.activity_sid && row.judged_to < worker.seq)?.former ??
        this.state.find('activity', worker.activity_sid)?.friendly_name ??
        '',
      attributes: readJson(worker.attributes),
      channel: (unique_name: string) => {
        const kind = this.#kinds.find(
          (row) => row.workspace_sid === worker.workspace_sid && row.unique_name === unique_name
        )
        const row = kind && this.channel(worker.sid, kind.sid)
        if (!kind || !row) return undefined
        const held = this.load(worker.sid, kind.sid)
        // Of integers: 1 - 4 / 5 is a little less than a fifth.
        const free = Math.floor(((row.configured_capacity - held) * 100) / Math.max(1, row.configured_capacity))
        return {
          configured_capacity: row.configured_capacity,
          assigned_tasks: this.load(worker.sid, kind.sid, ['accepted', 'wrapping']),
          available_capacity_percentage: Math.min(100, Math.max(0, free))
        }
      }
    }
    this.#views.set(worker.sid, view)
    return view
  }

  /** Workers whom a queue's expression accepts. */
  eligible(task_queue_sid: string | null): ReadonlySet<string> {
    const queue = this.state.find('task_queue', task_queue_sid)
    if (!queue) return new Set()
    const known = this.#eligible.get(queue.sid)
    if (known) return known
    const judging = this.state.tables.judging.all().find((row) => row.task_queue_sid === queue.sid)
    const { matches } = compiled(judging?.former ?? queue.target_workers)
    const workers = this.workers.filter(
      (worker) => worker.workspace_sid === queue.workspace_sid && matches(undefined, this.view(worker))
    )
    const sids = new Set(workers.map((worker) => worker.sid))
    this.#eligible.set(queue.sid, sids)
    return sids
  }
}

/** Compiled texts by the text itself, so that nothing can be stale. */
const compiled = remembered((source) => compile(source, 'worker'))
const parsed = remembered(parseWorkflowDocument)

function remembered<T>(make: (source: string) => T): (source: string) => T {
  const known = new Map<string, T>()
  return (source) => {
    const made = known.get(source) ?? make(source)
    if (known.size > 1000) known.clear()
    known.set(source, made)
    return made
  }
}

const open: readonly ReservationRow['reservation_status'][] = ['pending', 'accepted', 'wrapping']

/** Status of a task and its reservations, and which of its timers run. */
function* tasks(rows: Rows): Generator<string> {
  for (const task of rows.tasks) {
    const held = {
      pending: rows.of(task, 'pending'),
      accepted: rows.of(task, 'accepted'),
      wrapping: rows.of(task, 'wrapping')
    }
    const status = task.assignment_status
    const transfers = rows.transfers.filter((transfer) => transfer.task_sid === task.sid)
    const under_way = transfers.filter((transfer) => transfer.transfer_status === 'initiated')
    // A worker keeps the task while it is handed on, and several may have it afterwards.
    const owned = held.accepted + held.wrapping > 0
    const isKept = owned && under_way.length > 0
    const isShared = held.accepted > 1 && transfers.some((transfer) => transfer.transfer_status === 'complete')
    const fits = {
      pending: held.pending === 0 && (!owned || isKept),
      reserved: held.pending > 0 && (!owned || isKept),
      assigned: held.pending === 0 && (held.accepted === 1 || isShared),
      wrapping: held.pending + held.accepted === 0 && held.wrapping > 0,
      completed: held.pending + held.accepted + held.wrapping === 0,
      canceled: held.pending + held.accepted + held.wrapping === 0
    }[status]
    if (!fits) yield `task ${task.sid} is ${status} with ${JSON.stringify(held)}`
    const isUnderWay = status === 'pending' || status === 'reserved'
    if (under_way.length > (isUnderWay ? 1 : 0)) yield `task ${task.sid} is ${status} in ${under_way.length} transfers`
    const isUnassigned = isUnderWay && !isKept
    if ((task.ttl_at !== null) !== isUnassigned) yield `task ${task.sid} is ${status} with ttl_at ${task.ttl_at}`
    const isPutAway = task.forget_at !== null
    if ((task.delete_at === null) !== (isUnassigned || isPutAway))
      yield `task ${task.sid} is ${status} with delete_at ${task.delete_at}`
    const isOver = status === 'completed' || status === 'canceled'
    const isHeld = rows.reservations.some((row) => row.task_sid === task.sid && open.includes(row.reservation_status))
    if (isPutAway !== (isOver && !isHeld)) yield `task ${task.sid} is ${status} with forget_at ${task.forget_at}`
    for (const row of [...rows.reservations, ...transfers])
      if (row.task_sid === task.sid && row.forget_at !== task.forget_at)
        yield `${row.sid} of task ${task.sid} has forget_at ${row.forget_at}, not ${task.forget_at}`
    if (!isUnderWay && task.target_at !== null) yield `task ${task.sid} is ${status} and has a target timer`
    if (status !== 'pending' && task.retry_at !== null && status !== 'reserved')
      yield `task ${task.sid} is ${status} and has a retry timer`
    if (status === 'pending' && (task.advance || task.re_evaluate || task.followed_attributes !== null)) {
      yield `task ${task.sid} is pending and has yet to go on`
    }
    if (task.advance && task.target_at !== null) yield `task ${task.sid} is to advance and still has a target timer`
    // A task that somebody has taken in the last round can still be handed on, which asks somebody once more each time. One
    // that was put away may be here without its transfers.
    if (!isPutAway && task.rounds > rows.state.settings.limits.assignment_rounds + transfers.length)
      yield `task ${task.sid} has had ${task.rounds} rounds`
  }
  for (const { sid, reservation_status, timeout_at } of rows.reservations) {
    const isTimed = reservation_status === 'pending' && !isCarriedOut(rows.state, sid)
    if (isTimed ? timeout_at === null : timeout_at !== null && reservation_status !== 'pending')
      yield `reservation ${sid} is ${reservation_status} with timeout_at ${timeout_at}`
  }
}

/** The heap holds exactly the instants of the timer columns. */
function* timers(state: State): Generator<string> {
  const expected: [number, number, number, string, string][] = []
  for (const kind of allKinds) {
    const table = tableOf(state, kind)
    const columns = Object.entries(table.definition.timers ?? {}) as [string, string][] // column -> command
    for (const row of table.all()) {
      columns.forEach(([column, command], order) => {
        const due = (row as unknown as Record<string, number | null>)[column]
        if (due !== null && due !== undefined) expected.push([due, row.seq, order, command, row.sid])
      })
    }
  }
  expected.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2])
  const actual = timersOf(state)
  if (JSON.stringify(actual) !== JSON.stringify(expected)) yield 'the timers are not those of the rows'
  const first = expected[0]
  const next = state.nextTimer
  if (next?.due !== first?.[0] || next?.sid !== first?.[4] || next?.command !== first?.[3])
    yield 'the next timer is not the first'
}

function* indexes(state: State): Generator<string> {
  for (const kind of allKinds) {
    const table = tableOf(state, kind)
    const all = table.all()
    for (const [name, keyOf] of Object.entries(table.definition.indexes ?? {})) {
      const expected = new Map<string, string[]>()
      for (const row of all) {
        const key = keyOf(row)
        if (key === null || key === undefined) continue
        const group = expected.get(key)
        if (group) group.push(row.sid)
        else expected.set(key, [row.sid])
      }
      let groups = 0
      for (const [key, rows] of table.groups(name)) {
        groups++
        const group = expected.get(key) ?? []
        if (group.length !== rows.length || rows.some((row, i) => row.sid !== group[i]))
          yield `index ${kind}.${name} is wrong at ${key}`
      }
      if (groups !== expected.size) yield `index ${kind}.${name} has ${groups} groups, not ${expected.size}`
    }
  }
}

/** One queue at a time has its turn, and each queue is there once. */
function* judgings(state: State): Generator<string> {
  const queues = new Set<string>()
  for (const [i, { sid, task_queue_sid, activity_sid, former, judge_at }] of state.tables.judging.all().entries()) {
    const queue = state.find('task_queue', task_queue_sid)
    if (!queue && !state.find('activity', activity_sid)) yield `judging ${sid} is of what is gone`
    if (queue?.target_workers === former) yield `judging ${sid} is of what is in force`
    if (queue && queues.has(queue.sid)) yield `queue ${queue.sid} is judged twice`
    if (queue) queues.add(queue.sid)
    if ((judge_at !== null) !== (i === 0)) yield `judging ${sid} has the turn ${judge_at} as number ${i}`
  }
}

/** Whatever a live row names is there; documents stay exactly as long as somebody follows them. */
function* references(rows: Rows): Generator<string> {
  const { state } = rows
  for (const worker of rows.workers) {
    if (!state.find('activity', worker.activity_sid)) yield `worker ${worker.sid} is in no activity`
    for (const { sid, workspace_sid } of state.tables.task_channel.all()) {
      if (workspace_sid === worker.workspace_sid && !rows.channel(worker.sid, sid))
        yield `worker ${worker.sid} lacks channel ${sid}`
    }
  }
  const followed = new Set(state.tables.workflow.all().map((workflow) => workflow.workflow_document_sid))
  for (const { sid, re_evaluate_at } of state.tables.workflow_document.all())
    if (re_evaluate_at !== null) followed.add(sid)
  for (const task of rows.tasks) {
    if (task.assignment_status === 'completed' || task.assignment_status === 'canceled') continue
    if (task.workflow_document_sid !== null) followed.add(task.workflow_document_sid)
    if (!state.find('task_channel', task.task_channel_sid)) yield `task ${task.sid} has no channel`
    const isDirect = task.routing_target?.startsWith('WK')
    if (!isDirect && !state.find('task_queue', task.task_queue_sid)) yield `task ${task.sid} is in no queue`
    if (isDirect && !state.find('worker', task.routing_target)) yield `task ${task.sid} waits for a worker who is gone`
  }
  const documents = state.tables.workflow_document.all().map((document) => document.sid)
  for (const sid of documents) if (!followed.has(sid)) yield `document ${sid} is followed by nobody`
  for (const sid of followed) if (!documents.includes(sid)) yield `document ${sid} is followed and gone`
  for (const reservation of rows.reservations) {
    // Of what was put away memory has what was asked for.
    if (reservation.forget_at === null && !state.find('task', reservation.task_sid))
      yield `reservation ${reservation.sid} has no task`
    if (open.includes(reservation.reservation_status) && !state.find('worker', reservation.worker_sid))
      yield `reservation ${reservation.sid} has no worker`
  }
}

/**
 * Contacts in their channels (reference flex 5, 8 and 10): what is closed has no task that somebody may still take, an agent
 * is there by one reservation that it has, and a transfer is under way as long as its task is unanswered.
 */
function* interactions(state: State): Generator<string> {
  const { interaction_channel, interaction_participant, interaction_transfer, invite, flex_chat_channel } = state.tables
  const statusOf = (task_sid: string | null) => state.resident('task', task_sid)?.assignment_status
  for (const { task_sid, channel_sid } of invite.all()) {
    const { status } = state.get('interaction_channel', channel_sid)
    const task = statusOf(task_sid)
    const isLive = task === 'pending' || task === 'reserved' || task === 'assigned'
    if ((status === 'closed' || status === 'failed') && isLive)
      yield `task ${task_sid} of a ${status} channel is ${task}`
  }
  const reservations = new Set<string>()
  for (const { sid, type, status, task_sid, reservation_sid, channel_sid } of interaction_participant.all()) {
    if (type !== 'agent' || task_sid === null || reservation_sid === null) continue
    if (invite.firstBy('task_sid', task_sid)?.channel_sid !== channel_sid) continue // added by hand
    const held = state.resident('reservation', reservation_sid)?.reservation_status
    if (held !== 'accepted' && held !== 'wrapping') yield `agent ${sid} has a reservation that is ${held}`
    if ((held === 'wrapping') !== (status === 'wrapup'))
      yield `agent ${sid} is ${status} by a reservation that is ${held}`
    if (reservations.has(reservation_sid)) yield `reservation ${reservation_sid} is that of two agents`
    reservations.add(reservation_sid)
  }
  for (const { sid, status, type, from, task_sid, channel_sid } of interaction_transfer.all()) {
    const task = statusOf(task_sid)
    if (status === 'active' && task !== 'pending' && task !== 'reserved')
      yield `transfer ${sid} is active, its task ${task}`
    const own = state.resident('interaction_participant', from)
    if (status === 'completed' && type === 'cold' && own?.channel_sid === channel_sid && !own.has_left)
      yield `agent ${from} has handed its contact on and is there`
  }
  for (const { sid, status } of interaction_channel.all()) {
    if (status === 'setup') yield `channel ${sid} is being made between decisions`
  }
  for (const { sid, status } of flex_chat_channel.all()) {
    const isOpen = state.resident('conversation', sid)?.state
    if ((status === 'active') !== (isOpen !== undefined && isOpen !== 'closed'))
      yield `chat ${sid} is ${status}, its conversation ${isOpen}`
  }
}

/** What has one outcome keeps it. */
function* outcomes({ changes, events }: Decision): Generator<string> {
  for (const { kind, sid, before, after } of changes) {
    if (kind !== 'interaction_transfer' || !before || !after) continue
    const [was, is] = [before as InteractionTransferRow, after as InteractionTransferRow] // by their kind
    if (was.status !== 'active' && was.status !== is.status)
      yield `transfer ${sid} was ${was.status} and is ${is.status}`
  }
  const ended = events.flatMap(({ type, refs }) =>
    /^interaction\.transfer\.(?:completed|failed)$/.test(type) ? (refs.interaction_transfer?.sid ?? []) : []
  )
  if (new Set(ended).size !== ended.length) yield `a transfer has two outcomes`
}

/** A deadline is that of a wrap-up, each has one at most, and an offer to be accepted is there. */
function* automation({ tables, at }: State): Generator<string> {
  const seen = new Set<string>()
  for (const { sid, reservation_sid } of tables.wrap_up.all()) {
    if (tables.reservation.get(reservation_sid)?.reservation_status !== 'wrapping')
      yield `wrap-up ${sid} is of a reservation that is not wrapping`
    if (seen.has(reservation_sid)) yield `reservation ${reservation_sid} has two wrap-ups`
    seen.add(reservation_sid)
  }
  const parked = new Set<string>()
  for (const { sid, channel_sid, resume_at } of tables.parked_contact.all()) {
    if (tables.interaction_channel.get(channel_sid)?.status !== 'active')
      yield `parked contact ${sid} is of a channel that is not active`
    if (parked.has(channel_sid)) yield `channel ${channel_sid} is parked twice`
    parked.add(channel_sid)
    const agents = tables.interaction_participant
      .list('channel_sid', channel_sid)
      .filter(({ type }) => type === 'agent')
    if (agents.some(({ status }) => status === 'active')) yield `parked contact ${sid} has an agent in it`
    if (resume_at !== null && resume_at <= at) yield `parked contact ${sid} should have come back`
  }
  for (const { sid, accept_at } of tables.auto_accept.all())
    if (accept_at > at) yield `offer ${sid} is accepted later than it was made`
}

/** What the router keeps beside the rows is what the rows say. */
function* matcher(state: State, rows: Rows): Generator<string> {
  const { matcher } = state
  const same = (a: readonly string[], b: readonly string[]) =>
    a.length === b.length && a.every((sid, i) => sid === b[i])
  for (const queue of state.tables.task_queue.all()) {
    if (!same([...matcher.members(queue.sid)].sort(), [...rows.eligible(queue.sid)].sort()))
      yield `queue ${queue.friendly_name} has the wrong members`
    const inActivity = new Map<string, number>()
    for (const worker of rows.workers) {
      if (!rows.eligible(queue.sid).has(worker.sid)) continue
      inActivity.set(worker.activity_sid, (inActivity.get(worker.activity_sid) ?? 0) + 1)
    }
    const workforce = matcher.workforce(queue.sid)
    let available = 0
    for (const { sid, available: isAvailable } of state.tables.activity.all()) {
      if (isAvailable) available += inActivity.get(sid) ?? 0
      if (workforce.activity(sid) !== (inActivity.get(sid) ?? 0))
        yield `queue ${queue.friendly_name} counts its workers wrong`
    }
    if (workforce.available !== available || workforce.unavailable !== rows.eligible(queue.sid).size - available)
      yield `queue ${queue.friendly_name} counts its available workers wrong`
  }
  for (const worker of rows.workers) {
    const queues = state.tables.task_queue.all().filter((queue) => rows.eligible(queue.sid).has(worker.sid))
    if (!same([...matcher.queuesOf(worker.sid)].sort(), queues.map((queue) => queue.sid).sort()))
      yield `worker ${worker.friendly_name} has the wrong queues`
    for (const { sid } of state.tables.task_channel.all()) {
      const load = matcher.load(worker.sid, sid)
      if (load.open !== rows.load(worker.sid, sid)) yield `the load of ${worker.friendly_name} is wrong`
      if (load.assigned !== rows.load(worker.sid, sid, ['accepted', 'wrapping']))
        yield `the assigned tasks of ${worker.friendly_name} are wrong`
    }
  }
  for (const { sid } of state.tables.workspace.all()) {
    const available = rows.workers.filter(
      (row) => row.workspace_sid === sid && state.get('activity', row.activity_sid).available
    )
    if (matcher.available(sid) !== available.length) yield 'the number of available workers is wrong'
  }
}

/** Every waiting task is in one bucket, in its turn, unless no worker at all fits it; nothing else is in any. */
function buckets(state: State, rows: Rows): string[] {
  const wrong: string[] = []
  const filedSids = new Set<string>()
  state.matcher.fileTasks()
  for (const { sid: workspace_sid } of state.tables.workspace.all()) {
    state.matcher.workspaceIndex(workspace_sid).visitBuckets((bucket) => {
      let last: TaskRow | undefined
      for (const { filed } of bucket.tasks) {
        const { sid } = filed
        if (filedSids.has(sid)) wrong.push(`task ${sid} is in two buckets`)
        filedSids.add(sid)
        if (state.find('task', sid) !== filed) wrong.push(`task ${sid} is filed by an old row`)
        const isLifo = state.get('task_queue', filed.task_queue_sid ?? '').task_order === 'LIFO'
        if (isLifo !== bucket.isLifo || (last && turn(last, filed, isLifo) >= 0))
          wrong.push(`task ${sid} is out of turn`)
        last = filed
      }
    })
  }
  for (const task of rows.tasks) {
    const waits = task.assignment_status === 'pending' && !task.routing_target?.startsWith('WK')
    if (!waits && filedSids.has(task.sid)) wrong.push(`task ${task.sid} is in a bucket and does not wait`)
    if (!waits || filedSids.has(task.sid)) continue
    const eligible = rows.eligible(task.task_queue_sid)
    if (rows.workers.some((worker) => eligible.has(worker.sid) && fitsTarget(rows, task, worker)))
      wrong.push(`task ${task.sid} waits and is in no bucket`)
  }
  return wrong
}

/** Reference taskrouter 4.3. */
function turn(a: TaskRow, b: TaskRow, isLifo: boolean): number {
  if (isLifo) return b.virtual_start_time - a.virtual_start_time || b.seq - a.seq
  return b.priority - a.priority || a.virtual_start_time - b.virtual_start_time || a.seq - b.seq
}

/** No ready worker fits a waiting task. */
function* waiting(rows: Rows): Generator<string> {
  for (const task of rows.tasks) {
    if (task.assignment_status !== 'pending') continue
    for (const worker of rows.workers) {
      if (worker.workspace_sid === task.workspace_sid && fits(rows, task, worker) && !holds(rows, task, worker)) {
        yield `task ${task.sid} waits, and ${worker.friendly_name} could take it`
      }
    }
  }
}

/** Whoever has a task that is being transferred is not offered it again. */
function holds(rows: Rows, task: TaskRow, worker: WorkerRow): boolean {
  return rows.reservations.some(
    (row) => row.task_sid === task.sid && row.worker_sid === worker.sid && open.includes(row.reservation_status)
  )
}

/** Reference taskrouter 6.1, told a second time. */
function fits(rows: Rows, task: TaskRow, worker: WorkerRow): boolean {
  const { state } = rows
  const isDirect = task.routing_target?.startsWith('WK') ?? false
  if (isDirect ? task.routing_target !== worker.sid : !rows.eligible(task.task_queue_sid).has(worker.sid)) return false
  if (task.retry_at !== null && task.rejected_by.includes(worker.sid)) return false
  if (!fitsTarget(rows, task, worker)) return false
  if (isDirect && task.ignore_capacity) return true
  const channel = rows.channel(worker.sid, task.task_channel_sid)
  if (!state.get('activity', worker.activity_sid).available || !channel?.available) return false
  if (!state.get('workspace', task.workspace_sid).multi_task_enabled && rows.load(worker.sid, undefined) > 0)
    return false
  return rows.load(worker.sid, task.task_channel_sid) < channel.configured_capacity
}

function fitsTarget(rows: Rows, task: TaskRow, worker: WorkerRow): boolean {
  if (task.workflow_document_sid === null) return true
  const { filters, default_filter } = parsed(
    rows.state.get('workflow_document', task.workflow_document_sid).configuration
  )
  const own = filters[task.filter_index]?.targets[task.target_index]
  const target = task.filter_index === -1 ? default_filter : own
  const view = { attributes: readJson(task.attributes) }
  if (own?.known_worker) {
    const name = own.known_worker.by === 'sid' ? worker.sid : worker.friendly_name
    if (own.known_worker.read(view) !== name) return false
  }
  return target?.expression?.matches(view, rows.view(worker)) ?? true
}

/** Every changed row has the next version and a date; every new status of a reservation has its event. */
function* changes(state: State, { changes, events }: Decision): Generator<string> {
  for (const { kind, sid, before, after } of changes) {
    if (!after || isOnlyPutAway(before, after)) continue
    if (after.version !== (before ? before.version + 1 : 0))
      yield `${kind} ${sid} went from version ${before?.version} to ${after.version}`
    // Conversations can be imported with dates of their own.
    if (after.date_updated !== state.at && !Object.hasOwn(conversationKinds, kind))
      yield `${kind} ${sid} changed undated`
    if (kind !== 'reservation') continue
    const was = before as ReservationRow | undefined // a change's rows are of its kind
    const is = after as ReservationRow // as above
    if (was?.reservation_status === is.reservation_status) continue
    const name = was === undefined ? 'created' : is.reservation_status === 'wrapping' ? 'wrapup' : is.reservation_status
    const told = events.filter((event) => event.type === `reservation.${name}` && event.refs.reservation?.sid === sid)
    if (told.length !== 1) yield `reservation ${sid} became ${name} with ${told.length} events`
  }
  events.forEach((event, i) => {
    if (event.seq !== state.next_event - events.length + i || event.at !== state.at)
      throw new Error(`audit: event ${event.sid} is out of order`)
  })
}

/** Being put away is no change that anybody sees. */
function isOnlyPutAway(before: object | undefined, after: object): boolean {
  const columns = { forget_at: null, delete_at: null, worker_name: null, task_queue_name: null, workflow_name: null }
  return before !== undefined && JSON.stringify({ ...before, ...columns }) === JSON.stringify({ ...after, ...columns })
}

/** Nobody was given more than the capacity that was configured, tasks that ignore it apart. */
function* overload(rows: Rows, { changes }: Decision): Generator<string> {
  for (const { kind, before, after } of changes) {
    if (kind !== 'reservation' || before || !after) continue
    const { worker_sid, task_sid, task_channel_sid } = after as ReservationRow // as above
    const task = rows.state.find('task', task_sid)
    if (!task || (task.routing_target?.startsWith('WK') && task.ignore_capacity)) continue
    if (rows.transfers.some((row) => row.transfer_type === 'WORKER' && row.reservation_sid === after.sid)) continue
    const capacity = rows.channel(worker_sid, task_channel_sid)?.configured_capacity ?? 0
    if (rows.load(worker_sid, task_channel_sid) > capacity)
      yield `worker ${worker_sid} has more than ${capacity} reservations on a channel`
  }
}
