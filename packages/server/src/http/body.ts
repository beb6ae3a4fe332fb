import type { IncomingMessage } from 'node:http'
import { HttpRefusal, tooLarge } from './errors.ts'

/** What has no body that anybody reads. */
const bodiless: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** `type/subtype`, and whatever parameters (RFC 9110, 8.3.1). */
const mediaType = /^\s*[\w!#$%&'*+.^`|~-]+\/[\w!#$%&'*+.^`|~-]+\s*(?:;|$)/

/**
 * Reads the body of a request as text, and calls back with it, or with why there is none: at once where nothing has to be
 * read. Refuses a media type that is none (415), and what is longer than `limit` bytes (413), which is read no further.
 */
export function readBody(
  raw: IncomingMessage,
  limit: number,
  done: (error: Error | undefined, body: string) => void
): void {
  const { headers, method = '' } = raw
  const { 'content-type': type, 'content-length': length } = headers
  if (bodiless.has(method)) return void done(undefined, '')
  if (type !== undefined && !mediaType.test(type)) return void done(new HttpRefusal(noMediaType), '')
  if (headers['transfer-encoding'] === undefined && (length === undefined || length === '0'))
    return void done(undefined, '')
  if (Number(length) > limit) return void done(tooLarge(limit), '')
  const parts: Buffer[] = []
  let size = 0
  const end = (error: Error | undefined, body: string) => {
    raw.off('data', take).off('end', whole).off('error', broken)
    done(error, body)
  }
  const take = (part: Buffer) => {
    size += part.length
    if (size > limit) return void end(tooLarge(limit), '')
    parts.push(part)
  }
  const whole = () => {
    const [first] = parts
    const bytes = first !== undefined && parts.length === 1 ? first : Buffer.concat(parts)
    end(undefined, bytes.toString('utf8'))
  }
  // Nobody is there any more to be answered.
  const broken = () => end(new HttpRefusal(brokenOff), '')
  raw.on('data', take).on('end', whole).on('error', broken)
}

const noMediaType = {
  status: 415,
  code: 20001,
  message: 'Content-Type is not supported: application/x-www-form-urlencoded is expected'
}
const brokenOff = { status: 400, code: 20001, message: 'The request was not sent to its end' }
