/*
 * Cumulative figures as roll-ups: what events make of them (a pure fold), how two are joined, and which cells cover a
 * span of time (reference taskrouter 7.3). Cells are kept per minute, hour and day; joining is associative, so a span is
 * the sum of the coarsest cells inside it and of the single events at its edges.
 */

/** What the folds need of an event that was written: no more than the columns that the log is searched by. */
export interface ToldEvent {
  readonly seq: number
  readonly type: string
  /** Milliseconds. */
  readonly at: number
  readonly workspace_sid: string | null
  readonly task_queue_sid: string | null
  readonly workflow_sid: string | null
  readonly task_channel_sid: string | null
  readonly worker_sid: string | null
  readonly worker_activity_sid: string | null
  readonly task_date_created: number | null
  readonly task_queue_entered_date: number | null
}

/** Counted events of one scope. */
const counts = [
  'tasks_created',
  'tasks_entered',
  'tasks_canceled',
  'tasks_completed',
  'tasks_deleted',
  'tasks_moved',
  'tasks_timed_out_in_workflow',
  'reservations_created',
  'reservations_accepted',
  'reservations_rejected',
  'reservations_timed_out',
  'reservations_canceled',
  'reservations_rescinded'
] as const

export type Count = (typeof counts)[number]

/** Waiting times that are kept, each as a spread. */
const waits = ['until_accepted', 'until_canceled', 'in_queue_until_accepted'] as const

export type Wait = (typeof waits)[number]

/** Some durations in milliseconds. */
export interface Spread {
  readonly count: number
  readonly total: number
  readonly min: number
  readonly max: number
}

/** How many waited for so many whole seconds: exact for thresholds in seconds, whatever they are. */
export type Histogram = Readonly<Record<number, number>>

/** Figures of one scope over some time. What is missing is none. */
export type Figures = { readonly [C in Count]?: number } & { readonly [W in Wait]?: Spread }

/** The raw waits behind `SplitByWaitTime`, kept apart from the figures since few ask for them. */
export interface Histograms {
  readonly reservations_accepted?: Histogram
  readonly tasks_canceled?: Histogram
}

export interface Tally {
  readonly figures: Figures
  readonly histograms: Histograms
}

/** Milliseconds of the cells that are kept, coarsest first. */
export const spans = [86_400_000, 3_600_000, 60_000] as const

export const finest = 60_000

/** Where a cell stands. A scope is a workspace, a queue, a workflow or a worker, by SID. */
export interface CellKey {
  readonly scope_sid: string
  /** Length in milliseconds, one of `spans`. */
  readonly span: number
  /** Its first instant. */
  readonly start: number
  readonly task_channel_sid: string
}

export interface Cell extends CellKey, Tally {}

type Scope = 'workspace_sid' | 'task_queue_sid' | 'workflow_sid' | 'worker_sid'

const everyTask = ['workspace_sid', 'task_queue_sid', 'workflow_sid'] as const
const everybody = [...everyTask, 'worker_sid'] as const

interface Rule {
  readonly count: Count
  readonly scopes: readonly Scope[]
  /** How long the task had waited is kept, too. */
  readonly wait?: 'reservations_accepted' | 'tasks_canceled'
}

/** What an event counts as, and for whom; other types count as nothing. */
const rules: Readonly<Record<string, Rule>> = {
  'task.created': { count: 'tasks_created', scopes: ['workspace_sid'] },
  'task-queue.entered': { count: 'tasks_entered', scopes: ['task_queue_sid'] },
  'workflow.entered': { count: 'tasks_entered', scopes: ['workflow_sid'] },
  'task.canceled': { count: 'tasks_canceled', scopes: everyTask, wait: 'tasks_canceled' },
  'task.completed': { count: 'tasks_completed', scopes: everyTask },
  'task.deleted': { count: 'tasks_deleted', scopes: everyTask },
  'task.system-deleted': { count: 'tasks_deleted', scopes: everyTask },
  'task-queue.moved': { count: 'tasks_moved', scopes: everyTask },
  'workflow.timeout': { count: 'tasks_timed_out_in_workflow', scopes: ['workspace_sid', 'workflow_sid'] },
  'reservation.created': { count: 'reservations_created', scopes: everybody },
  'reservation.accepted': { count: 'reservations_accepted', scopes: everybody, wait: 'reservations_accepted' },
  'reservation.rejected': { count: 'reservations_rejected', scopes: everybody },
  'reservation.timeout': { count: 'reservations_timed_out', scopes: everybody },
  'reservation.canceled': { count: 'reservations_canceled', scopes: everybody },
  'reservation.rescinded': { count: 'reservations_rescinded', scopes: everybody }
}

