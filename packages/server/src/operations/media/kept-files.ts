import { Readable } from 'node:stream'
import { typeOf } from '@ringdown/engine/conversations/address'
import { inboundLimits, mediaLimits } from '@ringdown/engine/media/channel-limits'
import { maxMediaSize } from '@ringdown/engine/media/media'
import type { KeptFiles } from '../../carriers/carrier.ts'
import { type Ledger, Unavailable } from '../../commit/ledger.ts'
import { fileNameOf } from '../../media/filename.ts'
import { importMedia } from '../../media/import.ts'
import type { Media } from '../../media/media.ts'
import type { Context } from '../handler.ts'
import { findMedia } from './lookup.ts'

/** How long a network may take to fetch a file that it is told of, in milliseconds. */
const linked_ms = 3_600_000

/** Milliseconds for the files of one message: the attempt that gives it has thirty seconds in all. */
const fetching_ms = 10_000

/** Bytes of one file to an address. */
function limitOf(to: string): number {
  const type = typeOf(to)
  if (type === 'email') return inboundLimits.others
  return mediaLimits[type === 'whatsapp' ? 'whatsapp' : 'sms'].size
}

/** Why a file cannot be fetched is the network's to say. */
function unlessUnavailable(error: unknown): void {
  if (error instanceof Unavailable) throw error
}

/** The files of an account for its carriers: their bytes, and addresses for networks that fetch them. */
export function keptFiles(
  {
    account_sid,
    media,
    public_url
  }: { readonly account_sid: string; readonly media: Media; readonly public_url: string | undefined },
  context: Pick<Context, 'ledger' | 'state' | 'now'>
): KeptFiles {
  return {
    async keep({ sid, to, media: named }, signal) {
      const limit = limitOf(to)
      const patience = AbortSignal.any([signal, AbortSignal.timeout(fetching_ms)])
      for (const { sid: media_sid, url } of named) {
        if (url === null) continue
        await importMedia(media, url, { limit, signal: patience }, (file) =>
          context.ledger.execute({ type: 'channel_message.keep_media', sid, media_sid, ...file })
        ).catch(unlessUnavailable)
      }
    },

    async open(media_sid) {
      const row = await findMedia(context, media_sid)
      const bytes = row && (await media.read(row))
      return row && bytes && { row, bytes }
    },

    link(media_sid) {
      if (public_url === undefined) return undefined
      const { expires, signature } = media.links.to(media_sid, context.now(), linked_ms)
      return `${public_url}/mcs/v1/Content/${account_sid}/${media_sid}?Expires=${expires}&Signature=${signature}`
    }
  }
}

/** Keeps a file that a message brings; resolves with its SID when it is safe. */
export function keptFile(
  ledger: Pick<Ledger, 'execute'>,
  media: Media,
  content: Buffer,
  { content_type, filename }: { readonly content_type: string; readonly filename?: string }
): Promise<string> {
  const name = fileNameOf(filename)
  return media.keep(Readable.from([content]), { limit: maxMediaSize, claimed: content_type }, async (file) => {
    const made = await ledger.execute({ type: 'media.create', ...file, ...(name && { filename: name }) })
    return made.media.sid
  })
}
