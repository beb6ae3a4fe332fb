import { type Cursor, decodeToken } from '@ringdown/contract/paging'
import { notFound } from '@ringdown/engine/core/parameters'
import type { ChannelMedia, ChannelMessageRow } from '@ringdown/engine/messaging/rows'
import { checkAccount } from '../access/handlers.ts'
import type { Handlers } from '../handler.ts'
import { badToken, cut, wholePage } from '../listing.ts'
import { sentOrReceived } from './nouns.ts'

/** What belongs to a message: its files, and what its writer knows of it (reference messaging 1). */
export const messageHandlers = {
  async 'api_v2010.ListMedia'({ path, params, page }, context) {
    const message = await sentOrReceived(context, path, path.message_sid)
    const { page_size, page_token } = page ?? wholePage
    const cursor = page_token === null ? null : decodeToken(page_token)
    const fits = isDated(message, params)
    const media = fits ? message.media.map((one, index) => ({ ...representMedia(message, one), index })) : []
    return cut(pieceOf(media, cursor, page_size), page_size, cursor, ({ index, sid }) => [index, sid])
  },

  async 'api_v2010.FetchMedia'({ path }, context) {
    const message = await sentOrReceived(context, path, path.message_sid)
    const found = message.media.find(({ sid }) => sid === path.sid)
    if (!found) return notFound(`/Accounts/${path.account_sid}/Messages/${message.sid}/Media/${path.sid}.json`)
    return representMedia(message, found)
  },

  async 'api_v2010.DeleteMedia'({ path }, { state, execute }) {
    checkAccount(state, path)
    await execute({ type: 'channel_message.delete_media', message_sid: path.message_sid, sid: path.sid })
  },

  'api_v2010.CreateMessageFeedback'({ path, params: { outcome = 'confirmed' } }, { state, answer }) {
    checkAccount(state, path)
    const { message_sid } = path
    return answer({ type: 'channel_message.feedback', message_sid, outcome }, ({ channel_message }) => ({
      account_sid: channel_message.account_sid,
      message_sid,
      outcome,
      date_created: channel_message.date_updated,
      date_updated: channel_message.date_updated,
      uri: `/2010-04-01/Accounts/${channel_message.account_sid}/Messages/${message_sid}/Feedback.json`
    }))
  }
} satisfies Handlers

function representMedia(
  { sid: parent_sid, account_sid, date_created, date_updated }: ChannelMessageRow,
  media: ChannelMedia
) {
  return {
    sid: media.sid,
    account_sid,
    parent_sid,
    content_type: media.content_type,
    date_created,
    date_updated,
    uri: `/2010-04-01/Accounts/${account_sid}/Messages/${parent_sid}/Media/${media.sid}.json`
  }
}

interface DateFilters {
  readonly date_created?: number
  readonly date_created_before?: number
  readonly date_created_after?: number
}

/** The files of a message came with it, all at once. */
function isDated({ date_created: at }: ChannelMessageRow, filters: DateFilters): boolean {
  const { date_created: day, date_created_before = at, date_created_after = at } = filters
  const isThatDay = day === undefined || Math.floor(day / day_ms) === Math.floor(at / day_ms)
  return isThatDay && at <= date_created_before && at >= date_created_after
}

const day_ms = 86_400_000

/** One more than fits on the page, in the direction in which the page is read. */
function pieceOf<R extends { readonly index: number }>(
  rows: readonly R[],
  cursor: Cursor | null,
  page_size: number
): R[] {
  const [place] = cursor?.key ?? []
  if (cursor && typeof place !== 'number') return badToken()
  if (cursor === null || typeof place !== 'number') return rows.slice(0, page_size + 1)
  const isBack = cursor.direction === 'before'
  const found = rows.filter(({ index }) => (isBack ? index < place : index > place))
  return (isBack ? found.reverse() : found).slice(0, page_size + 1)
}
