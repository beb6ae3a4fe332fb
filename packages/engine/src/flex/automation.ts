import { isJsonObject, setAt } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import type { Json } from '../core/json.ts'
import { foldedName } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { finish } from '../routing/reservation.ts'
import type { ReservationRow, TaskRow } from '../routing/rows.ts'
import { fitsAttributes, updateTask } from '../routing/task.ts'
import { acceptUnasked } from './joining.ts'
import type { FlexConfigurationRow, WrapUpRow } from './rows.ts'

/*
 * What an agent's page would do in time, and the server does (reference flex 25): offers are accepted, and wrap-ups end,
 * as `ui_attributes.custom_data.features.agent_automation` of the configuration has it, in the words of Flex's template.
 * Of several sets the first that fits channel, task and worker counts. A closed tab stops none of it.
 */

/** A set of the configuration that does anything. */
interface Automation {
  /** Unique name of a task channel, as it is compared. */
  readonly channel: string
  readonly required_attributes: readonly Required[]
  readonly required_worker_attributes: readonly Required[]
  readonly auto_accept: boolean
  readonly auto_wrapup: boolean
  /** Milliseconds. */
  readonly wrapup_time: number
  readonly allow_extended_wrapup: boolean
  /** Milliseconds; 0 for as long as the agent likes. */
  readonly extended_wrapup_time: number
  readonly default_outcome: string | null
}

/** What an attribute must be, or hold where it is a list; dots lead into objects. */
interface Required {
  readonly key: string
  readonly value: string
}

/** Which wrap-ups need an outcome: all, or those of queues by SID or name. */
interface Dispositions {
  readonly isRequired: boolean
  readonly queues: ReadonlySet<string>
}

interface Features {
  readonly automations: readonly Automation[]
  readonly dispositions: Dispositions
}

// What follows from offers and wrap-ups

/** An offer that is to be accepted is so at once, in a decision of its own: who accepts may have to be read. */
export function acceptLater(state: State, { sid, workspace_sid }: ReservationRow): void {
  const reservation = state.tables.reservation.find(sid)
  if (reservation?.reservation_status !== 'pending' || !automationOf(state, reservation)?.auto_accept) return
  // A call is accepted by whoever connects it.
  const channel = state.tables.task_channel.need(reservation.task_channel_sid)
  if (foldedName(channel.unique_name) === 'voice') return
  state.insert('auto_accept', { workspace_sid, reservation_sid: sid, accept_at: state.at })
}

/** A wrap-up begins: it has a deadline where the configuration sets one. */
export function beginWrapUp(state: State, { sid }: ReservationRow): void {
  const reservation = state.tables.reservation.find(sid)
  if (reservation?.reservation_status !== 'wrapping') return
  const automation = automationOf(state, reservation)
  if (!automation?.auto_wrapup) return
  const { wrapup_time, allow_extended_wrapup, extended_wrapup_time, default_outcome } = automation
  const { workspace_sid, task_sid, worker_sid } = reservation
  const wrap_up = state.insert('wrap_up', {
    workspace_sid,
    reservation_sid: sid,
    task_sid,
    worker_sid,
    began_at: state.at,
    wrapup_time,
    allow_extended_wrapup,
    extended_wrapup_time,
    default_outcome,
    extended: false,
    ends_at: state.at + wrapup_time
  })
  emitWrapUp(state, 'ringdown.wrap-up.started', wrap_up)
}

/** The worker is done. */
export function endWrapUp(state: State, { sid }: ReservationRow): void {
  const wrap_up = state.tables.wrap_up.firstBy('reservation_sid', sid)
  if (wrap_up) state.remove('wrap_up', wrap_up.sid)
}

// Commands

/** Accepts, unless the offer was answered, or taken back, in the same instant. */
export function autoAcceptDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const { reservation_sid } = state.tables.auto_accept.need(sid)
  state.remove('auto_accept', sid)
  const reservation = state.tables.reservation.find(reservation_sid)
  if (reservation?.reservation_status !== 'pending') return {}
  acceptUnasked(state, reservation, () => state.emit('ringdown.reservation.auto-accepted', refsOf(state, reservation)))
  return {}
}

