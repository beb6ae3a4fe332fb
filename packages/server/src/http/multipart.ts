import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { Busboy } from '@fastify/busboy'
import { messageOf } from '../store/thrown.ts'
import { HttpRefusal } from './errors.ts'

/** The one file of a form. */
export interface FilePart {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly filename: string | undefined
  readonly content_type: string
}

/** What stands around the file in a form: names, types, boundaries, fields that nobody asked for. */
export const aroundFile = 64 * 1024

const limits = {
  files: 1,
  fields: 20,
  fieldSize: 4096,
  fieldNameSize: 200,
  parts: 21,
  headerPairs: 20,
  headerSize: 8192
}

/**
 * The file of a `multipart/form-data` body, as it comes in: what nobody reads is not taken from the socket. Rejects with 400
 * for a body that is no such form, or has no file; a form that breaks off breaks the file off.
 */
export function fileIn(raw: IncomingMessage): Promise<FilePart> {
  return new Promise((resolve, reject) => {
    let file: Readable | undefined
    const fail = (why: string) => {
      const error = malformed(why)
      reject(error)
      file?.destroy(error)
    }
    const form = parserOf(raw.headers)
    // Its five arguments are the parser's.
    form.on('file', (_field, stream, filename, _encoding, content_type) => {
      file = stream
      // The parser tells of an end that comes too early before anybody may have begun to read.
      stream.on('error', (error) => fail(messageOf(error)))
      resolve({ bytes: whole(stream, form), filename, content_type })
    })
    form.on('error', (error) => fail(messageOf(error)))
    form.on('finish', () => reject(malformed('there is no file in it')))
    raw.on('error', () => fail('it was not sent to its end'))
    raw.pipe(form)
  })
}

function parserOf(headers: IncomingHttpHeaders): InstanceType<typeof Busboy> {
  const type = headers['content-type'] ?? ''
  try {
    return new Busboy({ headers: { ...headers, 'content-type': type }, limits })
  } catch (error) {
    throw malformed(messageOf(error))
  }
}

/** The file's bytes, to the end of the form: a boundary that is missing is noticed by whoever waits for it. */
async function* whole(file: Readable, form: InstanceType<typeof Busboy>): AsyncGenerator<Uint8Array> {
  const ended = new Promise<void>((resolve, reject) => form.once('finish', resolve).once('error', reject))
  ended.catch(() => {}) // told below, where the file has not broken off before
  yield* file.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array> // streams of bytes give bytes
  await ended
}

function malformed(why: string): HttpRefusal {
  return new HttpRefusal({ status: 400, code: 20001, message: `The multipart form cannot be read: ${why}` })
}
