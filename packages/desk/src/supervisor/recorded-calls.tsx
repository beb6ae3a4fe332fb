import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { useInfiniteQuery } from '@tanstack/react-query'
import { ask, messageOfError } from '../api/api.ts'
import { instantOf, spanText } from '../live/clock.ts'
import { objectIn } from '../live/rows.ts'
import { Sound } from '../phone/recordings.tsx'
import { useFollowing } from '../phone/task-call.ts'
import { customerName } from '../words/names.ts'
import { dateTimeText, useWords } from '../words/words.ts'

type Recorded = OperationTypes['ringdown_v1.FetchWorkspaceRecordings']['result']['recordings'][number]

/** Calls that are over and were recorded, the newest first, for those who lead the agents who were on them. */
export function RecordedCalls({ workspace_sid }: { readonly workspace_sid: string }) {
  const words = useWords()
  const { calls: text } = words
  useFollowing('recorded calls', workspace_sid, false)
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['recorded calls', workspace_sid],
    queryFn: ({ pageParam }) =>
      ask('ringdown_v1.FetchWorkspaceRecordings', {
        path: { workspace_sid },
        params: pageParam === null ? {} : { before: pageParam }
      }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    // Its links open the sound for five minutes.
    staleTime: 0,
    refetchInterval: 240_000
  })
  const recordings = data?.pages.flatMap((page) => page.recordings)
  return (
    <section aria-label={text.recordings}>
      <h2>{text.recordings}</h2>
      {error !== null && !data && (
        <p className="canvas-note" role="alert">
          {words.errors.failed(messageOfError(error))}
        </p>
      )}
      {recordings?.length === 0 && <p className="canvas-note">{text.noRecordings}</p>}
      {recordings && recordings.length > 0 && (
        <div className="table-scroll">
          <table>
            <caption className="unseen">{text.recordings}</caption>
            <thead>
              <tr>
                <th scope="col">{text.customer}</th>
                <th scope="col">{text.agents}</th>
                <th scope="col">{text.began}</th>
                <th scope="col">{text.lasts}</th>
                <th scope="col">{text.recording}</th>
              </tr>
            </thead>
            <tbody>
              {recordings.map((one) => (
                <RecordedCall key={one.sid} recording={one} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {hasNextPage && (
        <button type="button" className="button" aria-busy={isFetchingNextPage} onClick={() => fetchNextPage()}>
          {text.earlier}
        </button>
      )}
    </section>
  )
}

function RecordedCall({ recording }: { readonly recording: Recorded }) {
  const { calls: text, lang } = useWords()
  const { attributes, customer, workers, start_time, duration, task_sid } = recording
  const name = customerName(objectIn(attributes)) ?? customer ?? task_sid
  const at = dateTimeText(instantOf(start_time) ?? 0, lang)
  return (
    <tr>
      <th scope="row" dir="auto">
        {name}
      </th>
      <td dir="auto">{(workers ?? []).join(', ')}</td>
      <td>{at}</td>
      <td>{typeof duration === 'number' && spanText(duration * 1000)}</td>
      <td>
        <Sound recording={recording} label={`${text.recording}: ${name}, ${at}`} preload="none" />
      </td>
    </tr>
  )
}
