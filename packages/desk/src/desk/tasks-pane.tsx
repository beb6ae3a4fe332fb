import { Plus } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import type { SignedInUser } from '../app/session.ts'
import { instantOf, spanText, useNow } from '../live/clock.ts'
import { useActivities } from '../live/desk.ts'
import { draftKey, drafts } from '../live/drafts.ts'
import { channelOf, type DeskItem, identityOf, type WorkerDesk } from '../live/rows.ts'
import { useStore } from '../live/store.ts'
import { Avatar, StatusDot } from '../parts/avatar.tsx'
import { late } from '../parts/late.tsx'
import { PaneDivider } from '../parts/pane-divider.tsx'
import { nameOf } from '../words/names.ts'
import { useWords } from '../words/words.ts'
import { ownChange, setActivity } from './actions.ts'
import { Capacities } from './capacities.tsx'
import { goneOffers } from './gone.ts'
import { NothingWaits } from './nothing-waits.tsx'
import { GoneCard, OfferCard } from './offer-card.tsx'

interface TasksPaneProps {
  readonly desk: WorkerDesk
  readonly user: SignedInUser
  readonly offers: readonly DeskItem[]
  readonly held: readonly DeskItem[]
  readonly chosen: DeskItem | undefined
  readonly accept: (item: DeskItem) => Promise<void>
  readonly open: (task_sid: string) => void
}

const cardsAtOnce = 2

const Parked = late(async () => (await import('./parked.tsx')).Parked)
const OutboundDialog = late(async () => (await import('./outbound.tsx')).OutboundDialog)
const ActivityButton = late(
  async () => (await import('./activity-button.tsx')).ActivityButton,
  ({ desk: { worker } }) => (
    <button type="button" className="button activity">
      <StatusDot kind={worker.available ? 'available' : 'busy'} />
      <span className="activity-name">{worker.activity_name}</span>
    </button>
  )
)

/** Who rings, and what is in hand. */
export function TasksPane({ desk, user, offers, held, chosen, accept, open }: TasksPaneProps) {
  const words = useWords()
  const [isAll, setAll] = useState(false)
  const [isWriting, setWriting] = useState(false)
  const gone = useStore(goneOffers)
  const shown = isAll ? offers : offers.slice(0, cardsAtOnce)
  const wrapping = held.filter(({ reservation }) => reservation.reservation_status === 'wrapping')
  const yours = useCalmOrder(held.filter((one) => !wrapping.includes(one)))
  return (
    <section className="tasks" aria-label={words.tasks.title} data-pane tabIndex={-1}>
      <div className="tasks-head">
        <ActivityButton desk={desk} workspace_sid={String(user.workspace_sid)} />
        <Capacities desk={desk} />
        <button
          type="button"
          className="icon-button"
          aria-label={words.tasks.outbound}
          title={words.tasks.outbound}
          onClick={() => setWriting(true)}
        >
          <Plus size={16} />
        </button>
      </div>
      <Moved desk={desk} workspace_sid={String(user.workspace_sid)} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
      <div className="scroll" tabIndex={0} role="group" aria-label={words.tasks.title}>
        {shown.map((item) => (
          <OfferCard key={item.reservation.sid} item={item} onAccept={() => accept(item)} />
        ))}
        {gone.map(({ item, by }) => (
          <GoneCard key={item.reservation.sid} item={item} by={by} />
        ))}
        {offers.length > shown.length && (
          <button type="button" className="more" onClick={() => setAll(true)}>
            {words.tasks.more(offers.length - shown.length)}
          </button>
        )}
        {held.length === 0 && offers.length === 0 && gone.length === 0 && (
          <NothingWaits desk={desk} workspace_sid={String(user.workspace_sid)} />
        )}
        <Group title={words.tasks.yours} items={yours} {...{ desk, chosen, open }} />
        <Group title={words.tasks.wrapping} items={wrapping} {...{ desk, chosen, open }} />
        <Parked desk={desk} workspace_sid={String(user.workspace_sid)} />
      </div>
      <PaneDivider pane="tasks" />
      {isWriting && <OutboundDialog onClose={() => setWriting(false)} />}
    </section>
  )
}

/** Rows do not move under the pointer or the focus: their order waits until it has left, two seconds at most. */
function useCalmOrder(items: readonly DeskItem[]): readonly DeskItem[] {
  const order = useRef<readonly string[]>([])
  const since = useRef<number | undefined>(undefined)
  const [, again] = useState(0)
  const wanted = items.map(({ task }) => task.sid)
  const isSame = wanted.join() === order.current.join()
  const isHeld =
    !isSame &&
    wanted.length === order.current.length &&
    wanted.every((sid) => order.current.includes(sid)) &&
    document.querySelector('.task-row:hover, .task-row:focus-visible') !== null
  if (isSame || !isHeld) since.current = undefined
  else since.current ??= performance.now()
  if (!isHeld || performance.now() - (since.current ?? 0) > 2000) order.current = wanted
  useEffect(() => {
    if (!isHeld) return
    const timer = setTimeout(() => again((count) => count + 1), 2050)
    return () => clearTimeout(timer)
  }, [isHeld])
  const place = new Map(order.current.map((sid, index) => [sid, index]))
  return [...items].sort((a, b) => (place.get(a.task.sid) ?? 0) - (place.get(b.task.sid) ?? 0))
}

