import { countedEventOf, isCounted } from '@ringdown/engine/analytics/counted'
import type { Command } from '@ringdown/engine/commands'
import { Refusal } from '@ringdown/engine/core/refusals'
import type { Decision } from '@ringdown/engine/decide'
import { type EngineEvent, render } from '@ringdown/engine/events'
import { type InsightEvent, insightEvents, insightFrom, insightOf } from '@ringdown/engine/insights/insight-event'
import type { Kind, Kinds } from '@ringdown/engine/kinds'
import type { JudgingRow, ReservationRow, TaskRow, TransferRow, WorkerRow } from '@ringdown/engine/routing/rows'
import { inDefault, inNone, isOpen, isOver } from './book.ts'
import { type Published, Refused } from './checks.ts'
import { execute } from './commands.ts'
import { Router, type Rules, type Told } from './router.ts'

/** Something that is not as it must be. */
export interface Complaint {
  /** What kind of thing: the same for the same mistake, whatever the SIDs. */
  readonly rule: string
  readonly text: string
}

/** What the engine made of a command. */
export type Outcome = Decision | Refusal

/**
 * Judges every decision of an engine: keeps a book of its own by the commands alone, and takes from what the engine
 * publishes (changed rows and events) only the SIDs of what was made. Then both must say the same, about everything.
 */
export class Auditor {
  readonly #router: Router
  /** Rows as they have been published, by kind and SID. */
  readonly #rows = new Map<Kind, Map<string, PublishedRow>>()
  /** Rows of what is over, once they have been looked at: neither they nor their pages in the book change any more. */
  readonly #done = new WeakSet<PublishedRow>()
  #next_event = 1
  /** Offers that have been foreseen and were made. */
  offers = 0

  constructor(rules: Rules) {
    this.#router = new Router(rules)
  }

  /** What is wrong with the outcome of a command at an instant; empty when all is well. */
  judge(command: Command, at: number, outcome: Outcome): Complaint[] {
    this.#forget(at)
    const router = this.#router
    const decision = outcome instanceof Refusal ? undefined : outcome
    // Only these can be refused half-way.
    const isTried = command.type === 'task.update' && command.assignment_status !== undefined
    const before = isTried ? structuredClone(router.pages) : router.pages
    router.at = at
    router.seqOf = (sid) => this.#row('worker', sid)?.seq ?? Number.POSITIVE_INFINITY
    router.told = []
    const made = madeBy(decision)
    router.reservationSid = (task, worker) => made('reservation', { task_sid: task.sid, worker_sid: worker.sid })
    let refused: Refused | undefined
    try {
      execute(router, command, {
        made,
        version: (kind, sid) => this.#row(kind as Kind, sid)?.version,
        judgedTo: (what) => judgedTo(decision, what)
      })
    } catch (error) {
      if (!(error instanceof Refused)) throw error
      refused = error
      router.pages = before
    }
    if (outcome instanceof Refusal) return [...refusals(command, outcome, refused)]
    if (refused)
      return [complaint(`must refuse ${command.type}`, `${command.type} must be refused: ${refused.message}`)]
    this.offers += outcome.events.filter(({ type }) => type === 'reservation.created').length
    return [
      ...this.#publish(at, outcome),
      ...events(outcome.events, router.told),
      ...this.#compare(),
      ...this.#sums(outcome),
      ...this.#figures(outcome),
      ...counted(outcome)
    ]
  }

  /** Whether a timer is the one that is due, before it is decided. */
  judgeTimer(command: Command, due: number): Complaint[] {
    const all = this.#router.due()
    const sid = 'sid' in command ? command.sid : undefined
    const own = all.find((timer) => timer.type === command.type && timer.sid === sid)
    const first = all.reduce((least, timer) => Math.min(least, timer.at), Number.POSITIVE_INFINITY)
    if (!own) return [complaint(`no ${command.type}`, `${command.type} of ${sid} fires, but nothing is due`)]
    if (own.at !== due)
      return [complaint(`when ${command.type}`, `${command.type} of ${sid} fires at ${due}, not at ${own.at}`)]
    return first < due
      ? [complaint('timers in order', `${command.type} of ${sid} fires before what is due at ${first}`)]
      : []
  }

