import { parseRequest } from '@ringdown/contract/form'
import type { Operation } from '@ringdown/contract/operation'
import { notFound as refuseMissing } from '@ringdown/engine/core/parameters'
import { maxMediaSize } from '@ringdown/engine/media/media'
import type { MediaRow } from '@ringdown/engine/media/rows'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import { fileNameOf } from '../media/filename.ts'
import { link_ms } from '../media/links.ts'
import type { Media, SafeFile } from '../media/media.ts'
import type { AnyCall, AnyHandler, Context } from '../operations/handler.ts'
import type { Uploaded } from '../operations/media/handlers.ts'
import { findMedia, mediaBytes, recordingBytes } from '../operations/media/lookup.ts'
import { answered, checkRight, guardOf } from '../operations/permission.ts'
import { handlers } from '../operations/registry.ts'
import { codeOf } from '../store/thrown.ts'
import type { Answers, Subject } from './answer.ts'
import { takesLong } from './connections.ts'
import { type Credential, callerOf } from './credentials.ts'
import { queryText } from './endpoint.ts'
import { HttpRefusal, tooLarge } from './errors.ts'
import { sendFile } from './file-answer.ts'
import { sendMp3 } from './mp3-answer.ts'
import { aroundFile, fileIn } from './multipart.ts'
import { UploadRates } from './upload-rates.ts'

/** Milliseconds without a byte, and for all of a file: 150 MB come through a line of a megabit in twenty minutes. */
const silence_ms = 30_000
const whole_ms = 30 * 60_000

/** A request for an operation whose body, or answer, is a file. */
export interface FileRequest {
  readonly operation: Operation
  readonly request: FastifyRequest
  readonly ledger: Ledger
  readonly context: Context
}

/** Parses what a request says beside a file, and refuses who may not do it: before a byte of the file is read. */
async function permitted({ operation, request, context }: FileRequest): Promise<{ call: AnyCall; context: Context }> {
  const { caller } = callerOf(request)
  checkRight(operation, caller)
  const call = parseRequest(operation, {
    path: request.params as Record<string, string>, // the router's parameters of the operation's own template
    query: queryText(request),
    body: '',
    contentType: undefined,
    headers: request.headers
  })
  return guardOf(operation)(caller, call, context)
}

/** Takes in the files that requests bring. */
export class Uploads {
  readonly #rates = new UploadRates()

  /** Reads a request's file, and calls `use` with the operation's call when the file is safe. Refuses with 413, 429 and 507. */
  async take<T>(asked: FileRequest, use: (call: AnyCall) => Promise<T>): Promise<T> {
    const { request, context } = asked
    const { call } = await permitted(asked)
    const { media } = context
    if (!media) throw new Unavailable('the files of the account are not here')
    const service = String(call.path.chat_service_sid)
    if (!context.state.find('chat_service', service)) refuseMissing(`/Services/${service}`)
    const isForm = /^multipart\/form-data\b/i.test(request.headers['content-type'] ?? '')
    const { limit, types } = boundsOf(callerOf(request))
    if (Number(request.headers['content-length']) > limit + (isForm ? aroundFile : 0)) throw tooLarge(limit)
    const sending = this.#begin(callerOf(request))
    const patience = new FilePatience()
    const release = takesLong(request.raw.socket)
    try {
      const { bytes, filename, claimed } = isForm ? await formFile(request) : plainFile(request)
      const counted = patience.during(bytes)
      const options = { limit, claimed, signal: patience.signal }
      return await media.keep(counted, options, (file) => {
        if (file.size === 0) throw new HttpRefusal(empty)
        if (types && !types.some((type) => file.content_type.startsWith(type))) throw new HttpRefusal(wrongType(file))
        return use(callWith(call, file, filename))
      })
    } catch (error) {
      throw codeOf(error) === 'ECONNRESET' ? new HttpRefusal(brokenOff) : error
    } finally {
      release()
      sending.end(patience.bytes)
      patience.end()
    }
  }

  #begin({ username, caller }: Credential) {
    const { actor } = caller
    const name = actor ? `${actor.type} ${actor.sid}` : username
    const standing = caller.standing()
    const isStranger = standing?.kind === 'roles' && standing.roles.every(({ role }) => role === 'chat')
    const begun = this.#rates.begin(name, isStranger)
    if (typeof begun !== 'number') return begun
    const message = `Too many files are sent: try again in ${begun} ${begun === 1 ? 'second' : 'seconds'}`
    throw new HttpRefusal({ status: 429, code: 20429, message })
  }
}

function callWith(call: AnyCall, file: SafeFile, filename: string | undefined): AnyCall {
  const given =
    typeof call.params.filename === 'string' && call.params.filename !== '' ? call.params.filename : filename
  const uploaded: Uploaded = { ...file, filename: fileNameOf(given) }
  return { ...call, params: { ...call.params, ...uploaded } }
}

interface Sent {
  readonly bytes: AsyncIterable<Uint8Array>
  readonly filename: string | undefined
  readonly claimed: string | undefined
}

