import { State } from '@ringdown/engine/center'
import type { Command } from '@ringdown/engine/commands'
import { type Timer, Timers } from '@ringdown/engine/core/timers'
import type { Decision } from '@ringdown/engine/decide'
import type { EngineEvent, EventType } from '@ringdown/engine/events'
import type { Kind } from '@ringdown/engine/kinds'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { Tamper } from './center.ts'
import { ColdRows } from './cold-rows.ts'
import { make, replay, shortened } from './history.ts'
import type { ProfileName } from './profiles.ts'

/*
 * An auditor that never complains is worth nothing: engines that make one mistake, each of a kind that a router could
 * make, are caught by it within a few histories.
 */

afterEach(() => void vi.restoreAllMocks())

/** Nothing is changed, but the auditor is alone. */
const untouched: Tamper = () => undefined

/** Other columns for the rows of a kind; undefined where the mistake cannot be made. */
function miswritten(kind: Kind, change: (row: never, state: State) => object | undefined): Tamper {
  return (decision, _command, state) => {
    let done = false
    const changes = decision.changes.map((one) => {
      const columns = !done && one.kind === kind && one.after ? change(one.after as never, state) : undefined // of its kind
      if (!columns) return one
      done = true
      return { ...one, after: { ...one.after, ...columns } as typeof one.after } // as the change that it was
    })
    return done ? { ...decision, changes } : undefined
  }
}

/** Nobody is told of an event, or of one that is about a row of a kind. */
function untold(type: EventType, kind?: Kind): Tamper {
  return (decision) => {
    const at = decision.events.findIndex((event) => event.type === type && (kind === undefined || event.refs[kind]))
    if (at === -1) return undefined
    // The numbers stay without a gap, or it would be too easy.
    const events = decision.events
      .filter((_, i) => i !== at)
      .map((event, i) => ({ ...event, seq: decision.events[i]?.seq ?? 0 }))
    return { ...decision, events }
  }
}

/** An event about a channel counts one assigned task too few, or too many. */
const miscounted: Tamper = (decision) => {
  const at = decision.events.findIndex(({ refs }) => refs.extra?.worker_channel_task_count !== undefined)
  const event = decision.events[at]
  if (!event) return undefined
  const count = Number(event.refs.extra?.worker_channel_task_count)
  const extra = { ...event.refs.extra, worker_channel_task_count: count > 0 ? count - 1 : 1 }
  return { ...decision, events: decision.events.with(at, { ...event, refs: { ...event.refs, extra } }) }
}

/** Another worker has the new reservation, in all that is told of it. */
const anotherWorker: Tamper = (decision, _command, state) => {
  const offer = decision.changes.find(({ kind, before, after }) => kind === 'reservation' && !before && after)
  const chosen = state.find('reservation', offer?.sid)?.worker_sid
  const other = state.tables.worker.all().find(({ sid }) => chosen !== undefined && sid !== chosen)
  return chosen && other ? (JSON.parse(JSON.stringify(decision).replaceAll(chosen, other.sid)) as Decision) : undefined
}

/** Two offers of one decision change places. */
const outOfTurn: Tamper = (decision) => {
  const offers = decision.events.filter(({ type }) => type === 'reservation.created')
  const [first, second] = offers
  if (!first || !second || first.refs.task?.sid === second.refs.task?.sid) return undefined
  const events = decision.events.map((event) =>
    event === first ? { ...second, seq: first.seq } : event === second ? { ...first, seq: second.seq } : event
  )
  return { ...decision, events }
}

/** A worker is not told that what it is offered is handed on by another. */
const withoutTransfer: Tamper = (decision) => {
  const isOfTransfer = ({ type, refs }: EngineEvent) => type === 'reservation.created' && refs.transfer !== undefined
  if (!decision.events.some(isOfTransfer)) return undefined
  const events = decision.events.map((event) =>
    isOfTransfer(event) ? { ...event, refs: { ...event.refs, transfer: undefined } } : event
  )
  return { ...decision, events }
}