/** What one event adds, and to whom. */
export interface Share extends Tally {
  readonly scope_sid: string
  readonly task_channel_sid: string
  readonly at: number
}

/** What an event adds to the figures of its workspace, queue, workflow and worker. */
export function sharesOf(event: ToldEvent): Share[] {
  const rule = Object.hasOwn(rules, event.type) ? rules[event.type] : undefined
  if (!rule) return []
  const shares: Share[] = []
  for (const scope of rule.scopes) {
    const scope_sid = event[scope]
    if (scope_sid === null) continue
    shares.push({
      scope_sid,
      task_channel_sid: event.task_channel_sid ?? '',
      at: event.at,
      ...tallyOf(event, rule, scope)
    })
  }
  return shares
}

function tallyOf({ at, task_date_created, task_queue_entered_date }: ToldEvent, rule: Rule, scope: Scope): Tally {
  const one: Figures = { [rule.count]: 1 }
  // A worker's figures are its reservations alone.
  if (rule.wait === undefined || task_date_created === null || scope === 'worker_sid')
    return { figures: one, histograms: {} }
  const waited = Math.max(0, at - task_date_created)
  const histograms = { [rule.wait]: { [Math.floor(waited / 1000)]: 1 } }
  if (rule.wait === 'tasks_canceled') return { figures: { ...one, until_canceled: single(waited) }, histograms }
  const figures = { ...one, until_accepted: single(waited) }
  if (scope !== 'task_queue_sid') return { figures, histograms }
  const inQueue = Math.max(0, at - (task_queue_entered_date ?? task_date_created))
  return { figures: { ...figures, in_queue_until_accepted: single(inQueue) }, histograms }
}

/** Events of one type that happened to one scope on one channel, as a store puts them together. */
export interface ToldGroup {
  readonly type: string
  readonly scope_sid: string
  readonly task_channel_sid: string
  readonly count: number
  /** Of how many it is known since when their tasks had waited; the figures that follow are null where of none. */
  readonly waited: number
  /** Milliseconds since the task was created. */
  readonly total: number | null
  readonly min: number | null
  readonly max: number | null
  /** Milliseconds since it entered its queue. */
  readonly queue_total: number | null
  readonly queue_min: number | null
  readonly queue_max: number | null
}

const scopesByPrefix: Readonly<Record<string, Scope>> = {
  WS: 'workspace_sid',
  WQ: 'task_queue_sid',
  WW: 'workflow_sid',
  WK: 'worker_sid'
}

/** The column of the log in which a scope stands, by the kind of its SID. */
export function columnOf(scope_sid: string): Scope {
  const column = scopesByPrefix[scope_sid.slice(0, 2)]
  if (!column) throw new Error(`invariant: ${scope_sid} has figures`)
  return column
}

/** Types of event that count for scopes in a column. */
export function countedIn(column: Scope): string[] {
  return Object.entries(rules).flatMap(([type, { scopes }]) => (scopes.includes(column) ? [type] : []))
}

/** What a group adds to its scope: the figures of all its events' shares. */
export function figuresOf(group: ToldGroup): Figures {
  const { type, count, waited, scope_sid } = group
  const rule = Object.hasOwn(rules, type) ? rules[type] : undefined
  const column = columnOf(scope_sid)
  if (!rule?.scopes.includes(column)) return {}
  const counted: Figures = { [rule.count]: count }
  if (rule.wait === undefined || waited === 0 || column === 'worker_sid') return counted
  const spread = (total: number | null, min: number | null, max: number | null): Spread => {
    return { count: waited, total: total ?? 0, min: min ?? 0, max: max ?? 0 }
  }
  const since = spread(group.total, group.min, group.max)
  if (rule.wait === 'tasks_canceled') return { ...counted, until_canceled: since }
  const figures = { ...counted, until_accepted: since }
  if (column !== 'task_queue_sid') return figures
  return { ...figures, in_queue_until_accepted: spread(group.queue_total, group.queue_min, group.queue_max) }
}

