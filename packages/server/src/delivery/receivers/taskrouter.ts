import { routingEvents } from '@ringdown/engine/routing/events'
import type { Draft, LoggedEvent, Parameters, Route } from '../delivery.ts'

/** TaskRouter's types; what only we tell is not for receivers that know Twilio's. */
const types: ReadonlySet<string> = new Set(Object.keys(routingEvents).filter((type) => !type.startsWith('ringdown.')))

/**
 * A workspace's event callback: everything that happens in it, or what its `events_filter` names (reference taskrouter
 * 8.1). What is left when it is read decides, so nobody is told that the workspace itself has been deleted.
 */
export const workspaceEvents: Route = {
  isUsed({ account_sid, tables: { workspace } }) {
    for (const { event_callback_url } of workspace.by('account_sid', account_sid)) if (event_callback_url) return true
    return false
  },

  wants: (type) => types.has(type),

  draftsOf(event, { account_sid, state }): readonly Draft[] {
    const workspace = state.find('workspace', event.workspace_sid)
    if (!workspace?.event_callback_url || !admits(workspace.events_filter, event.type)) return []
    const parameters = callbackParameters(event, account_sid)
    return [
      {
        kind: 'taskrouter_event',
        receiver_sid: workspace.sid,
        event,
        message: { method: 'POST', url: workspace.event_callback_url, parameters },
        // What happens to one task is told in its order, also while another one's receiver is slow.
        order_key: textOf(event.data.task_sid ?? event.data.worker_sid) ?? event.resource_sid
      }
    ]
  }
}

/** A comma list of exact types, blanks after commas tolerated; without one, everything (reference taskrouter 1.2). */
export function admits(events_filter: string | null, type: string): boolean {
  if (events_filter === null || events_filter.trim() === '') return true
  return events_filter.split(',').some((one) => one.trim() === type)
}

/**
 * The parameters of reference taskrouter 8.3. Instants other than `Timestamp` are in milliseconds; what is null or absent
 * is left out.
 */
function callbackParameters(event: LoggedEvent, account_sid: string): Parameters {
  const common: Record<string, string | undefined> = {
    EventType: event.type,
    AccountSid: account_sid,
    WorkspaceSid: event.workspace_sid,
    EventDescription: event.description,
    ResourceType: event.resource_type,
    ResourceSid: event.resource_sid,
    Timestamp: String(Math.floor(event.at / 1000)),
    TimestampMs: String(event.at),
    Sid: event.sid
  }
  const all = new Map(Object.entries(common))
  for (const [name, value] of Object.entries(event.data)) all.set(pascal(name), textOf(value))
  return [...all].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
}

/** `worker_previous_activity_sid` is `WorkerPreviousActivitySid` on the wire. */
export function pascal(name: string): string {
  let written = pascals.get(name)
  if (written === undefined) {
    written = name.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
    pascals.set(name, written)
  }
  return written
}

/** Names of fields of events, of which there are a few hundred: each event has twenty. */
const pascals = new Map<string, string>()

/** Every value is a text on the wire; undefined where there is none. */
export function textOf(value: LoggedEvent['data'][string]): string | undefined {
  return value === null || value === undefined ? undefined : String(value)
}
