import type { State } from '@ringdown/engine/center'
import { withChanges } from '@ringdown/engine/studio/context'
import { contactKeyOf, type ExecutionRow } from '@ringdown/engine/studio/rows'

/* What must be true of executions of flows after every decision, recomputed from the rows alone. */

/** What is wrong with the executions of a state. */
export function* flowComplaints(state: State): Generator<string> {
  const active = new Map<string, string>()
  for (const row of state.tables.execution.all()) {
    const { sid, status, flow_sid, flow_version, trigger_event } = row
    yield* status === 'active' ? goesOn(row) : isOver(row)
    if (status === 'ended') continue
    if (!state.tables.flow.get(flow_sid)) yield `execution ${sid} runs of flow ${flow_sid}, which is gone`
    const revisions = [...state.tables.flow_revision.by('flow_sid', flow_sid)]
    if (!revisions.some(({ revision }) => revision === flow_version))
      yield `execution ${sid} runs revision ${flow_version}, which is not in memory`
    if (trigger_event === 'incomingCall') continue
    const key = contactKeyOf(flow_sid, row.flow_channel_address, row.contact_channel_address)
    const other = active.get(key)
    if (other !== undefined) yield `executions ${other} and ${sid} are with one contact on one flow`
    active.set(key, sid)
    if (row.conversation_sid !== null && state.tables.conversation.get(row.conversation_sid)?.state === 'closed')
      yield `execution ${sid} goes on in a conversation that is closed`
  }
}

/** One that goes on has exactly one way to do so. */
function* goesOn(row: ExecutionRow): Generator<string> {
  const { sid, waits_for, date_turn, date_next_turn, date_timeout, date_expires, request, ticket } = row
  const turns = [date_turn, date_next_turn].filter((due) => due !== null).length
  if (date_expires === null) yield `execution ${sid} goes on for ever`
  // One whose flow begins nowhere fails at its first turn.
  if (row.widget === null && waits_for !== 'turn') yield `execution ${sid} is nowhere`
  if (row.ended_reason !== null || row.date_ended !== null) yield `execution ${sid} goes on, and has ended`
  if (turns !== (waits_for === 'turn' ? 1 : 0))
    yield `execution ${sid} waits for ${waits_for} with ${turns} turns ahead`
  if (waits_for === null) yield `execution ${sid} waits for nothing`
  if ((waits_for === 'answer') !== (request !== null))
    yield `execution ${sid} waits for ${waits_for}, and asks ${request?.url}`
  if (waits_for === 'answer' && (ticket === null || date_timeout === null))
    yield `execution ${sid} asks without a ticket or without end`
}

function* isOver(row: ExecutionRow): Generator<string> {
  const { sid, widget, happened, waits_for, request, parent, ended_reason, date_ended, forgets } = row
  const left = [
    widget,
    happened,
    waits_for,
    request,
    parent,
    row.date_turn,
    row.date_next_turn,
    row.date_timeout,
    row.date_expires
  ]
  if (left.some((one) => one !== null)) yield `execution ${sid} has ended, and something of it goes on`
  if (ended_reason === null || date_ended === null) yield `execution ${sid} has ended without reason or time`
  if (forgets === null) return
  if (Object.keys(row.context).length > 0 || row.unsaved.length > 0)
    yield `execution ${sid} knows what it has to forget`
  if (forgets === 'contact' && (row.person !== null || row.contact_channel_address !== ''))
    yield `execution ${sid} knows with whom it was`
}

/** The same with all steps, which only a state has that nothing has left: each leads on from the one before, and all together to the context. */
export function* wholeFlows(state: State): Generator<string> {
  for (const execution of state.tables.execution.all()) {
    const { sid, context, unsaved, forgets } = execution
    const steps = [...state.tables.execution_step.by('execution_sid', sid)]
    if (steps.length !== execution.steps)
      yield `execution ${sid} has taken ${execution.steps} steps, and has ${steps.length}`
    if (steps.at(-1)?.sid !== (execution.last_step_sid ?? undefined)) yield `execution ${sid} has another last step`
    for (const [place, { transitioned_from, parent_step_sid, sid: step_sid }] of steps.entries()) {
      const before = steps[place - 1]
      // Into a subflow, and out of it, one comes by no step.
      if (!before || before.parent_step_sid !== parent_step_sid || before.transitioned_to === 'Ended') continue
      if (before.transitioned_to !== transitioned_from && parent_step_sid === null && !entersSubflow(state, step_sid))
        yield `step ${step_sid} begins at ${transitioned_from}, and the one before led to ${before.transitioned_to}`
    }
    if (forgets !== null) continue
    const shown = withChanges({}, [...steps.flatMap(({ changes }) => changes), ...unsaved])
    if (JSON.stringify(shown) !== JSON.stringify(context))
      yield `execution ${sid} knows something else than its steps have set`
  }
}

function entersSubflow(state: State, step_sid: string): boolean {
  return state.tables.execution_step.get(step_sid)?.type === 'run-subflow'
}
