import type { McsV1MediaRow } from '@ringdown/contract/generated/mcs-v1'
import type { MediaRow } from '@ringdown/engine/media/rows'
import { Unavailable } from '../../commit/ledger.ts'
import type { Media, SafeFile } from '../../media/media.ts'
import type { Context, Handlers } from '../handler.ts'
import { mediaInService } from './lookup.ts'

/** What http knows of a file when it is safe, beside what its sender says. */
export interface Uploaded extends SafeFile {
  readonly filename?: string | undefined
  /** Who the permission table says that it is by. */
  readonly author?: string | undefined
}

/** The media of Conversations (reference conversations 8.6). */
export const mediaHandlers = {
  'mcs_v1.CreateMedia'({ path: { chat_service_sid }, params }, context) {
    const { sha256, size, content_type, filename, author } = params as unknown as Uploaded // http adds what it has kept
    const command = { type: 'media.create', chat_service_sid, sha256, size, content_type, filename, author } as const
    return context.answer(command, ({ media }) => representMedia(context, media))
  },

  async 'mcs_v1.FetchMedia'({ path }, context) {
    return representMedia(context, await mediaInService(context, path))
  },

  async 'mcs_v1.DeleteMedia'({ path: { chat_service_sid, sid } }, { execute }) {
    await execute({ type: 'media.delete', chat_service_sid, sid })
  },

  'mcs_v1.FetchMediaContent'({ path: { chat_service_sid, media_sid } }, context) {
    return mediaInService(context, { chat_service_sid, sid: media_sid }) as Promise<never> // http sends its bytes
  }
} satisfies Handlers

/** As the API shows it, with a link that opens it for whoever has the answer. */
function representMedia(context: Context, row: MediaRow): McsV1MediaRow & { readonly link_signature: string } {
  const { expires, signature } = filesOf(context).links.to(row.sid, context.now())
  return {
    ...row,
    service_sid: row.chat_service_sid,
    channel_sid: row.conversation_sid,
    category: 'media',
    is_multipart_upstream: false,
    date_upload_updated: row.date_created,
    ...{ link_expires: expires, link_signature: signature }
  }
}

/** The account's files; refuses with 503 where they are not here. */
export function filesOf({ media }: Context): Media {
  if (!media) throw new Unavailable('the files of the account are not here')
  return media
}
