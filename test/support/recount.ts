/*
 * What has happened to contacts and workers, worked out from all events at once and not one after the other: each question
 * looks through the log again. It is slow, and shares nothing with the fold whose figures it is compared with.
 */

export interface LogEvent {
  readonly seq: number
  readonly type: string
  readonly at: number
  // biome-ignore lint/suspicious/noExplicitAny: what an event tells, by name
  readonly data: any
}

/** A stretch of a contact; times are milliseconds, and null is what is not known yet. */
export interface Stretch {
  readonly kind: 'queue' | 'conversation' | 'missed' | 'rejected'
  readonly began_at: number
  readonly ended_at: number | null
  readonly task_sid: string
  readonly task_queue_sid: string | null
  readonly worker_sid: string | null
  readonly channel: string | null
  readonly direction: string
  /** Whether the agent has handed the contact on. */
  readonly is_transferred: boolean
  readonly result: string | null
  readonly ring_ms: number | null
  readonly queue_ms: number | null
  readonly talk_ms: number | null
  readonly wrap_up_ms: number | null
  readonly hold_ms: number | null
  readonly dial_ms: number | null
  readonly hung_up_by: string | null
  /** Of a wait: the event with which it ended. */
  readonly end_seq?: number | undefined
}

export interface Busy {
  readonly worker_sid: string
  readonly activity_sid: string
  readonly from: number
  readonly until: number
  readonly busy: boolean
}

const over = ['task.completed', 'task.canceled', 'task.deleted', 'task.system-deleted']

function grouped<T>(list: readonly T[], keyOf: (one: T) => string | undefined): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of list) {
    const key = keyOf(one)
    if (key === undefined) continue
    const group = groups.get(key) ?? []
    group.push(one)
    groups.set(key, group)
  }
  return groups
}

/** All stretches of all contacts, in no order. */
export function stretchesOf(events: readonly LogEvent[]): Stretch[] {
  const closed = new Map(
    events.filter(({ type }) => type === 'workspace.deleted').map(({ data, at }) => [data.workspace_sid, at])
  )
  return [
    ...grouped(events, ({ data, type }) => (type.startsWith('interaction.') ? undefined : data.task_sid))
  ].flatMap(([task_sid, all]) => [...waitsOf(task_sid, all, closed), ...reservationsOf(task_sid, all, closed)])
}

function waitsOf(task_sid: string, events: readonly LogEvent[], closed: ReadonlyMap<string, number>): Stretch[] {
  return events.flatMap((event, n): Stretch[] => {
    const { type, at, data } = event
    if (type !== 'task-queue.entered' || !['pending', 'reserved'].includes(data.task_assignment_status)) return []
    const after = events.slice(n + 1)
    const end = after.find(
      (one) =>
        ['reservation.accepted', 'task-queue.moved', 'task-queue.entered', ...over].includes(one.type) || isLedAway(one)
    )
    const ended_at = end?.at ?? closed.get(data.workspace_sid) ?? null
    const hasTimedOut = events
      .slice(0, end ? events.indexOf(end) : events.length)
      .some((one) => one.type === 'workflow.timeout')
    const before = events
      .slice(0, end ? events.indexOf(end) : events.length)
      .filter((one) => one.type.startsWith('reservation.'))
    const offers = [...grouped(before, (one) => one.data.reservation_sid).values()]
    // Offers that stand at the end, or are taken back with it.
    const isRinging = offers.some(
      ([first, ...rest]) =>
        first?.type === 'reservation.created' &&
        rest.every((one) => ['reservation.canceled', 'reservation.rescinded'].includes(one.type) && one.at === ended_at)
    )
    const result =
      end?.type === 'reservation.accepted'
        ? 'answered'
        : end?.type.startsWith('task-queue')
          ? 'moved'
          : end && isLedAway(end)
            ? 'led_away'
            : ended_at === null
              ? null
              : hasTimedOut
                ? 'timed_out'
                : isRinging
                  ? 'ringing'
                  : 'abandoned'
    const created =
      end?.type === 'reservation.accepted' &&
      events.find((one) => one.type === 'reservation.created' && one.data.reservation_sid === end.data.reservation_sid)
    return [
      {
        kind: 'queue',
        began_at: at,
        ended_at,
        task_sid,
        task_queue_sid: data.task_queue_sid,
        worker_sid: null,
        channel: data.task_channel_unique_name,
        direction: directionOf(events),
        is_transferred: false,
        result,
        end_seq: end?.seq,
        ring_ms: end && created ? end.at - created.at : null,
        queue_ms: ended_at === null ? null : ended_at - at,
        talk_ms: null,
        wrap_up_ms: null,
        hold_ms: null,
        dial_ms: null,
        hung_up_by:
          ended_at === null ? null : hungUpBy(customerEnds(events).findLast(({ seq }) => seq < (end?.seq ?? Infinity)))
      }
    ]
  })
}

