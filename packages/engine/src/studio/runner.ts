import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import type { Act, Done } from './acting.ts'
import { failAt, nextOf, tellFailure, widgetOf } from './course.ts'
import type { Widget } from './definition.ts'
import { endExecution } from './ending.ts'
import { emitError, emitStep, type FlowError } from './events.ts'
import { codes, Properties, WidgetFailure } from './rendering.ts'
import { revisionReads } from './revisions.ts'
import type { ExecutionRow } from './rows.ts'
import { leaveSubflow } from './subflow.ts'
import { goOn, happen, setContext } from './turns.ts'
import { widgetTypeOf } from './widget-types.ts'
import { ruleOf } from './widgets.ts'

/** Widgets of one decision: others have their turn in between. */
const widgetsAtOnce = 25
/** Work of one decision before others have theirs: some twenty milliseconds. One widget may take more (`Work.most`). */
const workAtOnce = 20_000

/** What a turn has taken so far. */
interface Share {
  work: number
}

/** Limits of an execution (reference studio 7). */
const maxSteps = 1000
const maxRepeats = 10
/** Ours, in characters: what a context gathers is kept with each of its changes. */
const maxContext = 4_194_304

/**
 * A turn of an execution: it goes from widget to widget until it waits for somebody, ends, or has had its share. A widget
 * that may have to see what memory does not hold is the first of its turn, so that it can be read before the decision.
 */
export function executionTurn(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const { turns } = state.tables.execution.need(sid)
  state.change('execution', sid, { turns: turns + 1, waits_for: null, date_turn: null, date_next_turn: null })
  const share: Share = { work: 0 }
  for (let widgets = 0; ; widgets++) {
    const execution = state.tables.execution.need(sid)
    if (execution.status === 'ended') break
    const hasHadIts = widgets >= widgetsAtOnce || share.work > workAtOnce
    if (hasHadIts || (widgets > 0 && mayRead(state, execution))) {
      goOn(state, sid)
      break
    }
    if (!proceed(state, execution, share)) break
  }
  return {}
}

export function turnReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  const execution = state.tables.execution.find(sid)
  return execution ? readsOf(state, execution) : []
}

/** Nobody wrote in time, a call did not come back in time, or whoever asks an address has lost the question. */
export function executionTimeout(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const execution = state.tables.execution.need(sid)
  if (execution.waits_for === 'answer') {
    const widget = widgetOf(state, execution)
    const code = widget?.type === 'run-function' ? codes.function : codes.request
    const message = 'nothing is known of the request that was asked'
    failAt(state, execution, failureOf(widget) ?? 'failed', { error: { code, message } })
  } else happen(state, sid, 'timeout')
  return {}
}

/** Whether the next step is one that may have to see what memory does not hold. */
function mayRead(state: State, execution: ExecutionRow): boolean {
  const widget = execution.happened === null ? widgetOf(state, execution) : undefined
  return widget !== undefined && ruleOf(widget.type).reads !== undefined
}

/** What must be read before the next step: the definition first, then what the widget there needs. */
function readsOf(state: State, execution: ExecutionRow): readonly Read[] {
  const definition = revisionReads(state, execution.running_flow_sid, execution.running_version)
  if (definition.length > 0) return definition
  const widget = widgetOf(state, execution)
  if (!widget || execution.happened !== null) return []
  try {
    return ruleOf(widget.type).reads?.(actOf(state, execution, widget)) ?? []
  } catch (error) {
    // What cannot be rendered names nothing: the widget fails by it.
    if (error instanceof WidgetFailure) return []
    throw error
  }
}

