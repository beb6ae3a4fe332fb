import { keysOf } from '../core/keys.ts'
import { memberAt } from '../core/member-at.ts'
/*
 * Cumulative figures as roll-ups: what events count as, how figures are joined, and which cells cover a span of time
 * (reference taskrouter 7.1 and 7.3). Cells are kept per minute, hour and day, and that of a minute second by second;
 * joining is associative, so a span is the sum of the coarsest cells inside it and of the seconds at its edges.
 */

/** What the folds need of an event. */
export interface CountedEvent {
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

/** Milliseconds to which a span of time is exact. */
export const second = 1_000

/** Where a cell stands. A scope is a workspace, a queue, a workflow or a worker, by SID. */
export interface CellKey {
  readonly scope_sid: string
  /** Length in milliseconds, one of `spans`. */
  readonly span: number
  /** Its first instant. */
  readonly start: number
  readonly task_channel_sid: string
}

type Scope = 'workspace_sid' | 'task_queue_sid' | 'workflow_sid' | 'worker_sid'

const everyTask = ['workspace_sid', 'task_queue_sid', 'workflow_sid'] as const
const everybody = [...everyTask, 'worker_sid'] as const

interface Rule {
  readonly count: Count
  readonly scopes: readonly Scope[]
  /** How long the task had waited is kept, too. */
  readonly wait?: keyof Histograms
}

/** What an event counts as, and for whom; other types count as nothing. */
export const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['task.created', { count: 'tasks_created', scopes: ['workspace_sid'] }],
  ['task-queue.entered', { count: 'tasks_entered', scopes: ['task_queue_sid'] }],
  ['workflow.entered', { count: 'tasks_entered', scopes: ['workflow_sid'] }],
  ['task.canceled', { count: 'tasks_canceled', scopes: everyTask, wait: 'tasks_canceled' }],
  ['task.completed', { count: 'tasks_completed', scopes: everyTask }],
  ['task.deleted', { count: 'tasks_deleted', scopes: everyTask }],
  ['task.system-deleted', { count: 'tasks_deleted', scopes: everyTask }],
  ['task-queue.moved', { count: 'tasks_moved', scopes: everyTask }],
  ['workflow.timeout', { count: 'tasks_timed_out_in_workflow', scopes: ['workspace_sid', 'workflow_sid'] }],
  ['reservation.created', { count: 'reservations_created', scopes: everybody }],
  ['reservation.accepted', { count: 'reservations_accepted', scopes: everybody, wait: 'reservations_accepted' }],
  ['reservation.rejected', { count: 'reservations_rejected', scopes: everybody }],
  ['reservation.timeout', { count: 'reservations_timed_out', scopes: everybody }],
  ['reservation.canceled', { count: 'reservations_canceled', scopes: everybody }],
  ['reservation.rescinded', { count: 'reservations_rescinded', scopes: everybody }]
])

/** What one event adds, and to whom. */
export interface Share extends Tally {
  readonly scope_sid: string
  readonly task_channel_sid: string
  readonly at: number
}