function reservationsOf(task_sid: string, events: readonly LogEvent[], closed: ReadonlyMap<string, number>): Stretch[] {
  return [
    ...grouped(events, ({ data, type }) =>
      type.startsWith('reservation.') ? data.reservation_sid : undefined
    ).values()
  ].flatMap((own): Stretch[] => {
    const find = (...types: string[]) => own.find(({ type }) => types.includes(type))
    const created = find('reservation.created')
    const accepted = find('reservation.accepted')
    const declined = find('reservation.timeout', 'reservation.rejected')
    const base = {
      task_sid,
      channel: (accepted ?? created)?.data.task_channel_unique_name,
      direction: directionOf(events),
      is_transferred: false,
      queue_ms: null,
      talk_ms: null,
      wrap_up_ms: null,
      hold_ms: null,
      dial_ms: null,
      hung_up_by: null,
      result: null
    }
    if (!accepted) {
      if (!created || !declined) return []
      const kind = declined.type === 'reservation.timeout' ? 'missed' : 'rejected'
      const { worker_sid, task_queue_sid } = {
        worker_sid: created.data.worker_sid,
        task_queue_sid: declined.data.task_queue_sid ?? null
      }
      return [
        {
          ...base,
          kind,
          began_at: created.at,
          ended_at: declined.at,
          worker_sid,
          task_queue_sid,
          ring_ms: declined.at - created.at
        }
      ]
    }
    const wrapup = find('reservation.wrapup')
    const deleted = events.find(
      ({ type, seq }) => (type === 'task.deleted' || type === 'task.system-deleted') && seq > accepted.seq
    )
    const released = find('reservation.completed', 'reservation.canceled')
    const ended_at = released?.at ?? deleted?.at ?? closed.get(accepted.data.workspace_sid) ?? null
    // Whichever comes first: hanging up, at either end, wrapping up, or the end.
    const hangUp = [...customerEnds(events), ...events.filter((one) => isEndOf(one, accepted.data.reservation_sid))]
      .sort((a, b) => a.seq - b.seq)
      .find(({ seq }) => seq > accepted.seq)
    const first = [wrapup, hangUp, released, deleted].flatMap((one) => one ?? []).sort((a, b) => a.seq - b.seq)[0]
    const talk = { from: accepted, until: first?.at ?? ended_at, end_seq: first?.seq ?? Infinity }
    const wrapsFrom = first === wrapup || first === hangUp ? first?.at : undefined
    const dial_ms = dialedIn(talk, events)
    const wait = waitsOf(task_sid, events, closed).find((one) => one.end_seq === accepted.seq)
    return [
      {
        ...base,
        kind: 'conversation',
        began_at: accepted.at,
        ended_at,
        worker_sid: accepted.data.worker_sid,
        task_queue_sid: accepted.data.task_queue_sid ?? null,
        result: ended_at === null ? null : released?.type === 'reservation.completed' ? 'completed' : 'dropped',
        ring_ms: created ? accepted.at - created.at : null,
        queue_ms: wait?.queue_ms ?? null,
        talk_ms: talk.until === null ? null : talk.until - accepted.at - (dial_ms ?? 0),
        wrap_up_ms: ended_at === null ? null : wrapsFrom === undefined ? 0 : ended_at - wrapsFrom,
        is_transferred: isHandedOn(accepted, events),
        hold_ms: heldIn(talk, events),
        dial_ms,
        hung_up_by: first === hangUp ? hungUpBy(hangUp) : null
      }
    ]
  })
}

function directionOf(events: readonly LogEvent[]): string {
  const { direction = 'inbound' } = JSON.parse(
    events.find(({ data }) => data.task_attributes)?.data.task_attributes ?? '{}'
  )
  return String(direction).startsWith('outbound') ? 'outbound' : direction
}

/** What an agent has begun to hand on is so, unless nobody took it. */
function isHandedOn(accepted: LogEvent, events: readonly LogEvent[]): boolean {
  const { worker_sid } = accepted.data
  const own = events.filter(({ data, seq }) => data.worker_sid === worker_sid && seq > accepted.seq)
  const says = ['task.transfer-initiated', 'task.transfer-failed', 'task.transfer-canceled']
  const again = own.find(({ type }) => type === 'reservation.accepted')
  const last = own.findLast(({ type, seq }) => says.includes(type) && seq < (again?.seq ?? Infinity))
  return last?.type === 'task.transfer-initiated'
}