/** The server has changed the activity: an offer ran out, or somebody did it. */
function Moved({ desk, workspace_sid }: { readonly desk: WorkerDesk; readonly workspace_sid: string }) {
  const words = useWords()
  const { data: activities } = useActivities(workspace_sid)
  const before = useRef(desk.worker)
  const [from, setFrom] = useState<string>()
  useEffect(() => {
    const was = before.current
    before.current = desk.worker
    if (was.activity_sid === desk.worker.activity_sid) return
    setFrom(
      was.available && !desk.worker.available && !ownChange.has(desk.worker.activity_sid) ? was.activity_sid : undefined
    )
    ownChange.delete(desk.worker.activity_sid)
  }, [desk.worker])
  const back = activities?.find(({ sid }) => sid === from)
  if (!back) return null
  return (
    <div className="moved" role="status">
      <span>{words.tasks.moved(desk.worker.activity_name ?? '')}</span>
      <button type="button" className="button small" onClick={() => setActivity(String(back.sid))}>
        {words.tasks.backTo(back.friendly_name ?? '')}
      </button>
    </div>
  )
}

interface GroupProps {
  readonly title: string
  readonly items: readonly DeskItem[]
  readonly desk: WorkerDesk
  readonly chosen: DeskItem | undefined
  readonly open: (task_sid: string) => void
}

function Group({ title, items, desk, chosen, open }: GroupProps) {
  if (items.length === 0) return null
  return (
    <>
      <h2 className="group">
        {title} <span>{items.length}</span>
      </h2>
      <ul className="rows">
        {items.map((item) => (
          <li key={item.task.sid}>
            <TaskRow
              item={item}
              me={identityOf(desk.worker)}
              isChosen={item === chosen}
              onOpen={() => open(item.task.sid)}
            />
          </li>
        ))}
      </ul>
    </>
  )
}

interface TaskRowProps {
  readonly item: DeskItem
  readonly me: string
  readonly isChosen: boolean
  readonly onOpen: () => void
}

function TaskRow({ item, me, isChosen, onOpen }: TaskRowProps) {
  const words = useWords()
  const now = useNow()
  const all = useStore(drafts)
  const { reservation, conversation, task } = item
  const isWrapping = reservation.reservation_status === 'wrapping'
  const draft = conversation && all.get(draftKey(conversation.sid, 'reply'))
  const unread = conversation?.unread_count ?? 0
  const waiting = instantOf(conversation?.waiting_since)
  const due = instantOf(conversation?.reply_due_at)
  const ends = instantOf(reservation.wrap_up_ends_at)
  const since = waiting ?? instantOf(conversation?.last_message?.date_created ?? task.date_created)
  const isLate = due !== undefined && now > due
  const last = conversation?.last_message
  return (
    <button
      type="button"
      className={`task-row ${unread > 0 ? 'unread' : ''}`}
      aria-current={isChosen ? 'true' : undefined}
      onClick={onOpen}
    >
      <Avatar name={nameOf(item)} channel={channelOf(item)} />
      <span className="task-body">
        <span className="task-line">
          <b dir="auto">{nameOf(item)}</b>
          <span className={`age ${isLate ? 'late' : ''}`}>
            {isWrapping && ends !== undefined
              ? spanText(ends - now)
              : since === undefined
                ? ''
                : isLate
                  ? words.tasks.waits(spanText(now - since))
                  : spanText(now - since)}
          </span>
        </span>
        <span className="task-line second">
          <span className="preview" dir="auto">
            {isWrapping ? (
              words.tasks.wrapUp
            ) : draft ? (
              <>
                <em>{words.tasks.draft}</em> <bdi>{draft.text}</bdi>
              </>
            ) : last ? (
              `${last.author === me ? `${words.tasks.you} ` : ''}${last.body ?? words.canvas.file}`
            ) : (
              (task.task_queue_friendly_name ?? '')
            )}
          </span>
          {unread > 0 && !isWrapping && (
            <>
              <span className="badge" aria-hidden>
                {unread > 99 ? '99+' : unread}
              </span>
              <span className="unseen">{words.tasks.unread(unread)}</span>
            </>
          )}
        </span>
      </span>
    </button>
  )
}
