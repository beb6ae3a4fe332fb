import type { DeliveryKind, Kind } from './delivery.ts'
import type { Lanes } from './lanes.ts'
import { destinationOf, kindOf } from './queued.ts'
import type { DeliveryRow, DeliveryRows } from './rows.ts'
import type { SenderOptions, Whole } from './sending.ts'

export interface ReplayOptions extends Pick<SenderOptions, 'account'> {
  readonly rows: DeliveryRows
  readonly kinds: Readonly<Record<DeliveryKind, Kind>>
  readonly lanes: Lanes
  readonly whole: Whole
}

/** Queues a finished delivery again; answers it, undefined when there is none, or 'queued' when it still is. */
export async function replayDelivery(
  sid: string,
  { rows, account, kinds, lanes, whole }: ReplayOptions
): Promise<DeliveryRow | 'queued' | undefined> {
  const { account_sid } = account
  const { generation } = lanes
  const found = await rows.find(account_sid, sid)
  if (!found) return undefined
  const now = whole.now()
  const window_ms = kindOf(found, kinds)?.retry.window_ms
  const again = {
    sid,
    destination: destinationOf(JSON.parse(found.message)), // a Message, as rowOf wrote it
    due_at: now,
    window_ends_at: window_ms === undefined ? null : now + window_ms
  }
  // Counted before it is there: one too many only means that the store is asked.
  const lane = lanes.laneOf(again.destination)
  lane.addUnseen(1)
  const isQueued = await rows.replay(account_sid, again)
  if (!generation.isOver) {
    lane.addUnseen(isQueued ? 0 : -1)
    whole.pump(lane)
  }
  if (!isQueued) return 'queued'
  return rows.find(account_sid, sid)
}