/** A call was led out of its queue by its program. */
function isLedAway({ type, data }: LogEvent): boolean {
  return (
    type === 'ringdown.call.dequeued' && ['redirected', 'leave'].includes(data.result) && data.reservation_sid === null
  )
}

/** The ends of calls of customers; who was called and has not answered has not hung up. */
function customerEnds(events: readonly LogEvent[]): LogEvent[] {
  const about = (type: string, { data }: LogEvent) =>
    events.some((one) => one.type === type && one.data.call_sid === data.call_sid)
  return events
    .filter((one) => one.type === 'call.completed' && one.data.reservation_sid === null)
    .map((one) => {
      const isUnanswered = about('call.initiated', one) && !about('conference.participant-join', one)
      return isUnanswered ? { ...one, data: { ...one.data, ended_by: 'nobody' } } : one
    })
}

function isEndOf({ type, data }: LogEvent, reservation_sid: string): boolean {
  return type === 'call.completed' && data.reservation_sid === reservation_sid
}

function hungUpBy(end: LogEvent | undefined): string | null {
  const by = end?.data.ended_by
  if (end?.data.reservation_sid) return by === 'network' ? null : 'Agent'
  return by === 'caller' ? 'Customer' : by === 'agent' ? 'Agent' : null
}

interface Talk {
  readonly from: LogEvent
  readonly until: number | null
  readonly end_seq: number
}

/** How long the talk has had what goes on from one event to another one; null where it has not, or not yet. */
function overlap({ from, until, end_seq }: Talk, begin: LogEvent, end: LogEvent | undefined): number | null {
  const isIn = begin.seq < end_seq && (end?.seq ?? Infinity) > from.seq
  const over = end && end.seq < end_seq ? end.at : until
  return isIn && over !== null ? over - Math.max(begin.at, from.at) : null
}

function heldIn(talk: Talk, events: readonly LogEvent[]): number | null {
  const ofCustomer = events.filter(({ data, type }) => type.startsWith('conference.') && data.label === 'customer')
  const ends = ['conference.participant-unhold', 'conference.participant-leave']
  const holds = ofCustomer
    .filter(({ type }) => type === 'conference.participant-hold')
    .flatMap(
      (one) =>
        overlap(
          talk,
          one,
          ofCustomer.find(({ type, seq }) => ends.includes(type) && seq > one.seq)
        ) ?? []
    )
  return holds.length === 0 ? null : holds.reduce((sum, one) => sum + one, 0)
}

function dialedIn(talk: Talk, events: readonly LogEvent[]): number | null {
  const dials = events.filter(({ type, data }) => type === 'call.initiated' && data.reservation_sid === null)
  const waits = dials.map((one) => {
    const { call_sid } = one.data
    const ends = ['conference.participant-join', 'call.completed']
    return overlap(
      talk,
      one,
      events.find(({ type, data }) => ends.includes(type) && data.call_sid === call_sid)
    )
  })
  return waits.find((one) => one !== null) ?? null
}

/** Where workers were, up to an instant. */
export function busyOf(events: readonly LogEvent[], now: number): Busy[] {
  const ends = new Map(
    events.filter(({ type }) => type === 'workspace.deleted').map(({ data, at }) => [data.workspace_sid, at])
  )
  const talks = stretchesOf(events).filter(({ kind }) => kind === 'conversation')
  return [...grouped(events, ({ data, type }) => (type.startsWith('worker.') ? data.worker_sid : undefined))].flatMap(
    ([worker_sid, own]) => {
      const moves = own.filter(({ type }) =>
        ['worker.created', 'worker.activity.update', 'worker.deleted'].includes(type)
      )
      const held = talks.filter((one) => one.worker_sid === worker_sid)
      return moves.flatMap((move, n): Busy[] => {
        if (move.type === 'worker.deleted') return []
        const until = Math.min(moves[n + 1]?.at ?? now, ends.get(move.data.workspace_sid) ?? now)
        const cuts = [...new Set([move.at, until, ...held.flatMap((one) => [one.began_at, one.ended_at ?? now])])]
          .filter((at) => at >= move.at && at <= until)
          .sort((a, b) => a - b)
        return cuts.slice(0, -1).map((from, k) => {
          const busy = held.some((one) => one.began_at <= from && (one.ended_at ?? now) > from)
          return { worker_sid, activity_sid: move.data.worker_activity_sid, from, until: cuts[k + 1] ?? until, busy }
        })
      })
    }
  )
}
