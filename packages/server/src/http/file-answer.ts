import type { IncomingHttpHeaders } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { MediaRow } from '@ringdown/engine/media/rows'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { isShown } from '../media/content-type.ts'
import { contentDisposition } from '../media/filename.ts'
import type { Media } from '../media/media.ts'
import type { ByteRange } from '../media/store.ts'
import { corsHeaders } from './answer.ts'
import { HttpRefusal } from './errors.ts'

export interface FileAnswer {
  readonly media: Media
  readonly row: MediaRow
  /** Seconds for which a browser may show it again without asking. */
  readonly maxAge: number
}

/** A page that somebody has sent as a file runs nothing, wherever it is opened, and no other page learns what it was. */
const closed = {
  'X-Content-Type-Options': 'nosniff',
  'Content-Security-Policy': "default-src 'none'; sandbox",
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'cross-origin'
} as const

/**
 * Answers the bytes of a file, or the part that is asked for (RFC 9110, 14), a piece at a time: who reads slowly is sent no
 * more than it takes. Resolves with the status when all has left. Throws 404 where the bytes are lost, and 416.
 */
export async function sendFile(
  request: FastifyRequest,
  reply: FastifyReply,
  { media, row, maxAge }: FileAnswer
): Promise<number> {
  const { raw } = reply
  const etag = `"${row.sha256}"`
  const headers = {
    ...closed,
    'Access-Control-Allow-Origin': '*',
    ...(request.headers.origin !== undefined && corsHeaders),
    'Accept-Ranges': 'bytes',
    'Cache-Control': maxAge > 0 ? `private, max-age=${maxAge}` : 'private, no-cache',
    ETag: etag,
    'Twilio-Request-Id': request.id
  }
  if (isKnown(request.headers['if-none-match'], etag)) {
    raw.writeHead(304, headers).end()
    return 304
  }
  const range = rangeOf(request.headers, row.size, etag)
  if (range === 'unsatisfiable') {
    raw.setHeader('Content-Range', `bytes */${row.size}`)
    throw new HttpRefusal({
      status: 416,
      code: 20001,
      message: `The file has ${row.size} bytes: no part of it is asked for`
    })
  }
  const bytes = await media.read(row, range)
  if (!bytes)
    throw new HttpRefusal({ status: 404, code: 20404, message: `The bytes of Media ${row.sid} are not there` })
  const status = range ? 206 : 200
  raw.writeHead(status, {
    ...headers,
    'Content-Type': row.content_type,
    'Content-Disposition': contentDisposition(isShown(row.content_type) ? 'inline' : 'attachment', row.filename),
    'Content-Length': String(range ? range.last - range.first + 1 : row.size),
    ...(range && { 'Content-Range': `bytes ${range.first}-${range.last}/${row.size}` })
  })
  if (request.method === 'HEAD') {
    bytes.destroy()
    raw.end()
  } else await pipeline(bytes, raw)
  return status
}

function isKnown(header: string | undefined, etag: string): boolean {
  return (header ?? '').split(',').some((one) => one.trim().replace(/^W\//, '') === etag)
}

/** The one part that is asked for; undefined for all of it, as where several are asked for or what is asked for is no range. */
function rangeOf(headers: IncomingHttpHeaders, size: number, etag: string): ByteRange | 'unsatisfiable' | undefined {
  const { range, 'if-range': condition } = headers
  const [, from = '', to = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(range?.replaceAll(' ', '') ?? '') ?? []
  if ((from === '' && to === '') || (condition !== undefined && condition !== etag)) return undefined
  if (from !== '' && to !== '' && Number(to) < Number(from)) return undefined
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from)
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1)
  return first > last ? 'unsatisfiable' : { first, last }
}