const mistakes: readonly (readonly [mistake: string, tamper: Tamper, complaint: RegExp, profile?: ProfileName])[] = [
  ['gives the task to another worker', anotherWorker, /reservation/],
  ['offers out of turn', outOfTurn, /offers come as/, 'churn'],
  [
    'has the wrong priority',
    miswritten('task', ({ priority }: { priority: number }) => ({ priority: priority + 1 })),
    /priority is \d+, not \d+/
  ],
  [
    'forgets to end the time in a target',
    miswritten('task', ({ target_at }: { target_at: number | null }) =>
      target_at === null ? undefined : { target_at: null }
    ),
    /target_at is null/,
    'escalation'
  ],
  [
    'asks again too soon after a rejection',
    miswritten('task', ({ retry_at }: { retry_at: number | null }) =>
      retry_at === null ? undefined : { retry_at: retry_at - 1000 }
    ),
    /retry_at/,
    'escalation'
  ],
  [
    'gives a worker no time to answer',
    miswritten('reservation', ({ timeout_at }: { timeout_at: number | null }) =>
      timeout_at ? { timeout_at: timeout_at - 1 } : undefined
    ),
    /timeout_at/
  ],
  [
    'leaves a sibling pending',
    miswritten('reservation', (row: { reservation_status: string }) =>
      row.reservation_status === 'rescinded' ? { reservation_status: 'pending' } : undefined
    ),
    /reservation_status is "pending", not "rescinded"/,
    'multi'
  ],
  [
    'books the task in the wrong queue',
    miswritten('task', (row: { task_queue_sid: string }, state) => ({
      task_queue_sid: state.tables.task_queue.all().find(({ sid }) => sid !== row.task_queue_sid)?.sid ?? null
    })),
    /task_queue_sid/
  ],
  [
    'stands in the wrong target',
    miswritten('task', (row: { assignment_status: string; filter_index: number; target_index: number }) =>
      row.assignment_status === 'pending' && row.filter_index >= 0 ? { target_index: row.target_index + 1 } : undefined
    ),
    /target_index/
  ],
  [
    'leaves a worker in the old activity',
    (decision: Decision, command: Command) =>
      command.type === 'timer.reservation'
        ? { ...decision, changes: decision.changes.filter(({ kind }) => kind !== 'worker') }
        : undefined,
    /activity_sid/
  ],
  [
    'forgets to raise a version',
    miswritten('task', ({ version }: { version: number }) => ({ version: version + 1 })),
    /has version/
  ],
  ['does not tell of an offer', untold('reservation.created'), /is told: nothing; must be: reservation.created/],
  ['miscounts the assigned tasks of a channel', miscounted, /must tell of \d/],
  ['does not tell that a task has gone on', untold('task-queue.timeout'), /must be: task-queue.timeout/, 'escalation'],
  ['does not tell that nobody could be skipped', untold('workflow.skipped'), /workflow.skipped/, 'escalation'],
  ['does not tell of a rejection', untold('reservation.rejected'), /reservation.rejected/, 'multi'],
  [
    'leaves a transfer under way that somebody has taken',
    miswritten('transfer', (row: { transfer_status: string }) =>
      row.transfer_status === 'complete' ? { transfer_status: 'initiated' } : undefined
    ),
    /transfer_status is "initiated", not "complete"/,
    'handover'
  ],
  [
    'lets a cold transfer’s initiator keep the task',
    (decision: Decision, command: Command) =>
      command.type === 'transfer.create' && command.mode === 'COLD'
        ? miswritten('reservation', ({ reservation_status }: { reservation_status: string }) =>
            reservation_status === 'wrapping' ? { reservation_status: 'accepted' } : undefined
          )(decision, command, undefined as never) // it does not look at the state
        : undefined,
    /reservation_status is "accepted", not "wrapping"/,
    'handover'
  ],
  ['does not tell of what transfer an offer is', withoutTransfer, /shows transfer undefined/, 'handover'],
  ['does not tell that a transfer has failed', untold('task.transfer-failed'), /task.transfer-failed/, 'handover'],
  [
    'does not tell what was wrong with an assignment callback',
    untold('ringdown.warning', 'reservation'),
    /must be: ringdown.warning/
  ],
  [
    'forgets the rest of a long re-evaluation',
    miswritten('workflow_document', ({ re_evaluate_at }: { re_evaluate_at: number | null }) =>
      re_evaluate_at === null ? undefined : { re_evaluate_at: null }
    ),
    /re_evaluate_at is null/,
    'escalation'
  ],
  [
    'never finishes the judging of a long expression',
    miswritten('judging', ({ judge_at }: { judge_at: number | null }) =>
      judge_at === null ? undefined : { judge_at: null }
    ),
    /judge_at is null/
  ],
  [
    'keeps another expression in force while one is being judged',
    miswritten('judging', ({ former }: { former: string }) => ({ former: `${former} ` })),
    /former is /
  ],
  [
    'keeps a document that nobody follows',
    (decision: Decision) => {
      const changes = decision.changes.filter(({ kind, after }) => kind !== 'workflow_document' || after)
      return changes.length < decision.changes.length ? { ...decision, changes } : undefined
    },
    /there must not be workflow_document/,
    'escalation'
  ]
]

