import { useNavigate } from '@tanstack/react-router'
import { useLayoutEffect } from 'react'
import { openPlace, useOffer } from '../app/keys.ts'
import { choose, preferences } from '../app/preferences.ts'
import { announce } from '../live/notices.ts'
import type { DeskItem } from '../live/rows.ts'
import { wordsOf } from '../words/words.ts'
import { answerOffer, endContact } from './actions.ts'
import { toggleContext } from './context-fold.ts'
import { endOnce } from './end-once.ts'
import { mutedUntil } from './sounds.ts'

export interface Keyed {
  readonly offers: readonly DeskItem[]
  /** In the order of the list. */
  readonly held: readonly DeskItem[]
  readonly chosen: DeskItem | undefined
  readonly accept: (item: DeskItem) => Promise<void>
  readonly open: (task_sid: string) => void
  /** Whether they may ask why a task waits. */
  readonly mayLead: boolean
}

const silence_ms = 15 * 60_000

/** What keys do on the desk. */
export function useDeskKeys({ offers, held, chosen, accept, open, mayLead }: Keyed): void {
  const navigate = useNavigate()
  const [oldest] = offers
  const step = (by: number) => {
    const at = chosen ? held.indexOf(chosen) : -1
    const next = held[at < 0 ? 0 : (at + by + held.length) % held.length]
    if (next) open(next.task.sid)
  }
  const unanswered = held.find((item) => item !== chosen && item.conversation?.waiting_since != null)
  const isHeld = chosen && chosen.reservation.reservation_status !== 'wrapping'
  useOffer('fold', toggleContext)
  useOffer('foldTasks', () => choose({ tasks_folded: !preferences.get().tasks_folded }))
  useOffer('mute', mute)
  useOffer('accept', oldest && (() => void accept(oldest)))
  useOffer('reject', oldest && (() => void answerOffer(oldest, 'rejected')))
  useOffer('next', held.length > 0 ? () => step(1) : undefined)
  useOffer('previous', held.length > 0 ? () => step(-1) : undefined)
  useOffer('unanswered', unanswered && (() => open(unanswered.task.sid)))
  useOffer('why', mayLead && chosen ? () => void navigate({ to: '.', search: { why: chosen.task.sid } }) : undefined)
  useOffer('end', isHeld ? endOnce(() => void endContact(chosen)) : undefined)
  useLayoutEffect(() => {
    openPlace.set((place) => {
      const one = held[place]
      if (one) open(one.task.sid)
      return one !== undefined
    })
    return () => openPlace.set(undefined)
  }, [held, open])
}

function mute(): void {
  const isMuted = performance.now() < mutedUntil.get()
  mutedUntil.set(isMuted ? 0 : performance.now() + silence_ms)
  announce(isMuted ? wordsOf().commands.unmute : wordsOf().commands.mute)
}
