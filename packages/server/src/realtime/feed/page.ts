import type { Cursors } from '../../log/cursor.ts'
import type { FeedPage, StreamEnd } from './feed.ts'

/** Why the server ends a stream, for whoever reads it. */
export const streamEnds: Readonly<Record<StreamEnd, string>> = {
  slow: 'The stream was dropped because it is not read fast enough: go on from the cursor',
  stopping: 'The server is stopping: go on from the cursor',
  revoked: 'The token or key is not valid any more',
  unavailable: 'The account is not served here for the time being: go on from the cursor'
}

/** A page as JSON: `{"events":[…],"cursor":"…","has_more":false,"truncated":false}`. */
export function pageText({ events, position, hasMore, isTruncated }: FeedPage, cursors: Cursors): string {
  const texts = events.map(({ text }) => text).join(',')
  return `{"events":[${texts}],"cursor":"${cursors.at(position)}","has_more":${hasMore},"truncated":${isTruncated}}`
}
