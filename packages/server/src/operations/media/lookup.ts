import { notFound } from '@ringdown/engine/core/parameters'
import type { MediaRow } from '@ringdown/engine/media/rows'
import type { AnyCall, Context } from '../handler.ts'

/** A file's row, wherever it is; undefined where there is none. */
export async function findMedia(
  { state, ledger }: Pick<Context, 'state' | 'ledger'>,
  sid: string
): Promise<MediaRow | undefined> {
  return state.resident('media', sid) ?? (await ledger.find('media', { sid }))[0]
}

/** A file of a Conversations Service, or 404. */
export async function mediaInService(
  context: Context,
  { chat_service_sid, sid }: { readonly chat_service_sid: string; readonly sid: string }
): Promise<MediaRow> {
  const row = await findMedia(context, sid)
  return row?.chat_service_sid === chat_service_sid ? row : notFound(`/Services/${chat_service_sid}/Media/${sid}`)
}

/** The row of a file that the API of 2010 answers, of a message to or from a phone; or 404. */
export async function mediaBytes({ path }: AnyCall, context: Context): Promise<MediaRow> {
  const { message_sid, sid } = path
  const row = await findMedia(context, String(sid))
  return row && row.channel_message_sid === message_sid ? row : notFound(`/Messages/${message_sid}/Media/${sid}`)
}

/** The file with the sound of a recording; 404 where there is none: it runs still, nothing was heard, or it is of a virtual phone. */
export async function recordingBytes({ path }: AnyCall, context: Context): Promise<MediaRow> {
  const sid = String(path.sid)
  const { state, ledger } = context
  const [recording] = [state.find('recording', sid) ?? (await ledger.find('recording', { sid }))].flat()
  const row = recording?.media_sid ? await findMedia(context, recording.media_sid) : undefined
  return row ?? notFound(`/Recordings/${sid}.wav`)
}