/**
 * The deadline is there: the worker completes, with the default outcome where none was given. Where one is required and
 * there is none, the wrap-up waits for it.
 */
export function wrapUpDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const wrap_up = state.tables.wrap_up.need(sid)
  const reservation = state.tables.reservation.need(wrap_up.reservation_sid)
  const task = state.tables.task.need(wrap_up.task_sid)
  if (outcomeOf(state, task) === undefined) {
    if (needsOutcome(state, task)) {
      const waiting = state.change('wrap_up', sid, { ends_at: null })
      emitWrapUp(state, 'ringdown.wrap-up.updated', waiting)
      return {}
    }
    if (wrap_up.default_outcome !== null) setOutcome(state, task, wrap_up.default_outcome)
  }
  emitWrapUp(state, 'ringdown.wrap-up.ended', wrap_up)
  finish(state, reservation, 'completed')
  return {}
}

/** Gives the worker more time, or takes it back. */
export function updateWrapUp(
  state: State,
  params: { readonly workspace_sid: string; readonly reservation_sid: string; readonly extended: boolean }
): { wrap_up: WrapUpRow } {
  const before = wrapUpOf(state, params)
  const { extended } = params
  if (extended === before.extended) return { wrap_up: before }
  if (!before.allow_extended_wrapup) refuse('not_possible', `The wrap-up of ${before.reservation_sid} has no extension`)
  const { began_at, wrapup_time, extended_wrapup_time } = before
  const isEndless = extended && extended_wrapup_time === 0
  const ends_at = isEndless ? null : began_at + wrapup_time + (extended ? extended_wrapup_time : 0)
  const wrap_up = state.change('wrap_up', before.sid, { extended, ends_at })
  emitWrapUp(state, 'ringdown.wrap-up.updated', wrap_up)
  return { wrap_up }
}

/** The deadline of a reservation's wrap-up, or 404. */
export function wrapUpOf(
  state: State,
  { workspace_sid, reservation_sid }: { readonly workspace_sid: string; readonly reservation_sid: string }
): WrapUpRow {
  const wrap_up = state.tables.wrap_up.firstBy('reservation_sid', reservation_sid)
  if (wrap_up?.workspace_sid === workspace_sid) return wrap_up
  return notFound(`/Workspaces/${workspace_sid}/Reservations/${reservation_sid}/WrapUp`)
}

// Outcomes

function outcomeOf(state: State, task: TaskRow): unknown {
  const conversations = memberOf(state.matcher.task(task).attributes, 'conversations')
  const outcome = memberOf(conversations, 'outcome')
  return outcome === null || outcome === '' ? undefined : outcome
}

function needsOutcome(state: State, { task_queue_sid }: TaskRow): boolean {
  const { isRequired, queues } = featuresOf(state).dispositions
  const queue = state.tables.task_queue.find(task_queue_sid)
  return isRequired || (queue !== undefined && (queues.has(queue.sid) || queues.has(queue.friendly_name)))
}

/** Attributes that have no room for it stay as they are: the wrap-up must end. */
function setOutcome(state: State, { sid, workspace_sid, attributes: before }: TaskRow, outcome: string): void {
  const whole = isJsonObject(memberOf(JSON.parse(before), 'conversations'))
    ? before
    : setAt(before, ['conversations'], '{}')
  const attributes = setAt(whole, ['conversations', 'outcome'], JSON.stringify(outcome))
  if (fitsAttributes(attributes)) updateTask(state, { workspace_sid, sid, attributes })
}

// The configuration

function automationOf(state: State, reservation: ReservationRow): Automation | undefined {
  const { automations } = featuresOf(state)
  if (automations.length === 0) return undefined
  const flex = state.tables.flex_configuration.need(state.account_sid)
  if (flex.taskrouter_workspace_sid !== reservation.workspace_sid) return undefined
  const channel = foldedName(state.tables.task_channel.need(reservation.task_channel_sid).unique_name)
  const task = state.matcher.task(state.tables.task.need(reservation.task_sid)).attributes
  const worker = state.matcher.worker(reservation.worker_sid).attributes
  return automations.find(
    (one) =>
      one.channel === channel &&
      one.required_attributes.every((required) => holds(task, required)) &&
      one.required_worker_attributes.every((required) => holds(worker, required))
  )
}

