import { useMemo } from 'react'
import { useDesk } from '../live/desk.ts'
import { type DeskItem, itemsOf, type WorkerDesk } from '../live/rows.ts'

export interface DeskItems {
  /** Undefined until it is there, and for who has no worker. */
  readonly desk: WorkerDesk | undefined
  /** What rings, the oldest first. */
  readonly offers: readonly DeskItem[]
  /** What is in hand: who waits longest for a reply first. */
  readonly held: readonly DeskItem[]
  /** What is in hand and looked at. */
  readonly chosen: DeskItem | undefined
}

/** What is on the desk, and which of it is looked at. */
export function useDeskItems(task_sid: string | undefined): DeskItems {
  const { data: desk } = useDesk()
  const [offers, held] = useMemo(() => {
    const items = desk ? itemsOf(desk) : []
    return [
      items.filter(isOffer),
      items.filter((item) => !isOffer(item)).sort((a, b) => waitingForReply(a).localeCompare(waitingForReply(b)))
    ]
  }, [desk])
  return { desk, offers, held, chosen: held.find(({ task }) => task.sid === task_sid) }
}

const isOffer = ({ reservation }: DeskItem) => reservation.reservation_status === 'pending'

/** Nobody waits: after all who do. */
const waitingForReply = ({ conversation }: DeskItem) => conversation?.waiting_since ?? '9'