  /** Nothing that is due is left. */
  judgeRest(at: number): Complaint[] {
    return this.#router
      .due()
      .filter((timer) => timer.at <= at)
      .map((timer) => complaint(`forgotten ${timer.type}`, `${timer.type} of ${timer.sid} was due at ${timer.at}`))
  }

  /** Whether the rows that an engine has at an instant are those that it has published. */
  judgeRows(at: number, rowsOf: (kind: Kind) => readonly PublishedRow[]): Complaint[] {
    this.#forget(at)
    const found: Complaint[] = []
    for (const kind of audited) {
      const published = this.#rows.get(kind) ?? new Map<string, PublishedRow>()
      const rows = rowsOf(kind).filter(({ forget_at }) => (forget_at ?? Number.POSITIVE_INFINITY) > at)
      if (rows.length !== published.size || rows.some((row) => !isSame(row, published.get(row.sid))))
        found.push(complaint(`unpublished ${kind}`, `the rows of ${kind} are not those that were published`))
    }
    return found
  }

  /** What was put away is gone when its time is over, without a decision. */
  #forget(at: number): void {
    for (const sid of this.#router.forget(at))
      for (const kind of ['task', 'reservation', 'transfer'] as const) this.#rows.get(kind)?.delete(sid)
  }

  /** Enters what was published; every changed row must have the next version and a date (reference taskrouter 11.5). */
  *#publish(at: number, { changes, events }: Decision): Generator<Complaint> {
    for (const { kind, sid, before, after } of changes) {
      const rows = this.#rows.get(kind) ?? new Map<string, PublishedRow>()
      this.#rows.set(kind, rows)
      const known = rows.get(sid)
      if (!isSame(known, before))
        yield complaint(`before ${kind}`, `${kind} ${sid} was not before as it is said to have been`)
      if (!after) rows.delete(sid)
      else rows.set(sid, after)
      if (!after || (known && isOnlyPutAway(known, after))) continue
      const version = known ? known.version + 1 : 0
      if (after.version !== version)
        yield complaint(`version of ${kind}`, `${kind} ${sid} has version ${after.version}, not ${version}`)
      if (after.date_updated !== at) yield complaint(`date of ${kind}`, `${kind} ${sid} changed without its date`)
    }
    for (const { seq, sid, at: told } of events) {
      if (seq !== this.#next_event++ || told !== at) yield complaint('events in order', `event ${sid} is out of order`)
    }
  }

