import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { Unavailable } from '../../commit/ledger.ts'
import { feedQuestion, type QueryParameters } from '../../realtime/feed/question.ts'
import type { Handlers } from '../handler.ts'
import { shownJson } from '../shown-json.ts'

type Events = OperationTypes['ringdown_v1.ListEvent']

/** The feed of events as a long poll; http has its other two doors, the stream and the WebSocket. */
export const eventHandlers = {
  async 'ringdown_v1.ListEvent'({ params }, { feed, ledger, now, gone, reader }) {
    if (!feed) throw new Unavailable(`account ${ledger.account_sid} is not served here`)
    const { events, position, hasMore, isTruncated } = await feed.poll(
      feedQuestion(parametersIn(params), now(), reader),
      gone
    )
    return {
      // The events' text was made once, for all who follow: it goes out as it is.
      events: shownJson<Events['row']['events']>(`[${events.map(({ text }) => text).join(',')}]`),
      cursor: feed.cursors.at(position),
      has_more: hasMore,
      truncated: isTruncated
    }
  }
} satisfies Handlers

/** The parameters in the form that all doors of the feed have in common. */
function parametersIn(params: Events['params']): QueryParameters {
  const given = Object.entries<string | number | readonly string[]>(params)
  return new Map(given.map(([name, value]) => [name, typeof value === 'object' ? value : [String(value)]]))
}
