import type { State } from '@ringdown/engine/center'
import type { FlowRequest } from '@ringdown/engine/studio/rows'
import type { Ledger } from '../../commit/ledger.ts'
import type { Answered, Draft, Kind, LoggedEvent, Message, Outcome, Route, RouteContext } from '../delivery.ts'
import { textOf } from './taskrouter.ts'

const asked = 'ringdown.flow.request-asked'

/**
 * What flows ask over HTTP (reference studio 4.6 and 4.7). The request is in the execution's row for as long as it waits:
 * the log has nothing of what may be secret in it.
 */
export const flowRequests: Route = {
  isUsed: ({ tables }: State) => tables.flow.size > 0,

  wants: (type) => type === asked,

  draftsOf(event: LoggedEvent, { state }: RouteContext): readonly Draft[] {
    const execution = state.find('execution', event.resource_sid)
    const { ticket, widget, type } = event.data
    if (!execution?.request || execution.ticket !== ticket) return []
    return [
      {
        kind: 'flow_request',
        receiver_sid: execution.flow_sid,
        event,
        message: messageOf(execution.request),
        about: {
          execution_sid: execution.sid,
          ticket: textOf(ticket) ?? '',
          widget: textOf(widget) ?? '',
          widget_type: textOf(type) ?? ''
        }
      }
    ]
  }
}

function messageOf({ method, url, content_type, body, parameters }: FlowRequest): Message {
  if (body !== null) return { method: 'POST', url, text: body, content_type }
  return { method: method === 'GET' ? 'GET' : 'POST', url, parameters }
}

/** Leads the execution on with whatever came of its request. */
export const flowAnswers: Required<Pick<Kind, 'answered'>> = {
  async answered({ about, outcome }: Answered, ledger: Ledger) {
    const { execution_sid = '', ticket = '', widget = '', widget_type = '' } = about
    const asking = { type: 'execution.answer', execution_sid, ticket, widget, widget_type } as const
    await ledger.execute({ ...asking, ...toldOf(outcome) })
  }
}

function toldOf(outcome: Outcome) {
  if ('failed' in outcome) return { failure: `${outcome.failed}: ${outcome.reason}` }
  const { status, headers, body } = outcome
  return {
    status,
    content_type: headers['content-type'] ?? '',
    // No store keeps it.
    body: body.replaceAll('\0', ''),
    headers: JSON.stringify(headers)
  }
}