  #row<K extends Kind>(kind: K, sid: string): Kinds[K] | undefined {
    return this.#rows.get(kind)?.get(sid) as Kinds[K] | undefined // rows are kept by their kind
  }

  #all<K extends Kind>(kind: K): Kinds[K][] {
    return [...(this.#rows.get(kind)?.values() ?? [])] as Kinds[K][] // as above
  }

  /** The book and the rows, field by field. */
  *#compare(): Generator<Complaint> {
    const { pages } = this.#router
    const pairs = [
      ['workspace', pages.workspace],
      ['activity', pages.activity],
      ['task_channel', pages.channel],
      ['task_queue', pages.queue],
      ['judging', pages.judging],
      ['workflow', pages.workflow],
      ['workflow_document', pages.document],
      ['worker', pages.worker],
      ['task', pages.task],
      ['reservation', pages.reservation],
      ['transfer', pages.transfer]
    ] as const
    for (const [kind, page] of pairs) {
      for (const sid of page.keys())
        if (!this.#row(kind, sid)) yield complaint(`no ${kind}`, `there must be a ${kind} ${sid}`)
      for (const { sid } of this.#all(kind))
        if (!page.has(sid)) yield complaint(`some ${kind}`, `there must not be ${kind} ${sid}`)
    }
    for (const task of pages.task.values()) {
      const row = this.#row('task', task.sid)
      const over = isOver(task)
      if (!row || (over && this.#done.has(row))) continue
      if (over) this.#done.add(row)
      yield* differences('task', row, {
        assignment_status: task.status,
        attributes: task.attributes,
        priority: task.priority,
        reason: task.reason,
        task_queue_sid: task.queue,
        task_queue_entered_date: task.queue_entered,
        workflow_sid: task.workflow,
        task_channel_sid: task.channel,
        virtual_start_time: task.start,
        routing_target: task.routing_target,
        ...(!over && { workflow_document_sid: task.document }),
        rounds: task.rounds,
        ttl_at: task.ttl_at,
        target_at: task.target_at,
        retry_at: task.retry_at,
        delete_at: task.delete_at,
        forget_at: task.forget_at,
        task_queue_name: task.queue_name,
        workflow_name: task.workflow_name,
        ...(!over && { filter_index: task.filter }),
        ...(!over && task.filter !== inNone && task.filter !== inDefault && { target_index: task.target })
      })
    }
    for (const one of pages.reservation.values()) {
      const row = this.#row('reservation', one.sid)
      if (!row || (!isOpen(one) && this.#done.has(row))) continue
      if (!isOpen(one)) this.#done.add(row)
      yield* differences('reservation', row, {
        reservation_status: one.status,
        task_sid: one.task,
        worker_sid: one.worker,
        worker_name: one.worker_name,
        task_channel_sid: one.channel,
        timeout_at: one.timeout_at,
        forget_at: pages.task.get(one.task)?.forget_at
      })
    }
    for (const one of pages.transfer.values()) {
      const row = this.#row('transfer', one.sid)
      if (!row) continue
      yield* differences('transfer', row, {
        task_sid: one.task,
        initiating_reservation_sid: one.reservation,
        initiating_worker_sid: one.initiator,
        initiating_queue_sid: one.queue,
        initiating_workflow_sid: one.workflow,
        transfer_mode: one.mode,
        transfer_type: one.type,
        transfer_to: one.to,
        transfer_status: one.status,
        transfer_failed_reason: one.reason,
        reservation_sid: one.last,
        forget_at: pages.task.get(one.task)?.forget_at
      })
    }
    yield* this.#compareFloor()
  }

  /** Workers, their channels, and what is configured. */
  *#compareFloor(): Generator<Complaint> {
    const { pages } = this.#router
    for (const worker of pages.worker.values()) {
      const row = this.#row('worker', worker.sid)
      if (!row) continue
      yield* differences('worker', row, {
        friendly_name: worker.name,
        attributes: worker.attributes,
        activity_sid: worker.activity,
        date_status_changed: worker.since
      })
    }
    let channels = 0
    for (const row of this.#all('worker_channel')) {
      const own = pages.worker.get(row.worker_sid)?.channels.get(row.task_channel_sid)
      channels++
      if (!own) yield complaint('some worker_channel', `there must not be worker channel ${row.sid}`)
      else yield* differences('worker_channel', row, { configured_capacity: own.capacity, available: own.available })
    }
    const wanted = [...pages.worker.values()].reduce((sum, worker) => sum + worker.channels.size, 0)
    if (channels !== wanted) yield complaint('worker channels', `there are ${channels} worker channels, not ${wanted}`)
    for (const queue of pages.queue.values()) {
      const row = this.#row('task_queue', queue.sid)
      if (!row) continue
      yield* differences('task_queue', row, {
        target_workers: queue.target_workers,
        max_reserved_workers: queue.max_reserved,
        task_order: queue.order
      })
    }
    for (const { sid, queue, activity, former, judged_to, judge_at } of pages.judging.values()) {
      const row = this.#row('judging', sid)
      const columns = { task_queue_sid: queue, activity_sid: activity, former, judged_to, judge_at }
      if (row) yield* differences('judging', row, columns)
    }
    for (const { sid, document, reservation_timeout_s } of pages.workflow.values()) {
      const row = this.#row('workflow', sid)
      if (!row) continue
      yield* differences('workflow', row, {
        configuration: this.#router.get('document', document).configuration,
        workflow_document_sid: document,
        task_reservation_timeout: reservation_timeout_s
      })
    }
    for (const { sid, workflow, configuration, re_evaluate_at } of pages.document.values()) {
      const row = this.#row('workflow_document', sid)
      if (!row) continue
      yield* differences('workflow_document', row, { workflow_sid: workflow, configuration, re_evaluate_at })
    }
  }

  /** Reference taskrouter 11.5 from the rows alone, whatever the book says. */
  *#sums({ changes }: Decision): Generator<Complaint> {
    const transfers = this.#all('transfer')
    const cold = new Set<string>()
    for (const row of transfers) if (row.transfer_mode === 'COLD') cold.add(row.initiating_reservation_sid)
    const held = new Map<string, Held>()
    const open = this.#all('reservation').filter((row) => isHolding(row.reservation_status))
    for (const { sid, task_sid, reservation_status } of open) {
      const own = held.get(task_sid) ?? { pending: 0, accepted: 0, wrapping: 0, gone: 0 }
      own[cold.has(sid) ? 'gone' : (reservation_status as keyof Held)]++ // it is open
      held.set(task_sid, own)
    }
    for (const task of this.#all('task')) {
      const own = held.get(task.sid) ?? { pending: 0, accepted: 0, wrapping: 0, gone: 0 }
      if (!isHeldAsItStands(task, own, transfers))
        yield complaint(
          'status and reservations',
          `task ${task.sid} is ${task.assignment_status} with ${JSON.stringify(own)}`
        )
    }
    for (const { kind, before, after } of changes) {
      if (kind !== 'reservation' || before || !after) continue
      const { sid, seq, worker_sid, task_sid, task_channel_sid } = after as ReservationRow // a change's rows are of its kind
      const task = this.#row('task', task_sid)
      if (task?.ignore_capacity && task.routing_target === worker_sid) continue
      // Who is handed a task is asked whatever its capacity.
      if (transfers.some((row) => row.reservation_sid === sid && row.transfer_type === 'WORKER')) continue
      const isOwn = (row: { readonly worker_sid: string; readonly task_channel_sid: string }) =>
        row.worker_sid === worker_sid && row.task_channel_sid === task_channel_sid
      // Those that came later may ignore it.
      const load = open.filter((row) => isOwn(row) && row.seq <= seq).length
      if (load > (this.#all('worker_channel').find(isOwn)?.configured_capacity ?? 0))
        yield complaint('capacity', `worker ${worker_sid} has more than its capacity`)
    }
  }

  /** What an event tells of a channel's load, from the reservations alone: whatever is not pending any more is assigned. */
  *#figures({ events }: Decision): Generator<Complaint> {
    for (const { type, refs } of events) {
      const { worker_channel: channel, extra } = refs
      if (!channel || extra?.worker_channel_task_count === undefined) continue
      const held = this.#all('reservation').filter(
        (row) =>
          isHolding(row.reservation_status) &&
          row.worker_sid === channel.worker_sid &&
          row.task_channel_sid === channel.task_channel_sid
      )
      const assigned = held.filter((row) => row.reservation_status !== 'pending').length
      // What a larger channel is offered at once comes after the event, but is pending.
      if (extra.worker_channel_task_count !== assigned)
        yield complaint('assigned tasks', `${type} of ${channel.worker_sid} must tell of ${assigned}`)
    }
  }
}

/** Statistics count an event as it happens, and again as it was written, after a crash: both must say the same. */
function* counted({ events }: Decision): Generator<Complaint> {
  for (const event of events) {
    if (insightEvents.has(event.type)) {
      // What a store has is JSON: what is undefined is not there.
      const written = insightFrom(event, JSON.parse(JSON.stringify(render(event).data)))
      const told = insightOf(event)
      for (const field of Object.keys(written) as (keyof InsightEvent)[]) // as: it has these fields
        if (written[field] !== told[field])
          yield complaint(
            'told as written',
            `${event.type} is told with ${field} ${told[field]}, and written otherwise`
          )
    }
    if (!isCounted(event.type)) continue
    const { data } = render(event)
    const { seq, type, at, ...told } = countedEventOf(event)
    for (const [field, value] of Object.entries(told))
      if ((data[field] ?? null) !== value || seq !== event.seq || type !== event.type || at !== event.at)
        yield complaint(
          'counted as written',
          `${type} is counted with ${field} ${value}, and written with ${data[field]}`
        )
  }
}

function isHolding(status: ReservationRow['reservation_status']): boolean {
  return status === 'pending' || status === 'accepted' || status === 'wrapping'
}

/** How many open reservations a task has; `gone` of those who have handed it on for good and wrap up. */
type Held = Record<'pending' | 'accepted' | 'wrapping' | 'gone', number>

/** Reference taskrouter 11.5, and what a transfer makes of it (9.7): others are asked for what somebody still has, and several may share it later. */
function isHeldAsItStands(
  { sid, assignment_status: status }: TaskRow,
  { pending, accepted, wrapping, gone }: Held,
  transfers: readonly TransferRow[]
): boolean {
  const is = (status: TransferRow['transfer_status']) =>
    transfers.some((row) => row.task_sid === sid && row.transfer_status === status)
  const has = accepted + wrapping
  if (status === 'pending') return pending === 0 && (has === 0 || is('initiated'))
  if (status === 'reserved') return pending > 0 && (has === 0 || is('initiated'))
  if (status === 'assigned') return pending === 0 && accepted > 0 && (has === 1 || is('complete'))
  if (status === 'wrapping') return pending + accepted === 0 && wrapping > 0
  return pending + has === 0 && (status === 'canceled' || gone === 0)
}

/** A row of any kind, as far as all rows are alike. */
export type PublishedRow = Pick<TaskRow, 'sid' | 'seq' | 'version' | 'date_updated'> & {
  readonly forget_at?: number | null
}

const audited: readonly Kind[] = [
  'workspace',
  'activity',
  'task_channel',
  'task_queue',
  'judging',
  'workflow',
  'workflow_document',
  'worker',
  'worker_channel',
  'task',
  'reservation',
  'transfer'
]

/** The same row, or one that says the same. */
function isSame(a: PublishedRow | undefined, b: PublishedRow | undefined): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

/** Nobody sees that a row was put away. */
function isOnlyPutAway(before: PublishedRow, after: PublishedRow): boolean {
  const columns = { delete_at: null, forget_at: null, worker_name: null, task_queue_name: null, workflow_name: null }
  return isSame({ ...before, ...columns }, { ...after, ...columns })
}

function complaint(rule: string, text: string): Complaint {
  return { rule, text }
}

function* refusals(command: Command, refusal: Refusal, refused: Refused | undefined): Generator<Complaint> {
  if (!refused)
    yield complaint(`must not refuse ${command.type}`, `${command.type} must not be refused: ${refusal.message}`)
  else if (refused.status !== refusal.status)
    yield complaint('status of refusal', `${command.type}: ${refusal.status} ${refusal.message}; not ${refused.status}`)
}

/** Finds rows that a decision has made, by what they say; each is found once. */
function madeBy(decision: Decision | undefined): Published['made'] {
  const found = new Set<string>()
  return (kind, columns) => {
    for (const change of decision?.changes ?? []) {
      const row = change.after as Record<string, unknown> | undefined // any row, by the names of its columns
      if (change.kind !== kind || change.before || !row || found.has(change.sid)) continue
      if (!Object.entries(columns).every(([name, value]) => row[name] === value)) continue
      found.add(change.sid)
      return change.sid
    }
    return `(${kind} ${Object.values(columns).join(' ')})`
  }
}

function judgedTo(decision: Decision | undefined, what: string): number | undefined {
  for (const { kind, after } of decision?.changes ?? []) {
    const row = kind === 'judging' ? (after as JudgingRow | undefined) : undefined // of that kind
    if (row && [row.sid, row.task_queue_sid, row.activity_sid].includes(what)) return row.judged_to
  }
  return undefined
}

function differences(kind: Kind, row: PublishedRow, expected: Readonly<Record<string, unknown>>): Complaint[] {
  const actual = row as unknown as Record<string, unknown> // a row, by the names of its columns
  const found: Complaint[] = []
  for (const name in expected) {
    const [is, must] = [actual[name], expected[name]]
    if (is !== must)
      found.push(complaint(`${kind}.${name}`, `${kind} ${row.sid}: ${name} is ${show(is)}, not ${show(must)}`))
  }
  return found
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? 'missing'
}

/** Whom an event is about. */
function about({ type, refs }: EngineEvent): string {
  const [noun = ''] = type.split('.')
  const isOfTask = noun === 'task' || type === 'reservation.failed'
  if (
    isOfTask ||
    /^(task-queue\.(entered|moved|timeout)|workflow\.(entered|target-matched|timeout|skipped))$/.test(type)
  )
    return refs.task?.sid ?? ''
  if (noun === 'ringdown') return (refs.reservation ?? refs.worker ?? refs.task_queue)?.sid ?? ''
  const row = refs[noun.replace('-', '_') as Kind] as WorkerRow | undefined // an event names what it is about
  return row?.sid ?? ''
}

/** Events at the creation of a task come in any order (reference taskrouter 4.6). */
const free = new Set([
  'task.created',
  'workflow.entered',
  'workflow.target-matched',
  'task-queue.entered',
  'task-queue.moved'
])

/**
 * The same events must have been told of everybody, in the same order but at creation; offers in their order among
 * each other, and reservations with the status that their task has then.
 */
function* events(actual: readonly EngineEvent[], expected: readonly Told[]): Generator<Complaint> {
  // Warnings are ours, not TaskRouter's, and nothing follows from them; those of a callback are promised (docs/callbacks.md).
  const known = actual.filter(({ type, refs }) => type !== 'ringdown.warning' || refs.reservation !== undefined)
  const told = known.map((event) => ({ type: event.type as string, about: about(event), event }))
  for (const sid of new Set([...told, ...expected].map((one) => one.about))) {
    const line = (all: readonly { readonly type: string; readonly about: string }[]) => {
      const types = all.filter((one) => one.about === sid).map((one) => one.type)
      return types.includes('task.created')
        ? [...types.filter((type) => free.has(type)).sort(), ...types.filter((type) => !free.has(type))]
        : types
    }
    const [is, must] = [line(told).join(', '), line(expected).join(', ')]
    if (is !== must) yield complaint('events', `of ${sid} is told: ${is || 'nothing'}; must be: ${must || 'nothing'}`)
  }
  const offers = (all: readonly { readonly type: string; readonly about: string }[]) =>
    all.filter(({ type }) => type === 'reservation.created').map((one) => one.about)
  if (offers(told).join() !== offers(expected).join())
    yield complaint('offers in turn', `offers come as ${offers(told)}, not as ${offers(expected)}`)
  for (const { type, about: sid, task_status, transfer } of expected) {
    const { event } = told.find((one) => one.type === type && one.about === sid) ?? {}
    const status = event?.refs.task?.assignment_status
    if (event && task_status !== undefined && status !== task_status)
      yield complaint(`task in ${type}`, `${type} of ${sid} shows its task ${status}, not ${task_status}`)
    if (!event || transfer === undefined) continue
    const shown = event.refs.transfer && `${event.refs.transfer.sid} ${event.refs.transfer.transfer_status}`
    const must = transfer ? `${transfer.sid} ${transfer.status}` : undefined
    if (shown !== must) yield complaint(`transfer in ${type}`, `${type} of ${sid} shows transfer ${shown}, not ${must}`)
  }
}