/** One widget; false when the execution waits, or is over. */
function proceed(state: State, execution: ExecutionRow, share: Share): boolean {
  const widget = widgetOf(state, execution)
  if (!widget) {
    const message = `Flow ${execution.running_flow_sid} has no widget ${execution.widget} in revision ${execution.running_version}`
    return fails(state, execution, { code: codes.value, message })
  }
  if (execution.happened !== null) {
    state.change('execution', execution.sid, { happened: null })
    return leave(state, execution.sid, widget, { event: execution.happened })
  }
  const done = attempt(actOf(state, execution, widget), share)
  if (done === 'waits') return false
  if (done === 'elsewhere') return true
  setContext(state, execution.sid, done.changes ?? [])
  if (state.tables.execution.need(execution.sid).context_size > maxContext)
    return fails(state, execution, {
      code: codes.value,
      message: `its context has grown beyond ${maxContext} characters`
    })
  return leave(state, execution.sid, widget, done)
}

type Happened = Exclude<Done, string>

/** What a widget does, its failure among that. */
function attempt(act: Act, share: Share): Done {
  const { widget } = act
  try {
    return ruleOf(widget.type).act(act)
  } catch (error) {
    if (!(error instanceof WidgetFailure)) throw error
    const { code, message } = error
    return { event: failureOf(widget) ?? 'failed', error: { code, message: `${widget.name}: ${message}` } }
  } finally {
    share.work += act.properties.work.done
  }
}

/** Goes along the transition of what happened; false where that is the end. */
function leave(state: State, sid: string, widget: Widget, { event, transition, error }: Happened): boolean {
  const execution = state.tables.execution.need(sid)
  const flow = state.tables.flow.find(execution.flow_sid)
  const way = transition ?? widget.transitions.find((one) => one.event === event)
  const next = nextOf(state, execution, way)
  if (error) emitError(state, { flow, execution }, error, next === undefined ? 'error' : 'warning')
  const step = state.insert('execution_step', {
    account_sid: state.account_sid,
    flow_sid: execution.flow_sid,
    execution_sid: sid,
    parent_step_sid: execution.parent?.step_sid ?? null,
    name: event,
    transitioned_from: widget.name,
    transitioned_to: next ?? 'Ended',
    type: widget.type,
    changes: execution.forgets ? [] : execution.unsaved
  })
  const repeats = next === widget.name ? execution.repeats + 1 : 1
  const after = state.change('execution', sid, {
    unsaved: [],
    last_step_sid: step.sid,
    steps: execution.steps + 1,
    repeats,
    widget: next ?? null
  })
  emitStep(state, after, step)
  if (next === undefined) return end(state, after, error !== undefined || isFailure(widget, event))
  if (after.steps >= maxSteps) return fails(state, after, { code: codes.steps, message: `more than ${maxSteps} steps` })
  if (repeats > maxRepeats)
    return fails(state, after, { code: codes.steps, message: `${widget.name} led to itself ${maxRepeats} times` })
  return true
}

/** At the end of a subflow its parent goes on; what went wrong in it is the parent's failure. */
function end(state: State, execution: ExecutionRow, failed: boolean): boolean {
  if (execution.parent) {
    leaveSubflow(state, execution, execution.parent, failed ? 'failed' : 'completed')
    const error = { code: codes.subflow, message: `Flow ${execution.running_flow_sid} has failed` }
    if (failed) tellFailure(state, state.tables.execution.need(execution.sid), 'failed', error)
    return true
  }
  endExecution(state, execution.sid, failed ? 'ERROR' : 'FLOW_END')
  return false
}

/** The flow cannot go on at all. */
function fails(state: State, { sid, flow_sid }: ExecutionRow, error: FlowError): boolean {
  const execution = state.tables.execution.need(sid)
  emitError(state, { flow: state.tables.flow.find(flow_sid), execution }, error)
  endExecution(state, sid, 'ERROR')
  return false
}

/** Whether an event says that a widget could not do what it is for; what nobody has a way for ends the execution by that. */
function isFailure(widget: Widget, event: string): boolean {
  return widget.type !== 'split-based-on' && event === failureOf(widget)
}

function failureOf(widget: Widget | undefined): string | undefined {
  return widget && widgetTypeOf(widget.type)?.failure
}

function actOf(state: State, execution: ExecutionRow, widget: Widget): Act {
  return { state, execution, widget, properties: new Properties(state, execution, widget) }
}
