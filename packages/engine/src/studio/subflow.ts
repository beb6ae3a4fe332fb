import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import type { Json } from '../core/json.ts'
import type { Act, Done } from './acting.ts'
import { fieldsOfContext, memberOfContext } from './context.ts'
import { definitionOf } from './definition.ts'
import { codes, WidgetFailure } from './rendering.ts'
import { findRevision, revisionNamed, revisionReads, settleRevisions } from './revisions.ts'
import type { ContextChange, ExecutionRow, Frame } from './rows.ts'
import { setContext } from './turns.ts'

/** Runs another flow in the same execution, with parameters of its own (reference studio 4.8). */
export function runSubflow(act: Act): Done {
  const { state, execution, widget, properties } = act
  if (execution.parent !== null) throw new WidgetFailure(codes.subflow, 'a subflow cannot run another one')
  const { flow_sid, version } = named(act)
  const revision = version === undefined ? undefined : findRevision(state, flow_sid, version)
  if (version === undefined || !revision)
    throw new WidgetFailure(
      codes.subflowRevision,
      `Flow ${flow_sid} has no revision ${String(properties.raw('flow_revision'))}`
    )
  const initial = definitionOf(revision).initial_state
  if (initial === undefined) throw new WidgetFailure(codes.subflow, `Flow ${flow_sid} has no first widget`)
  const { context } = execution
  const frame: Frame = {
    widget: widget.name,
    step_sid: execution.last_step_sid ?? execution.sid,
    trigger: context.trigger ?? {},
    widgets: context.widgets ?? {},
    variables: memberOfContext(context, 'flow', 'variables') ?? {}
  }
  const parent: Json = {
    parameters: Object.fromEntries(properties.pairs('parameters')),
    step_sid: frame.step_sid,
    execution_sid: execution.sid,
    flow_sid: execution.flow_sid,
    trigger_type: execution.trigger_event
  }
  setContext(state, execution.sid, [
    [['trigger', 'parent'], parent],
    [['widgets'], {}],
    [['flow', 'variables'], {}]
  ])
  state.change('execution', execution.sid, {
    parent: frame,
    running_flow_sid: flow_sid,
    running_version: version,
    widget: initial,
    repeats: 1,
    happened: 'incomingParent'
  })
  // One that was of no use to anybody is now.
  settleRevisions(state, flow_sid)
  return 'elsewhere'
}

export function subflowReads(act: Act): readonly Read[] {
  const { flow_sid, version } = named(act)
  return version === undefined ? [] : revisionReads(act.state, flow_sid, version)
}

/** Neither takes Liquid. */
function named({ state, properties }: Act): { readonly flow_sid: string; readonly version: number | undefined } {
  const flow_sid = String(properties.raw('flow_sid') ?? '')
  const flow = state.tables.flow.find(flow_sid)
  return { flow_sid, version: flow && revisionNamed(flow, String(properties.raw('flow_revision') ?? '')) }
}

/** The subflow is over: its parent goes on at the widget that ran it, which shows the subflow's variables. */
export function leaveSubflow(state: State, execution: ExecutionRow, frame: Frame, happened: string): void {
  const variables = fieldsOfContext(memberOfContext(execution.context, 'flow', 'variables'))
  // Only texts cross over.
  const texts = Object.entries(variables).filter(([, value]) => typeof value === 'string')
  const changes: ContextChange[] = [
    [['trigger'], frame.trigger],
    [['widgets'], frame.widgets],
    [['flow', 'variables'], frame.variables],
    [['widgets', frame.widget], Object.fromEntries(texts)]
  ]
  setContext(state, execution.sid, changes)
  state.change('execution', execution.sid, {
    parent: null,
    running_flow_sid: execution.flow_sid,
    running_version: execution.flow_version,
    widget: frame.widget,
    repeats: 1,
    happened
  })
  settleRevisions(state, execution.running_flow_sid)
}