/** What an event adds to the figures of its workspace, queue, workflow and worker. */
export function sharesOf(event: CountedEvent): Share[] {
  const rule = rules.get(event.type)
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

function tallyOf({ at, task_date_created, task_queue_entered_date }: CountedEvent, rule: Rule, scope: Scope): Tally {
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
  readonly #numbers: number[] = new Array<number>(packedLength).fill(0)
  readonly #histograms: { reservations_accepted?: Record<string, number>; tasks_canceled?: Record<string, number> } = {}

  add({ figures, histograms }: Tally): void {
    // By what is there: most tallies hold two or three figures.
    for (const name of keysOf(figures)) {
      const more = figures[name]
      const place = places[name]
      if (typeof more === 'number') this.#count(place, more)
      else if (more) this.#join(place, more.count, more.total, more.min, more.max)
    }
    this.addHistograms(histograms)
  }

  /** The same as `add` of what was packed. */
  addPacked(packed: Packed): void {
    // Places within its length hold numbers; a spread is there as a whole.
    for (let place = 0; place < counts.length && place < packed.length; place++)
      this.#count(place, memberAt(packed, place))
    for (let at = counts.length; at < packed.length; at += 4)
      this.#join(at, memberAt(packed, at), memberAt(packed, at + 1), memberAt(packed, at + 2), memberAt(packed, at + 3))
  }

  addHistograms(histograms: Histograms): void {
    for (const name of keysOf(histograms))
      for (const [seconds, more] of Object.entries(histograms[name] ?? {})) this.#waited(name, seconds, more)
  }

  /** The same as `add` of what happened from one second of a minute on and before another. */
  addSeconds(seconds: Seconds, from: number, until: number): void {
    // The index is within the list, whose parts are as long as they say.
    for (let at = 0; at < seconds.length; ) {
      const end = at + 2 + memberAt(seconds, at + 1)
      const which = memberAt(seconds, at)
      if (which >= from && which < until) this.#addSecond(seconds, at + 2, end)
      at = end
    }
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

  #addSecond(seconds: Seconds, from: number, end: number): void {
    // Each entry is as long as its key says: as above.
    for (let at = from; at < end; ) {
      const key = memberAt(seconds, at)
      const value = memberAt(seconds, at + 1)
      if (key >= packedLength) {
        const { name, waited } = waitAt(key)
        this.#waited(name, String(waited), value)
      } else if (key < counts.length) this.#count(key, value)
      else this.#join(key, value, memberAt(seconds, at + 2), memberAt(seconds, at + 3), memberAt(seconds, at + 4))
      at += key >= counts.length && key < packedLength ? 5 : 2
    }
  }

  #waited(name: keyof Histograms, seconds: string, more: number): void {
    this.#histograms[name] ??= {}
    const sum = this.#histograms[name]
    sum[seconds] = (sum[seconds] ?? 0) + more
  }

  #count(place: number, more: number): void {
    this.#numbers[place] = memberAt(this.#numbers, place) + more
  }

  /** Its five numbers are not made an object: it is called for every figure of every second. */
  #join(at: number, count: number, total: number, min: number, max: number): void {
    if (count === 0) return
    const sum = this.#numbers
    const isFirst = sum[at] === 0
    this.#count(at, count)
    this.#count(at + 1, total)
    if (isFirst || min < memberAt(sum, at + 2)) sum[at + 2] = min
    if (isFirst || max > memberAt(sum, at + 3)) sum[at + 3] = max
  }
}

/**
 * Figures as they are stored: each count at its place in `counts`, then count, total, minimum and maximum of each of
 * `waits`; zeros at the end are left out. A month of a floor's cells is read for one answer, and names would be most of it.
 */
export type Packed = readonly number[]

/** Where each figure stands; that of a wait is the place of its count. */
export const places = Object.fromEntries([
  ...counts.map((name, i) => [name, i]),
  ...waits.map((name, i) => [name, counts.length + i * 4])
]) as Readonly<Record<Count | Wait, number>> // each name has an entry

/** How long figures are with nothing left out. */
export const packedLength = counts.length + waits.length * 4

/** How many of the places are those of counts; those of waits follow. */
export const countPlaces = counts.length

/**
 * What happened in a minute, second by second: for each second in which something did (0 to 59), it, the length of what
 * follows, and entries of two numbers or five: the place of a count, and how many; the place of a wait, and its spread;
 * or what `waitKey` makes of a wait in whole seconds, and how many waited so long. A second may come in several parts.
 */
export type Seconds = readonly number[]

const histogramNames = ['reservations_accepted', 'tasks_canceled'] as const satisfies readonly (keyof Histograms)[]

/** The key, in `Seconds`, of those who waited so many whole seconds. */
export function waitKey(name: keyof Histograms, waited: number): number {
  return packedLength + waited * histogramNames.length + histogramNames.indexOf(name)
}

function waitAt(key: number): { readonly name: keyof Histograms; readonly waited: number } {
  const which = (key - packedLength) % histogramNames.length
  // A remainder of its length is a place in it.
  return { name: memberAt(histogramNames, which), waited: (key - packedLength - which) / histogramNames.length }
}

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

/** A run of neighbouring cells of one length: from `start` on, ending before `end`. */
export interface Run {
  readonly span: number
  readonly start: number
  readonly end: number
}

/** How a span of time is read: cells, and what is left of minutes at its edges, second by second. */
export interface Cover {
  readonly runs: readonly Run[]
  /** From the first instant on, before the second; both in one minute, or the end of it. */
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