function single(ms: number): Spread {
  return { count: 1, total: ms, min: ms, max: ms }
}

export const nothing: Tally = { figures: {}, histograms: {} }

/** Both together. Neither is changed. */
export function join(a: Tally, b: Tally): Tally {
  const sum = new Sum()
  sum.add(a)
  sum.add(b)
  return sum.tally
}

/** A tally that grows. Joining thousands of tallies two by two would copy all that is there each time. */
export class Sum {
  /** As in `Packed`, with nothing left out. */
  readonly #numbers: number[] = new Array<number>(counts.length + waits.length * 4).fill(0)
  readonly #histograms: { reservations_accepted?: Record<string, number>; tasks_canceled?: Record<string, number> } = {}

  add({ figures, histograms }: Tally): void {
    // By what is there: most tallies hold two or three figures.
    for (const name in figures) {
      const more = figures[name as keyof Figures] as number | Spread // a figure's name
      const place = places[name as Count | Wait]
      if (typeof more === 'number') this.#count(place, more)
      else this.#join(place, more.count, more.total, more.min, more.max)
    }
    this.addHistograms(histograms)
  }

  /** The same as `add` of what was packed. */
  addPacked(packed: Packed): void {
    // Places within its length hold numbers; a spread is there as a whole.
    for (let place = 0; place < counts.length && place < packed.length; place++)
      this.#count(place, packed[place] as number)
    for (let at = counts.length; at < packed.length; at += 4)
      this.#join(at, packed[at] as number, packed[at + 1] as number, packed[at + 2] as number, packed[at + 3] as number)
  }

  addHistograms(histograms: Histograms): void {
    for (const name in histograms) {
      const of = name as keyof Histograms // a histogram's name
      this.#histograms[of] ??= {}
      const sum = this.#histograms[of] as Record<string, number> // made just before
      const more = histograms[of] as Record<string, number> // its name was found in it
      for (const seconds in more) sum[seconds] = (sum[seconds] ?? 0) + (more[seconds] as number) // as above
    }
  }