describe('an auditor', () => {
  for (const [mistake, tamper, complaint, profile = 'busy'] of mistakes) {
    it(`sees that an engine ${mistake}`, () => {
      for (let seed = 1; seed <= 30; seed++) {
        let made = 0
        const { failure } = make(profile, seed, 40, {
          tamper: (...decided) => {
            // Not at once, so that the mistake is made in the middle of a day.
            const result = seed % 3 === 0 || made > 0 ? undefined : tamper(...decided)
            if (result) made++
            return result
          }
        })
        if (made === 0) {
          expect(failure).toBeUndefined()
          continue
        }
        expect(failure?.message).toMatch(complaint)
        return
      }
      expect.fail('the mistake was never made')
    })
  }

  it('says when a timer does not fire, though its row has it', () => {
    const { add, remove } = Timers.prototype
    const isForgotten = ({ command }: Timer) => command === 'timer.task_retry'
    vi.spyOn(Timers.prototype, 'add').mockImplementation(function (this: Timers, timer) {
      if (!isForgotten(timer)) add.call(this, timer)
    })
    vi.spyOn(Timers.prototype, 'remove').mockImplementation(function (this: Timers, timer) {
      if (!isForgotten(timer)) remove.call(this, timer)
    })
    const complaints = [1, 2, 3, 4, 5].flatMap(
      (seed) => make('multi', seed, 60, { tamper: untouched }).failure?.message ?? []
    )
    vi.restoreAllMocks()
    expect(complaints.length).toBeGreaterThan(0)
    for (const complaint of complaints)
      expect(complaint).toMatch(/timer.task_retry of t\d+ was due|fires before what is due/)
  })

  it('says when a command is decided without what it had to read', () => {
    vi.spyOn(ColdRows.prototype, 'admit').mockImplementation(() => {})
    const rules = [1, 2, 3, 4, 5].flatMap((seed) => make('contacts', seed, 60).failure?.rule ?? [])
    vi.restoreAllMocks()
    expect(rules.length).toBeGreaterThan(2)
    // A refusal where the twin decides, or the other way round, until one tells what it did.
    expect(rules.filter((rule) => rule !== 'twin')).toEqual([])
  })

  it('says when nobody has read what a command must see', () => {
    vi.spyOn(ColdRows.prototype, 'admit').mockImplementation(() => {})
    const { begin } = State.prototype
    vi.spyOn(State.prototype, 'begin').mockImplementation(function (this: State, at, seed, reads) {
      begin.call(this, at, seed, reads && [])
    })
    const rules = [1, 2, 3, 4, 5].flatMap((seed) => make('contacts', seed, 60).failure?.rule ?? [])
    vi.restoreAllMocks()
    expect(rules).toContainEqual(expect.stringMatching(/^threw invariant: \w+ .* was read before the decision$/))
  })

  it('says when a row leaves memory that is not the one that was stored', () => {
    const { write } = ColdRows.prototype
    vi.spyOn(ColdRows.prototype, 'write').mockImplementation(function (this: ColdRows, changes) {
      write.call(
        this,
        changes.filter(({ kind, before }) => kind !== 'conversation' || !before)
      )
    })
    const rules = [1, 2, 3, 4, 5].flatMap((seed) => make('contacts', seed, 60).failure?.rule ?? [])
    vi.restoreAllMocks()
    expect(rules).toContainEqual(expect.stringMatching(/^(stale conversation|twin|whole)$/))
  })

  it('says when an engine loses with its memory what it has not published', () => {
    const { admit } = State.prototype
    vi.spyOn(State.prototype, 'admit').mockImplementation(function (this: State, kind, row) {
      admit.call(this, kind, kind === 'worker_channel' ? { ...row, configured_capacity: 50 } : row)
    })
    const rules = [1, 2, 3, 4, 5].flatMap((seed) => make('busy', seed, 60).failure?.rule ?? [])
    vi.restoreAllMocks()
    expect(rules.length).toBeGreaterThan(2)
  })

  it('shortens what led to a complaint, and keeps the complaint', () => {
    const tamper: Tamper = (decision) =>
      untold('reservation.accepted')(decision, { type: 'workspace.delete', sid: '' }, undefined as never)
    const long = [3, 4, 5, 6]
      .map((seed) => make('busy', seed, 60, { tamper }))
      .find(({ failure }) => failure !== undefined)
    if (!long?.failure) throw new Error('nobody has accepted anything')
    const short = shortened(long, long.failure.rule, tamper)
    expect(short.steps.length).toBeLessThan(10)
    expect(replay(short, tamper)?.rule).toBe(long.failure.rule)
    expect(replay(short)).toBeUndefined()
  })
})
