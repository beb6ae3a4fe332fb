import { useNavigate, useSearch } from '@tanstack/react-router'
import { CircleHelp, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { messageOfError } from '../api/api.ts'
import { useOffer } from '../app/keys.ts'
import { session } from '../app/session.ts'
import { spanText, useNow } from '../live/clock.ts'
import { connection } from '../live/desk.ts'
import { useStore } from '../live/store.ts'
import { ChannelIcon } from '../parts/avatar.tsx'
import { timeText, useWords } from '../words/words.ts'
import { type Floor, type QueueFigures, useFloor, type WaitingTask } from './figures.ts'
import { WhyDrawer } from './why-drawer.tsx'

/** Queues as they are now, and who waits too long soon. */
export function QueuesScreen() {
  const words = useWords()
  const state = useStore(session.state)
  const { why } = useSearch({ strict: false })
  const navigate = useNavigate()
  const user = 'user' in state ? state.user : undefined
  const workspace_sid = String(user?.workspace_sid)
  const { data, error, refetch } = useFloor(workspace_sid)
  const now = useNow()
  const [text, setText] = useState('')
  const finder = useRef<HTMLInputElement>(null)
  useOffer('find', () => finder.current?.focus())
  const isLive = useStore(connection).is === 'live'
  useEffect(() => {
    document.title = `${words.queues.title} · ${words.product}`
  }, [words])
  const first = data?.waiting[0]
  const ask = (sid: string) => void navigate({ to: '/queues', search: { why: sid } })
  useOffer('why', first && (() => ask(first.sid)))
  return (
    <div className={`queues ${why ? 'has-why' : ''}`}>
      <main className="queues-main" id="canvas" data-pane tabIndex={-1}>
        <header className="canvas-head">
          <h1>{words.queues.title}</h1>
          <span className={`tag ${isLive ? 'ok' : 'warn'}`}>
            {isLive ? words.connection.live : words.queues.updated(timeText(data?.at ?? now, words.lang))}
          </span>
          <span className="space" />
          <label className="find">
            <Search size={15} aria-hidden />
            <span className="unseen">{words.queues.find}</span>
            <input
              ref={finder}
              type="search"
              placeholder={words.queues.find}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          </label>
        </header>
        {error !== null && !data ? (
          <div className="canvas-note" role="alert">
            <p>{words.errors.failed(messageOfError(error))}</p>
            <button type="button" className="button" onClick={() => refetch()}>
              {words.errors.retry}
            </button>
          </div>
        ) : data ? (
          <div className="queues-body">
            <Tiles floor={data} now={now} />
            <QueueTable queues={sorted(data.queues, now, text)} isNone={data.queues.length === 0} now={now} />
            <Risk waiting={data.waiting} now={now} onAsk={ask} chosen={why} />
          </div>
        ) : (
          <div className="canvas-note" role="status">
            {words.tasks.loading}
          </div>
        )}
      </main>
      {why !== undefined && <WhyDrawer key={why} task_sid={why} workspace_sid={workspace_sid} />}
    </div>
  )
}

function Tiles({ floor: { queues, waiting }, now }: { readonly floor: Floor; readonly now: number }) {
  const words = useWords()
  const longest = waiting.reduce<WaitingTask | undefined>((a, b) => (a && a.since <= b.since ? a : b), undefined)
  const sum = (of: (queue: QueueFigures) => number) => queues.reduce((total, queue) => total + of(queue), 0)
  const breached = waiting.filter(({ limit }) => limit <= now).length
  return (
    <dl className="tiles">
      <Tile name={words.queues.waiting} value={String(sum((queue) => queue.waiting))} />
      <Tile
        name={words.queues.longest}
        value={longest ? spanText(now - longest.since) : '–'}
        beside={longest?.queue_name}
      />
      <Tile name={words.queues.breached} value={String(breached)} isBad={breached > 0} />
      <Tile name={words.queues.active} value={String(sum(({ active }) => active))} />
    </dl>
  )
}

interface TileProps {
  readonly name: string
  readonly value: string
  readonly beside?: string | undefined
  readonly isBad?: boolean
}

function Tile({ name, value, beside, isBad = false }: TileProps) {
  return (
    <div className="tile">
      <dt>{name}</dt>
      <dd className={isBad ? 'bad' : ''}>
        {value} {beside && <span>{beside}</span>}
      </dd>
    </div>
  )
}

/** Breached first, then who breaches soonest, then who waits longest. */
function sorted(queues: readonly QueueFigures[], now: number, text: string): readonly QueueFigures[] {
  const urgency = ({ limit }: QueueFigures) => (limit === undefined ? Number.POSITIVE_INFINITY : limit - now)
  return queues
    .filter(({ name }) => name.toLowerCase().includes(text.toLowerCase()))
    .sort((a, b) => {
      const [one, other] = [urgency(a), urgency(b)]
      return one === other ? a.name.localeCompare(b.name) : one - other
    })
}

interface TableProps {
  readonly queues: readonly QueueFigures[]
  readonly isNone: boolean
  readonly now: number
}

function QueueTable({ queues, isNone, now }: TableProps) {
  const words = useWords()
  if (queues.length === 0) return <p className="canvas-note">{isNone ? words.queues.none : words.queues.noneFits}</p>
  return (
    <div className="table-scroll">
      <table>
        <caption className="unseen">{words.queues.title}</caption>
        <thead>
          <tr>
            <th scope="col">{words.queues.queue}</th>
            <th scope="col">{words.queues.waiting}</th>
            <th scope="col">{words.queues.longest}</th>
            <th scope="col">{words.queues.active}</th>
            <th scope="col">{words.queues.level}</th>
            <th scope="col">{words.queues.available}</th>
          </tr>
        </thead>
        <tbody>
          {queues.map((queue) => {
            const {
              sid,
              name,
              waiting,
              waiting_since,
              limit,
              active,
              available,
              eligible,
              threshold_s,
              service_level
            } = queue
            const left = limit === undefined ? undefined : limit - now
            return (
              <tr key={sid}>
                <th scope="row">
                  {name} <LimitBadge left={left} within_s={threshold_s} />
                </th>
                <td className={waiting > 0 ? 'strong' : 'faint'}>{waiting}</td>
                <td className={left !== undefined && left <= 0 ? 'bad' : ''}>
                  {waiting_since === undefined ? '–' : spanText(now - waiting_since)}
                </td>
                <td>{active}</td>
                <td className={service_level === undefined ? 'faint' : ''}>
                  {service_level === undefined ? '–' : percentText(service_level, words.lang)}
                </td>
                <td className={available === 0 && waiting > 0 ? 'bad' : ''}>
                  {available} <span className="faint">{words.queues.agents(eligible)}</span>
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function percentText(share: number, lang: string): string {
  return new Intl.NumberFormat(lang, { style: 'percent', maximumFractionDigits: 0 }).format(share)
}

/** Said only when it is near: half of the time is over. */
function LimitBadge({ left, within_s }: { readonly left: number | undefined; readonly within_s: number }) {
  const words = useWords()
  if (left === undefined || left > within_s * 500) return null
  return left <= 0 ? (
    <span className="tag bad" title={words.queues.threshold(within_s)}>
      {words.queues.breached}
    </span>
  ) : (
    <span className="tag warn" title={words.queues.threshold(within_s)}>
      {words.queues.breachesIn(spanText(left))}
    </span>
  )
}

interface RiskProps {
  readonly waiting: readonly WaitingTask[]
  readonly now: number
  readonly chosen: string | undefined
  readonly onAsk: (task_sid: string) => void
}

const shownAtRisk = 50

/** Who waits, by the instant at which that is too long. */
function Risk({ waiting, now, chosen, onAsk }: RiskProps) {
  const words = useWords()
  return (
    <section className="risk" aria-labelledby="risk-title">
      <h2 id="risk-title">{words.queues.risk}</h2>
      {waiting.length === 0 && <p className="hint">{words.queues.riskNone}</p>}
      <ul>
        {waiting.slice(0, shownAtRisk).map(({ sid, name, channel, queue_name, since, limit }) => (
          <li key={sid} aria-current={sid === chosen ? 'true' : undefined}>
            <ChannelIcon channel={channel} />
            <b dir="auto">{name}</b>
            <span className="faint">{queue_name}</span>
            <span className="space" />
            <span className="age">{spanText(now - since)}</span>
            <span className={`tag ${limit <= now ? 'bad' : 'warn'}`}>
              {limit <= now ? words.queues.breached : words.queues.breachesIn(spanText(limit - now))}
            </span>
            <button
              type="button"
              className="button small"
              onClick={() => onAsk(sid)}
              aria-label={`${words.why.title} ${name}`}
            >
              <CircleHelp size={14} aria-hidden /> {words.queues.why}
            </button>
          </li>
        ))}
      </ul>
    </section>
  )
}
