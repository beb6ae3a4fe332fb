import { useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useLayoutEffect } from 'react'
import { preferences } from '../app/preferences.ts'
import { mayLead, session } from '../app/session.ts'
import { announce } from '../live/notices.ts'
import type { DeskItem } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { late } from '../parts/late.tsx'
import { panes } from '../parts/pane-divider.tsx'
import { nameOf } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { answerOffer } from './actions.ts'
import { Canvas } from './canvas.tsx'
import { Context } from './context.tsx'
import { contextDrawer } from './context-fold.ts'
import { type DeskItems, useDeskItems } from './desk-items.ts'
import { useDeskKeys } from './desk-keys.ts'
import { useDeskNews } from './desk-news.ts'
import { useGoneOffers } from './gone.ts'
import { useRinging, useWaitingTitle } from './ringing.ts'
import { TasksPane } from './tasks-pane.tsx'

const WhyDrawer = late(async () => (await import('../supervisor/why-drawer.tsx')).WhyDrawer)

/** The agent's desk: tasks, the conversation of one of them, and what is known of it. */
export function DeskScreen() {
  const words = useWords()
  const { task_sid } = useParams({ strict: false })
  const { why } = useSearch({ strict: false })
  const state = useStore(session.state)
  const items = useDeskItems(task_sid)
  const { desk, offers, held, chosen } = items
  const { open, accept } = useOpening()
  useRinging(offers, () => open(undefined))
  useWaitingTitle({ offers, held, title: `${chosen ? nameOf(chosen) : words.rail.desk} · ${words.product}` })
  useGoneOffers(offers)
  useDeskNews({ desk, held, chosen, open })
  useDeskKeys({ offers, held, chosen, accept, open, mayLead: mayLead(state) })
  const { classes, isContextShown } = usePanes(items)

  if (state.is !== 'in' && state.is !== 'lapsed') return null
  if (!desk)
    return (
      <main className="blank" id="canvas">
        <h1>{words.rail.desk}</h1>
        <p>{words.signIn.noWorker}</p>
      </main>
    )
  return (
    <div className={classes}>
      <TasksPane {...{ desk, user: state.user, offers, held, chosen, accept, open }} />
      <Canvas key={chosen?.task.sid ?? ''} {...{ desk, item: chosen, onBack: () => open(undefined) }} />
      {chosen && isContextShown && <Context key={`context ${chosen.task.sid}`} desk={desk} item={chosen} />}
      {why !== undefined && <WhyDrawer task_sid={why} workspace_sid={String(state.user.workspace_sid)} />}
    </div>
  )
}

/** Looking at a task, or at none, and taking what rings. */
function useOpening() {
  const words = useWords()
  const navigate = useNavigate()
  const open = useCallback(
    (sid: string | undefined) =>
      void (sid === undefined
        ? navigate({ to: '/' })
        : navigate({ to: '/tasks/$task_sid', params: { task_sid: sid } })),
    [navigate]
  )
  const accept = useCallback(
    async (item: DeskItem) => {
      if (!(await answerOffer(item, 'accepted'))) return
      announce(words.announce.accepted(nameOf(item)))
      open(item.task.sid)
    },
    [open, words]
  )
  return { open, accept }
}

interface Panes {
  readonly classes: string
  readonly isContextShown: boolean
}

/** Which panes are there, and how wide they are. */
function usePanes({ offers, chosen }: DeskItems): Panes {
  const isDrawn = useStore(contextDrawer)
  const chosenAspects = useStore(preferences)
  const { tasks_width = panes.tasks.usual, context_width = panes.context.usual } = chosenAspects
  const { context_folded = false, tasks_folded = false } = chosenAspects
  useLayoutEffect(() => {
    // By script, since the page lets no style attribute in; on the page, since notices go by it, too.
    const { style } = document.documentElement
    style.setProperty('--tasks-width', `${tasks_width}px`)
    style.setProperty('--context-width', `${context_width}px`)
  }, [tasks_width, context_width])
  const classes = [
    'desk',
    chosen && 'has-task',
    context_folded && 'folded',
    isDrawn && 'drawn',
    offers.length > 0 && 'rings',
    // Whoever rings is seen.
    tasks_folded && chosen && offers.length === 0 && 'tasks-folded'
  ]
  return { classes: classes.filter(Boolean).join(' '), isContextShown: isDrawn || !context_folded }
}