  addSum(other: Sum): void {
    this.addPacked(other.#numbers)
    this.addHistograms(other.#histograms)
  }

  /** What has been added so far. Its histograms grow on with what is added later. */
  get tally(): Tally {
    return { figures: unpack(this.#numbers), histograms: this.#histograms }
  }

  get histograms(): Histograms {
    return this.#histograms
  }

  get packed(): Packed {
    return shortened(this.#numbers)
  }

  #count(place: number, more: number): void {
    this.#numbers[place] = (this.#numbers[place] as number) + more // every place holds a number
  }

  #join(at: number, count: number, total: number, min: number, max: number): void {
    if (count === 0) return
    const sum = this.#numbers
    const isFirst = sum[at] === 0
    this.#count(at, count)
    this.#count(at + 1, total)
    if (isFirst || min < (sum[at + 2] as number)) sum[at + 2] = min // as above
    if (isFirst || max > (sum[at + 3] as number)) sum[at + 3] = max // as above
  }
}

/**
 * Figures as they are stored: each count at its place in `counts`, then count, total, minimum and maximum of each of
 * `waits`; zeros at the end are left out. A month of a floor's cells is read for one answer, and names would be most of it.
 */
export type Packed = readonly number[]

const places = Object.fromEntries([
  ...counts.map((name, i) => [name, i]),
  ...waits.map((name, i) => [name, counts.length + i * 4])
]) as Readonly<Record<Count | Wait, number>> // each name has an entry

function shortened(packed: Packed): Packed {
  let length = packed.length
  while (length > counts.length && packed[length - 4] === 0) length -= 4
  if (length === counts.length) while (length > 0 && packed[length - 1] === 0) length--
  return packed.slice(0, length)
}

function unpack(packed: Packed): Figures {
  const figures: { [C in Count]?: number } & { [W in Wait]?: Spread } = {}
  for (const [place, name] of counts.entries()) {
    const count = packed[place] ?? 0
    if (count > 0) figures[name] = count
  }
  for (const [i, name] of waits.entries()) {
    const [count = 0, total = 0, min = 0, max = 0] = packed.slice(counts.length + i * 4, counts.length + i * 4 + 4)
    if (count > 0) figures[name] = { count, total, min, max }
  }
  return figures
}

/** Both together. What else the two carry is not in the answer: whoever has a wider object may give it. */
export function joinSpreads(a: Spread | undefined, { count, total, min, max }: Spread): Spread {
  if (a === undefined) return { count, total, min, max }
  return {
    count: a.count + count,
    total: a.total + total,
    min: Math.min(a.min, min),
    max: Math.max(a.max, max)
  }
}

export function cellKey({ scope_sid, span, start, task_channel_sid }: CellKey): string {
  return `${scope_sid}/${span}/${start}/${task_channel_sid}`
}

/** A cell that grows. */
export interface PlacedSum {
  readonly place: CellKey
  readonly sum: Sum
}

/** What some events add to cells, each cell once. */
export function cellsOf(events: Iterable<ToldEvent>): Cell[] {
  return [...sumsOf(events).values()].map(({ place, sum }) => ({ ...place, ...sum.tally }))
}

/** The same as sums that can grow on, by `cellKey` their places. */
function sumsOf(events: Iterable<ToldEvent>): Map<string, PlacedSum> {
  const work = summing(events, Number.POSITIVE_INFINITY)
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
  }
}

/** The same with a pause after each so many events or cells, for whoever has others to serve. */
export function* summing(events: Iterable<ToldEvent>, piece: number): Generator<void, Map<string, PlacedSum>> {
  let done = 0
  const sums = new Map<string, PlacedSum>()
  const at = (place: CellKey): Sum => {
    const key = cellKey(place)
    let known = sums.get(key)
    if (!known) {
      known = { place, sum: new Sum() }
      sums.set(key, known)
    }
    return known.sum
  }
  for (const event of events) {
    for (const share of sharesOf(event)) {
      const { scope_sid, task_channel_sid } = share
      at({ scope_sid, span: finest, start: share.at - (share.at % finest), task_channel_sid }).add(share)
    }
    if (++done % piece === 0) yield
  }
  for (const { place, sum } of [...sums.values()]) {
    for (const span of spans)
      if (span !== finest) at({ ...place, span, start: place.start - (place.start % span) }).addSum(sum)
    if (++done % piece === 0) yield
  }
  return sums
}

/** A run of neighbouring cells of one length: from `start` on, ending before `end`. */
export interface Run {
  readonly span: number
  readonly start: number
  readonly end: number
}

/** How a span of time is read: cells, and what is left of minutes at its edges, event by event. */
export interface Cover {
  readonly runs: readonly Run[]
  /** From the first instant on, before the second. */
  readonly edges: readonly (readonly [from: number, until: number])[]
}

/** The fewest cells that lie wholly in a span of time (from `from` on, before `until`), and the edges they leave. */
export function coverOf(from: number, until: number): Cover {
  const first = up(from, finest)
  const last = until - (until % finest)
  if (first > last) return { runs: [], edges: from < until ? [[from, until]] : [] }
  const edges = [
    [from, first],
    [last, until]
  ] as const
  return { runs: runsOf(first, last, spans), edges: edges.filter(([a, b]) => a < b) }
}

function runsOf(from: number, until: number, [span, ...finer]: readonly number[]): Run[] {
  if (span === undefined || from >= until) return []
  const start = up(from, span)
  const end = until - (until % span)
  if (start >= end) return runsOf(from, until, finer)
  return [...runsOf(from, start, finer), { span, start, end }, ...runsOf(end, until, finer)]
}

function up(instant: number, span: number): number {
  return Math.ceil(instant / span) * span
}

/** How many of a histogram waited less than so many seconds, and how many as long or longer (reference taskrouter 12, 22). */
export function splitAt(histogram: Histogram | undefined, seconds: number): { below: number; above: number } {
  const split = { below: 0, above: 0 }
  for (const [waited, count] of Object.entries(histogram ?? {}))
    split[Number(waited) < seconds ? 'below' : 'above'] += count
  return split
}
