import { useEffect, useRef } from 'react'
import { onEvent } from '../live/desk.ts'
import type { DeskItem } from '../live/rows.ts'
import { Store } from '../live/store.ts'

/* Offers that somebody else has taken, or that are withdrawn: their cards say so for a moment, and do not just vanish. */

export interface GoneOffer {
  readonly item: DeskItem
  /** Who has it now; undefined where nobody has. */
  readonly by: string | undefined
}

export const goneOffers = new Store<readonly GoneOffer[]>([])

const shownFor_ms = 4000

/** Keeps what becomes of these offers. */
export function useGoneOffers(offers: readonly DeskItem[]): void {
  const known = useRef(offers)
  useEffect(() => {
    known.current = offers
  }, [offers])
  useEffect(
    () =>
      onEvent(({ type, data }) => {
        if (type !== 'reservation.rescinded' && type !== 'reservation.canceled') return
        const item = known.current.find(({ reservation }) => reservation.sid === data.reservation_sid)
        if (!item) return
        const by = typeof data.accepted_worker_name === 'string' ? data.accepted_worker_name : undefined
        const gone = { item, by }
        goneOffers.set([...goneOffers.get(), gone])
        setTimeout(() => goneOffers.set(goneOffers.get().filter((one) => one !== gone)), shownFor_ms)
      }),
    []
  )
}
