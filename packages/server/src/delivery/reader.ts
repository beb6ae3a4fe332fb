import type { State } from '@ringdown/engine/center'
import type { Logger } from 'pino'
import type { Digest, Digested } from '../log/follower.ts'
import { type Store, type StoredEvent, StoreUnavailable } from '../store/store.ts'
import type { DeliveryKind, Kind, LoggedEvent, Route, RouteContext } from './delivery.ts'
import { deliveryKinds } from './kinds.ts'
import { rowOf } from './queued.ts'
import { type DeliveryRow, deliveryWrites } from './rows.ts'

/** Name of the cursor. */
export const deliveriesReader = 'deliveries'

/** Whether anything is configured that could want an event. */
export function isAnyUsed(routes: readonly Route[], state: State): boolean {
  return routes.some((route) => route.isUsed(state))
}

/** What events are sent by, with the rows as they are written. */
interface Delivered extends Digested {
  readonly deliveries: readonly DeliveryRow[]
  /** SIDs of those whose event happened before the one that they are sent for: who asks for it late is told of it late. */
  readonly backdated: ReadonlySet<string>
}

/** Asks the routes what events have to be sent for. What one of them cannot make sense of goes to the log, not there. */
export function deliveriesDigest(options: {
  readonly store: Store
  readonly account: { readonly account_sid: string; readonly state: State }
  readonly routes: readonly Route[]
  readonly now: () => number
  readonly log: Logger
  /** Where others reach this server. */
  readonly public_url?: string | undefined
  readonly kinds?: Readonly<Record<DeliveryKind, Kind>>
}): Digest<StoredEvent, Delivered> {
  const { store, account, routes, now, log, public_url, kinds = deliveryKinds } = options
  const { account_sid } = account
  const find: RouteContext['find'] = (kind, where) => store.find(account_sid, kind, where)
  const logged: NonNullable<RouteContext['log']> = async (after, limit) =>
    (await store.log(account_sid, after, limit)).map(loggedOf)
  return async (events) => {
    const { state } = account
    const context: RouteContext = { account_sid, state, public_url, find, log: logged }
    const used = routes.filter((route) => route.isUsed(state))
    const deliveries: DeliveryRow[] = []
    const backdated = new Set<string>()
    for (const stored of events) {
      const asked = used.filter((route) => route.wants(stored.type, state))
      if (asked.length === 0) continue
      const event = loggedOf(stored)
      for (const route of asked)
        try {
          const drafts = route.draftsOf(event, context)
          for (const draft of drafts instanceof Promise ? await drafts : drafts) {
            const row = rowOf(draft, now(), kinds[draft.kind])
            deliveries.push(row)
            if (row.event_seq < event.seq) backdated.add(row.sid)
          }
        } catch (err) {
          if (err instanceof StoreUnavailable) throw err // the step is tried again
          log.error(
            { err, event_sid: event.sid, event_type: event.type },
            'a route failed: the event is not sent by it'
          )
        }
    }
    return { deliveries, backdated, writes: deliveryWrites(deliveries) }
  }
}

function loggedOf({ seq, sid, type, at, data }: StoredEvent): LoggedEvent {
  const rest: Omit<LoggedEvent, 'seq' | 'sid' | 'type' | 'at'> = JSON.parse(data) // as the batch wrote it
  return { seq, sid, type, at, ...rest }
}