function holds(attributes: unknown, { key, value }: Required): boolean {
  const found = memberOf(attributes, key) ?? key.split('.').reduce<unknown>(memberOf, attributes)
  const is = (one: unknown) => one !== null && one !== undefined && !isJsonObject(one) && String(one) === value
  return Array.isArray(found) ? found.some(is) : is(found)
}

/** By configuration: it is read once, and again when it has changed. */
const read = new WeakMap<FlexConfigurationRow, Features>()

function featuresOf(state: State): Features {
  const configuration = state.tables.flex_configuration.find(state.account_sid)
  if (!configuration) return none
  let features = read.get(configuration)
  if (!features) {
    features = featuresIn(configuration.ui_attributes)
    read.set(configuration, features)
  }
  return features
}

const none: Features = { automations: [], dispositions: { isRequired: false, queues: new Set() } }

/** What is configured otherwise than the template has it is passed over. */
function featuresIn(ui_attributes: Json): Features {
  const root: unknown = typeof ui_attributes === 'string' ? JSON.parse(ui_attributes) : ui_attributes // checked when it was written
  const features = memberOf(memberOf(root, 'custom_data'), 'features')
  const automation = memberOf(features, 'agent_automation')
  const sets = memberOf(automation, 'enabled') === true ? memberOf(automation, 'configuration') : undefined
  const dispositions = memberOf(features, 'dispositions')
  return {
    automations: listIn(sets).flatMap((one) => automationIn(one) ?? []),
    dispositions: memberOf(dispositions, 'enabled') === true ? dispositionsIn(dispositions) : none.dispositions
  }
}

function automationIn(given: unknown): Automation | undefined {
  const channel = memberOf(given, 'channel')
  if (typeof channel !== 'string') return undefined
  const is = (name: string) => memberOf(given, name) === true
  const outcome = memberOf(given, 'default_outcome')
  return {
    channel: foldedName(channel),
    required_attributes: requiredIn(memberOf(given, 'required_attributes')),
    required_worker_attributes: requiredIn(memberOf(given, 'required_worker_attributes')),
    auto_accept: is('auto_accept'),
    auto_wrapup: is('auto_wrapup'),
    wrapup_time: millisecondsIn(memberOf(given, 'wrapup_time')),
    allow_extended_wrapup: is('allow_extended_wrapup'),
    extended_wrapup_time: millisecondsIn(memberOf(given, 'extended_wrapup_time')),
    default_outcome: typeof outcome === 'string' && outcome !== '' ? outcome : null
  }
}

function dispositionsIn(dispositions: unknown): Dispositions {
  const requires = (one: unknown) => memberOf(one, 'require_disposition') === true
  const perQueue = memberOf(dispositions, 'per_queue')
  const queues = Object.entries(isJsonObject(perQueue) ? perQueue : {}).filter(([, one]) => requires(one))
  return { isRequired: requires(memberOf(dispositions, 'global')), queues: new Set(queues.map(([name]) => name)) }
}

function requiredIn(given: unknown): Required[] {
  return listIn(given).flatMap((one) => {
    const [key, value] = [memberOf(one, 'key'), memberOf(one, 'value')]
    return typeof key === 'string' && value !== undefined && value !== null ? [{ key, value: String(value) }] : []
  })
}

/** The longest wrap-up that a configuration can set. */
const day_ms = 86_400_000

function millisecondsIn(given: unknown): number {
  return typeof given === 'number' && given > 0 ? Math.min(Math.ceil(given), day_ms) : 0
}

function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function memberOf(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}

// Events

function emitWrapUp(
  state: State,
  type: `ringdown.wrap-up.${'started' | 'updated' | 'ended'}`,
  wrap_up: WrapUpRow
): void {
  state.emit(type, { ...refsOf(state, state.tables.reservation.need(wrap_up.reservation_sid)), wrap_up })
}

function refsOf(state: State, reservation: ReservationRow) {
  return {
    workspace: state.tables.workspace.need(reservation.workspace_sid),
    reservation,
    task: state.tables.task.need(reservation.task_sid),
    worker: state.tables.worker.need(reservation.worker_sid)
  }
}
