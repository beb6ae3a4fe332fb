import { type Busy, busyOf, type LogEvent, type Stretch, stretchesOf } from '../support/recount.ts'

/** What every metric must be of some stretches, in words of its own: nothing here is shared with the catalogue. */
export interface Truth {
  readonly stretches: readonly Stretch[]
  readonly busy: readonly Busy[]
  readonly available: ReadonlySet<string>
  readonly offline: ReadonlySet<string>
}

const service_ms = 20_000
const short_ms = 5_000

export function truthOf(events: readonly LogEvent[], now: number): Pick<Truth, 'stretches' | 'busy'> {
  return { stretches: stretchesOf(events), busy: busyOf(events, now) }
}

type Figure = (truth: Truth) => number | null

const sum = (list: readonly (number | null)[]) => list.reduce<number>((all, one) => all + (one ?? 0), 0)
const mean = (list: readonly (number | null)[]) => {
  const known = list.filter((one) => one !== null)
  return known.length === 0 ? null : sum(known) / known.length
}
const part = (a: number, b: number) => (b === 0 ? null : a / b)
const seconds = (ms: number | null) => (ms === null ? null : ms / 1000)
const talks = ({ stretches }: Truth) => stretches.filter(({ kind }) => kind === 'conversation')
const waits = ({ stretches }: Truth) => stretches.filter(({ kind }) => kind === 'queue')
const ended = (truth: Truth) => talks(truth).filter(({ ended_at }) => ended_at !== null)
const lost = (truth: Truth) =>
  waits(truth).filter(({ result }) => result === 'abandoned' || result === 'ringing' || result === 'timed_out')
const contacts = (list: readonly Stretch[]) => new Set(list.map(({ task_sid }) => task_sid)).size
const handling = ({ talk_ms, wrap_up_ms, ring_ms, direction }: Stretch) =>
  (talk_ms ?? 0) + (wrap_up_ms ?? 0) + (direction === 'outbound' ? (ring_ms ?? 0) : 0)
const onHold = (truth: Truth) => talks(truth).filter(({ hold_ms }) => hold_ms !== null)
const hungUp = (truth: Truth, by: string) =>
  talks(truth).filter(({ hung_up_by, is_transferred }) => hung_up_by === by && !is_transferred).length
const handedOn = (truth: Truth) => talks(truth).filter(({ is_transferred }) => is_transferred).length
const fromQueue = (truth: Truth) => talks(truth).filter(({ queue_ms }) => queue_ms !== null)
const spent = (busy: readonly Busy[]) => sum(busy.map(({ from, until }) => until - from)) / 1000
const busyTime = ({ busy }: Truth) => spent(busy.filter((one) => one.busy))
const idleTime = ({ busy, available }: Truth) =>
  spent(busy.filter((one) => !one.busy && available.has(one.activity_sid)))
const loggedIn = ({ busy, offline }: Truth) => spent(busy.filter((one) => !offline.has(one.activity_sid)))

/** The smallest value that so many percent do not exceed. */
export function rank(list: readonly (number | null)[], percent: number): number | null {
  const sorted = list.filter((one) => one !== null).sort((a, b) => a - b)
  return seconds(sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? null)
}

