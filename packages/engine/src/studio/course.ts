import type { State } from '../center.ts'
import { type Definition, definitionOf, type Transition, type Widget } from './definition.ts'
import { emitError, type FlowError } from './events.ts'
import { findRevision } from './revisions.ts'
import type { ContextChange, ExecutionRow } from './rows.ts'
import { happen } from './turns.ts'

/* Where an execution stands, and where it would go on. */

/** The widget at which it is; undefined where its revision has none of that name. */
export function widgetOf(state: State, execution: ExecutionRow): Widget | undefined {
  return execution.widget === null ? undefined : runningDefinition(state, execution)?.widgets.get(execution.widget)
}

/** Where a transition leads; undefined at an end. */
export function nextOf(state: State, execution: ExecutionRow, transition: Transition | undefined): string | undefined {
  const next = transition?.next
  return next !== undefined && runningDefinition(state, execution)?.widgets.has(next) ? next : undefined
}

interface Failure {
  readonly error: FlowError
  /** What the context keeps of it. */
  readonly changes?: readonly ContextChange[]
}

/** What the execution waited for went wrong: it goes on by the event of that, and the debugger shows the error. */
export function failAt(state: State, execution: ExecutionRow, event: string, { error, changes = [] }: Failure): void {
  tellFailure(state, execution, event, error)
  happen(state, execution.sid, event, changes)
}

/** Tells the debugger of what went wrong: a warning where the flow has a way for that. */
export function tellFailure(state: State, execution: ExecutionRow, event: string, error: FlowError): void {
  const way = widgetOf(state, execution)?.transitions.find((one) => one.event === event)
  const level = nextOf(state, execution, way) === undefined ? 'error' : 'warning'
  emitError(state, { flow: state.tables.flow.find(execution.flow_sid), execution }, error, level)
}

function runningDefinition(state: State, { running_flow_sid, running_version }: ExecutionRow): Definition | undefined {
  const revision = findRevision(state, running_flow_sid, running_version)
  return revision && definitionOf(revision)
}
