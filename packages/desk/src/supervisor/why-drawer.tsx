import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Check, CircleDashed, Clock, X } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { ask, messageOfError } from '../api/api.ts'
import { instantOf, spanText, useNow } from '../live/clock.ts'
import { onEvent, queries } from '../live/desk.ts'
import { attempt, notify } from '../live/notices.ts'
import { objectIn, textIn } from '../live/rows.ts'
import { Avatar, StatusDot } from '../parts/avatar.tsx'
import type { Words } from '../words/en.ts'
import { customerName } from '../words/names.ts'
import { useWords } from '../words/words.ts'

interface WhyProps {
  readonly task_sid: string
  readonly workspace_sid: string
}

/** Why a task waits: the sentence, the way that it went, and who could take it. */
export function WhyDrawer({ task_sid, workspace_sid }: WhyProps) {
  const words = useWords()
  const navigate = useNavigate()
  const close = useRef<HTMLButtonElement>(null)
  const path = { workspace_sid, task_sid }
  const { data, error } = useQuery({
    queryKey: ['why', task_sid],
    queryFn: async () => {
      const [explained, task] = await Promise.all([
        ask('ringdown_v1.FetchTaskExplanation', { path }),
        ask('taskrouter_v1.FetchTask', { path: { workspace_sid, sid: task_sid } })
      ])
      return { explained, task }
    }
  })
  useEffect(() => {
    close.current?.focus()
    let timer: ReturnType<typeof setTimeout> | undefined
    const stop = onEvent(({ data: of, type }) => {
      if (of.task_sid !== task_sid && !type.startsWith('worker.')) return
      clearTimeout(timer)
      timer = setTimeout(() => void queries.invalidateQueries({ queryKey: ['why', task_sid] }), 300)
    })
    return () => {
      stop()
      clearTimeout(timer)
    }
  }, [task_sid])
  const leave = () => void navigate({ to: '.', search: {} })
  const attributes = objectIn(data?.task.attributes)
  const name = customerName(attributes) ?? task_sid
  const raise = () =>
    attempt(async () => {
      const priority = (data?.task.priority ?? 0) + 10
      const now = await ask('taskrouter_v1.UpdateTask', {
        path: { workspace_sid, sid: task_sid },
        params: { priority }
      })
      notify(words.why.raised(now.priority))
      await queries.invalidateQueries({ queryKey: ['why', task_sid] })
    })
  return (
    <aside
      className="why"
      aria-label={words.why.title}
      data-pane
      tabIndex={-1}
      onKeyDown={({ key }) => {
        if (key === 'Escape') leave()
      }}
    >
      <header className="canvas-head">
        <h2>{words.why.title}</h2>
        <span className="space" />
        <button ref={close} type="button" className="icon-button" aria-label={words.why.close} onClick={leave}>
          <X size={17} />
        </button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls is reached by keys */}
      <div className="scroll" tabIndex={0} role="group" aria-label={words.why.title}>
        {error !== null && !data && (
          <p className="canvas-note" role="alert">
            {words.errors.failed(messageOfError(error))}
          </p>
        )}
        {data && (
          <>
            <section className="card">
              <div className="why-who">
                <Avatar name={name} size={44} channel={textIn(attributes, 'channelType') ?? 'default'} />
                <div>
                  <b dir="auto">{name}</b>
                  <span className="age">
                    {[data.task.task_queue_friendly_name, data.task.workflow_friendly_name].filter(Boolean).join(' · ')}
                  </span>
                </div>
              </div>
              <p className="verdict">{data.explained.verdict}</p>
            </section>
            <Way explained={data.explained} />
            <Candidates explained={data.explained} words={words} />
            <section className="card why-actions">
              <button type="button" className="button" onClick={raise}>
                {words.why.raise}
              </button>
            </section>
          </>
        )}
      </div>
    </aside>
  )
}

type Explained = Awaited<ReturnType<typeof ask<'ringdown_v1.FetchTaskExplanation'>>>

/** The filters that did not fit, folded; the one that did, with what its clauses read; the step that it is at. */
function Way({ explained: { filters, target } }: { readonly explained: Explained }) {
  const words = useWords()
  const now = useNow()
  const matched = filters.find(({ matches }) => matches)
  const others = filters.filter(({ matches }) => !matches)
  const ends = instantOf(target.ends_at)
  return (
    <section className="card">
      <h3>{words.why.routed}</h3>
      <ol className="steps">
        <li>
          <span className="step-mark ok">
            <Check size={12} aria-hidden />
          </span>
          <div>
            {matched ? (
              <>
                {words.why.matched(matched.friendly_name ?? String(matched.index + 1))}{' '}
                <code>{matched.expression}</code>
                <Clauses clauses={matched.clauses} />
              </>
            ) : target.is_default_filter ? (
              words.why.defaultFilter
            ) : (
              words.why.direct
            )}
            {others.length > 0 && (
              <details>
                <summary>{words.why.notMatched(others.length)}</summary>
                {others.map(({ index, friendly_name, expression, clauses }) => (
                  <div key={index} className="filter">
                    {friendly_name ?? index + 1} <code>{expression}</code>
                    <Clauses clauses={clauses} />
                  </div>
                ))}
              </details>
            )}
          </div>
        </li>
        <li>
          <span className="step-mark now">
            <CircleDashed size={12} aria-hidden />
          </span>
          <div>
            {words.why.target((target.target_index ?? 0) + 1, target.task_queue_friendly_name ?? '–')}{' '}
            {target.expression && <code>{target.expression}</code>}
            <span className="age">{ends === undefined ? words.why.noEnd : words.why.until(spanText(ends - now))}</span>
          </div>
        </li>
        {target.afterwards && (
          <li>
            <span className="step-mark">
              <Clock size={12} aria-hidden />
            </span>
            <div>{words.why.afterwards(target.afterwards)}</div>
          </li>
        )}
      </ol>
    </section>
  )
}

function Clauses({ clauses }: { readonly clauses: Explained['filters'][number]['clauses'] }) {
  const words = useWords()
  const read = Object.assign({}, ...clauses.map(({ values }) => objectIn(values)))
  const pairs = Object.entries(read)
  if (pairs.length === 0) return null
  return (
    <span className="age" title={words.why.read}>
      {pairs.map(([path, value]) => `${path} = ${JSON.stringify(value)}`).join(', ')}
    </span>
  )
}

/** Who could take it first; of the others the first reason against each. */
function Candidates({ explained: { workers }, words }: { readonly explained: Explained; readonly words: Words }) {
  if (!workers) return <p className="canvas-note">{words.why.nobody}</p>
  const counted = Object.entries(objectIn(workers.reasons))
  return (
    <section className="card">
      <h3>
        {words.why.candidates} <span>{words.why.firstReason}</span>
      </h3>
      {counted.length > 0 && (
        <p className="age">
          {counted.map(([reason, count]) => `${String(count)} ${words.why.reasons[reason] ?? reason}`).join(', ')}
        </p>
      )}
      <ul className="candidates">
        {workers.listed.map(({ worker_sid, worker_name, activity_name, activity_available, reason }) => (
          <li key={worker_sid}>
            <Avatar name={worker_name} size={26} />
            <StatusDot kind={activity_available ? (reason === null ? 'available' : 'busy') : 'offline'} />
            <b>{worker_name}</b>
            <span className={reason === null ? 'fits' : 'age end'}>
              {reason === null
                ? words.why.couldTake
                : reason === 'not in an available activity'
                  ? activity_name
                  : (words.why.reasons[reason] ?? reason)}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}