export const figures: Readonly<Record<string, Figure>> = {
  conversations: (t) => contacts([...talks(t), ...waits(t)]),
  segments: (t) => talks(t).length,
  entered: (t) => waits(t).length,
  handled: (t) => talks(t).length,
  accepted: (t) => fromQueue(t).length,
  accepted_rate: (t) => part(waits(t).filter((one) => one.result === 'answered').length, waits(t).length),
  completed: (t) => talks(t).filter((one) => one.result === 'completed').length,
  missed: (t) => t.stretches.filter((one) => one.kind === 'missed').length,
  rejected: (t) => t.stretches.filter((one) => one.kind === 'rejected').length,
  transferred: handedOn,
  transfer_rate: (t) => part(handedOn(t), talks(t).length),
  led_away: (t) => waits(t).filter((one) => one.result === 'led_away').length,
  moved: (t) => waits(t).filter((one) => one.result === 'moved').length,
  moved_rate: (t) => part(waits(t).filter((one) => one.result === 'moved').length, waits(t).length),
  abandoned: (t) => lost(t).filter((one) => (one.queue_ms ?? 0) > short_ms).length,
  short_abandoned: (t) => lost(t).filter((one) => (one.queue_ms ?? 0) <= short_ms).length,
  abandon_rate: (t) => part(lost(t).filter((one) => (one.queue_ms ?? 0) > short_ms).length, waits(t).length),
  short_abandon_rate: (t) => part(lost(t).filter((one) => (one.queue_ms ?? 0) <= short_ms).length, waits(t).length),
  timed_out: (t) => waits(t).filter((one) => one.result === 'timed_out').length,
  abandoned_conversations: (t) => contacts(lost(t)),
  conversation_abandon_rate: (t) => part(contacts(lost(t)), contacts([...talks(t), ...waits(t)])),
  queue_time: (t) => seconds(mean(waits(t).map((one) => one.queue_ms))),
  speed_of_answer: (t) => seconds(mean(waits(t).flatMap((one) => (one.result === 'answered' ? [one.queue_ms] : [])))),
  abandon_time: (t) => seconds(mean(lost(t).map((one) => one.queue_ms))),
  longest_queue_time: (t) =>
    rank(
      waits(t).map((one) => one.queue_ms),
      100
    ),
  service_level: (t) =>
    part(fromQueue(t).filter((one) => (one.queue_ms ?? 0) <= service_ms).length, fromQueue(t).length),
  accepted_within_service_level: (t) => fromQueue(t).filter((one) => (one.queue_ms ?? 0) <= service_ms).length,
  service_level_of_entered: (t) =>
    part(
      waits(t).filter((one) => one.result === 'answered' && (one.queue_ms ?? 0) <= service_ms).length,
      waits(t).length
    ),
  ring_time: (t) => seconds(mean(talks(t).map((one) => one.ring_ms))),
  talk_time: (t) => seconds(mean(talks(t).map((one) => one.talk_ms))),
  hold_time: (t) => seconds(mean(onHold(t).map((one) => one.hold_ms))),
  total_hold_time: (t) => sum(onHold(t).map((one) => one.hold_ms)) / 1000,
  held: (t) => onHold(t).length,
  hold_rate: (t) => part(onHold(t).length, talks(t).length),
  dial_time: (t) => seconds(mean(talks(t).map((one) => one.dial_ms))),
  hung_up_by_customer: (t) => hungUp(t, 'Customer'),
  hung_up_by_agent: (t) => hungUp(t, 'Agent'),
  wrap_up_time: (t) => seconds(mean(talks(t).map((one) => one.wrap_up_ms))),
  handling_time: (t) => seconds(mean(ended(t).map(handling))),
  total_talk_time: (t) => sum(talks(t).map((one) => one.talk_ms)) / 1000,
  total_wrap_up_time: (t) => sum(talks(t).map((one) => one.wrap_up_ms)) / 1000,
  total_handling_time: (t) => sum(ended(t).map(handling)) / 1000,
  conversation_handling_time: (t) => part(sum(ended(t).map(handling)) / 1000, contacts(talks(t))),
  experience_time: (t) =>
    part(
      (sum(waits(t).map((one) => one.queue_ms)) + sum(talks(t).map((one) => one.talk_ms))) / 1000,
      contacts([...talks(t), ...waits(t)])
    ),
  activity_time: (t) => spent(t.busy),
  logged_in_time: loggedIn,
  available_time: (t) => spent(t.busy.filter((one) => t.available.has(one.activity_sid))),
  idle_time: idleTime,
  busy_time: busyTime,
  occupancy: (t) => part(busyTime(t), busyTime(t) + idleTime(t)),
  utilisation: (t) => part(busyTime(t), loggedIn(t)),
  adherence: (t) =>
    part(
      spent(t.busy.filter((one) => t.available.has(one.activity_sid) && !t.offline.has(one.activity_sid))),
      loggedIn(t)
    )
}

/** Only of contacts that began in a span of time, and of time within it. */
export function within(truth: Truth, from: number, until: number): Truth {
  return {
    ...truth,
    stretches: truth.stretches.filter(({ began_at }) => began_at >= from && began_at < until),
    busy: truth.busy
      .map((one) => ({ ...one, from: Math.max(one.from, from), until: Math.min(one.until, until) }))
      .filter((one) => one.from < one.until)
  }
}
