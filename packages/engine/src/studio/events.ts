import type { State } from '../center.ts'
import { refOf } from '../core/events.ts'
import type { EventRefs, Rendering } from '../events.ts'
import type { ExecutionRow, ExecutionStepRow } from './rows.ts'

/** What streams tell of flows (reference events 4.3), and what others do for them. */
export const studioEvents = {
  'flow.execution.started': ofExecution((execution) => `began at revision ${execution.flow_version}`),
  'flow.execution.ended': ofExecution((execution) => `ended: ${execution.ended_reason}`),
  'flow.step.ended': stepEnded,
  'ringdown.flow.execution-erased': ofExecution(() => 'knows no more what was said in it'),
  'ringdown.flow.execution-removed': ofExecution(() => 'is removed'),
  'ringdown.flow.request-asked': ofExecution((execution) => `asks ${hostOf(execution)}`),
  'ringdown.flow.handoff-requested': ofExecution(() => 'hands over to Flex'),
  'error.logged': errorLogged
} satisfies Record<string, Rendering>

export function emitExecution(
  state: State,
  type:
    | 'flow.execution.started'
    | 'flow.execution.ended'
    | 'ringdown.flow.execution-erased'
    | 'ringdown.flow.execution-removed'
    | 'ringdown.flow.request-asked'
    | 'ringdown.flow.handoff-requested',
  execution: ExecutionRow,
  extra?: NonNullable<EventRefs['extra']>
): void {
  state.emit(type, { flow: state.tables.flow.find(execution.flow_sid), execution, ...(extra && { extra }) })
}

export function emitStep(state: State, execution: ExecutionRow, execution_step: ExecutionStepRow): void {
  state.emit('flow.step.ended', { flow: state.tables.flow.find(execution.flow_sid), execution, execution_step })
}

/** Something of a flow went wrong, by Twilio's number. */
export interface FlowError {
  readonly code: number
  readonly message: string
}

/** Tells the debugger. `level` is `warning` where the flow goes on by a way that it has for that. */
export function emitError(
  state: State,
  rows: Pick<EventRefs, 'flow' | 'execution'>,
  { code, message }: FlowError,
  level: 'error' | 'warning' = 'error'
): void {
  state.emit('error.logged', {
    ...rows,
    extra: {
      error_code: code,
      message: message.slice(0, 600),
      level,
      product: 'studio',
      widget: rows.execution?.widget ?? null
    }
  })
}

function ofExecution(did: (execution: ExecutionRow) => string): Rendering {
  return (refs) => {
    const execution = refOf(refs, 'execution')
    return {
      description: `Execution ${execution.sid} of Flow ${refs.flow?.friendly_name ?? execution.flow_sid} ${did(execution)}`,
      resource_type: 'execution',
      resource_sid: execution.sid,
      data: {
        execution_sid: execution.sid,
        account_sid: execution.account_sid,
        flow_sid: execution.flow_sid,
        flow_name: refs.flow?.friendly_name,
        flow_revision: execution.flow_version,
        contact_channel_address: execution.contact_channel_address,
        conversation_sid: execution.conversation_sid,
        status: execution.status,
        started_by: execution.initiated_by,
        ended_reason: execution.ended_reason,
        date_created: execution.date_created,
        date_updated: execution.date_updated,
        ...refs.extra
      }
    }
  }
}

function stepEnded(refs: EventRefs): ReturnType<Rendering> {
  const step = refOf(refs, 'execution_step')
  const execution = refOf(refs, 'execution')
  return {
    description: `Execution ${step.execution_sid} of Flow ${refs.flow?.friendly_name ?? step.flow_sid}: ${step.name} at ${step.transitioned_from} led to ${step.transitioned_to}`,
    resource_type: 'execution-step',
    resource_sid: step.sid,
    data: {
      account_sid: step.account_sid,
      execution_sid: step.execution_sid,
      flow_sid: step.flow_sid,
      flow_name: refs.flow?.friendly_name,
      flow_revision: execution.flow_version,
      conversation_sid: execution.conversation_sid,
      step_sid: step.sid,
      parent_step_sid: step.parent_step_sid,
      name: step.name,
      transitioned_from: step.transitioned_from,
      transitioned_to: step.transitioned_to,
      date_created: step.date_created
    }
  }
}

function errorLogged(refs: EventRefs): ReturnType<Rendering> {
  const { execution, flow, extra = {} } = refs
  const resource = execution ?? flow
  return {
    description: `Error ${extra.error_code}: ${extra.message}`,
    resource_type: execution ? 'execution' : 'flow',
    resource_sid: resource?.sid ?? '',
    data: {
      ...(flow && { flow_sid: flow.sid, flow_name: flow.friendly_name }),
      ...(execution && { execution_sid: execution.sid, conversation_sid: execution.conversation_sid }),
      ...extra
    }
  }
}

/** Where a request goes, without what may be secret in its address. */
function hostOf({ request }: ExecutionRow): string {
  return /^https?:\/\/(?:[^/@?#]*@)?([^/?#]+)/i.exec(request?.url ?? '')?.[1] ?? 'an address'
}