function plainFile({ raw }: FastifyRequest): Sent {
  return { bytes: raw, filename: undefined, claimed: raw.headers['content-type'] }
}

async function formFile({ raw }: FastifyRequest): Promise<Sent> {
  const { bytes, filename, content_type } = await fileIn(raw)
  return { bytes, filename, claimed: content_type }
}

/** How long a file is waited for; counts it on the way. */
class FilePatience {
  readonly #abort = new AbortController()
  readonly #whole = setTimeout(() => this.#end(), whole_ms)
  #silence = setTimeout(() => this.#end(), silence_ms)
  bytes = 0

  get signal(): AbortSignal {
    return this.#abort.signal
  }

  async *during(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const pieces = bytes[Symbol.asyncIterator]()
    for (;;) {
      const { done, value } = await pieces.next()
      if (done) return
      this.bytes += value.length
      this.#silence.refresh()
      yield value
    }
  }

  end(): void {
    clearTimeout(this.#whole)
    clearTimeout(this.#silence)
  }

  #end(): void {
    this.#abort.abort(new HttpRefusal({ status: 408, code: 20001, message: 'The request took too long to arrive' }))
  }
}

/** How large a file may be, and of which types: of a customer on a page, what its deployment says. */
function boundsOf({ caller }: Credential): { readonly limit: number; readonly types: readonly string[] | undefined } {
  const standing = caller.standing()
  const webchat = standing?.kind === 'roles' ? standing.webchat : undefined
  return { limit: Math.min(webchat?.file_bytes ?? maxMediaSize, maxMediaSize), types: webchat?.file_types }
}

function wrongType({ content_type }: SafeFile) {
  return { status: 400, code: 20001, message: `Files of the type ${content_type.slice(0, 100)} are not taken here` }
}

const empty = { status: 400, code: 20001, message: 'The file is empty' }
const brokenOff = { status: 400, code: 20001, message: 'The request was not sent to its end' }

/** Answers the file that a request asks for; `handler` finds its row. Resolves with the status. */
export async function answerFile(asked: FileRequest, handler: AnyHandler, reply: FastifyReply): Promise<number> {
  const { request, ledger } = asked
  const may = await permitted(asked)
  const row = (await answered(handler, may)) as MediaRow // so do handlers of operations that answer bytes
  await ledger.settled()
  const { media } = may.context
  if (!media) throw new Unavailable('the files of the account are not here')
  if (isMp3(request) && request.method !== 'HEAD') return sendMp3(reply, media, row)
  return sendFile(request, reply, { media, row, maxAge: 0 })
}

/** Recordings are kept as WAV. */
function isMp3({ originalUrl }: FastifyRequest): boolean {
  return /\/Recordings\/\w+\.mp3\/?(?:\?|$)/.test(originalUrl)
}

/** Who finds the row of the file that a request asks for; undefined where it asks for none. */
export function fileHandlerOf({ id, bytes }: Operation, { originalUrl }: FastifyRequest): AnyHandler | undefined {
  if (bytes === 'out') return handlers.get(id)
  if (id === 'api_v2010.FetchRecording' && /\.(?:wav|mp3)\/?(?:\?|$)/.test(originalUrl)) return recordingBytes
  // The API of 2010 shows what is known of a file where its path ends so, and else the file.
  return id === 'api_v2010.FetchMedia' && !/\.json\/?(?:\?|$)/.test(originalUrl) ? mediaBytes : undefined
}

interface LinkOptions {
  readonly answers: Answers
  readonly ledger: (account_sid: string) => Ledger | undefined
  readonly contextFor: (ledger: Ledger) => Context
}

const linked: Subject = { id: 'mcs_v1.link', product: undefined }

/** Answers links that open one file for whoever has them, until their time is over (reference conversations 8.6). */
export function mountMediaLinks(app: FastifyInstance, { answers, ledger: ledgerOf, contextFor }: LinkOptions): void {
  app.route({
    method: 'GET',
    url: '/mcs/v1/Content/:account_sid/:sid',
    config: { subject: linked },
    handler: async (request, reply) => {
      const { account_sid, sid } = request.params as Readonly<Record<string, string>> // as the URL names them
      const ledger = ledgerOf(account_sid ?? '')
      const context = ledger && contextFor(ledger)
      if (!ledger || !context?.media) throw new Unavailable('the files of the account are not here')
      const query = new URLSearchParams(queryText(request))
      const now = context.now()
      if (!context.media.links.opens(sid ?? '', query.get('Expires') ?? '', query.get('Signature') ?? '', now))
        throw new HttpRefusal({
          status: 403,
          code: 20403,
          message: 'Forbidden: the link is not signed here, or its time is over'
        })
      const row = await findMedia(context, sid ?? '')
      await ledger.settled()
      if (!row)
        throw new HttpRefusal({
          status: 404,
          code: 20404,
          message: `The requested resource /Media/${sid} was not found`
        })
      reply.hijack()
      await answers.streamed(request, reply, linked, () =>
        sendFile(request, reply, { media: context.media as Media, row, maxAge: link_ms / 1000 })
      ) // as just seen
    }
  })
}
