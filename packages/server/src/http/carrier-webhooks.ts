import { pipeline, type Readable, Transform } from 'node:stream'
import { InvalidRequest } from '@ringdown/contract/form'
import { Refusal } from '@ringdown/engine/core/refusals'
import type { CarrierRow } from '@ringdown/engine/messaging/rows'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Logger } from 'pino'
import type { Admission } from '../access/admission.ts'
import { Buckets } from '../access/buckets.ts'
import type { KeyHolder } from '../access/keyring.ts'
import type { CarrierWebhook, News, WebhookContext } from '../carriers/carrier.ts'
import { carriers, openedSecrets } from '../carriers/carry.ts'
import { webhookPathOf } from '../carriers/webhook-path.ts'
import { type Exchange, exchangeOf } from '../commit/exchange.ts'
import { Unavailable } from '../commit/ledger.ts'
import type { Context } from '../operations/handler.ts'
import { carrierGroundOf } from '../operations/ringdown/carrier-ground.ts'
import { takeNews } from '../operations/ringdown/carrier-news.ts'
import { addressOf } from './address.ts'
import type { Subject } from './answer.ts'
import { queryText } from './endpoint.ts'
import { HttpRefusal, notAllowed, notFound } from './errors.ts'
import type { Metrics } from './metrics.ts'
import { type OriginOptions, ownBase } from './origin.ts'
import { Turns } from './turns.ts'

export interface CarrierWebhookOptions {
  readonly admission: Admission
  readonly origin: OriginOptions
  readonly contextFor: (account_sid: string, exchange?: Exchange) => Context
  readonly metrics: Metrics | undefined
  readonly log: Logger
}

const subject: Subject = { id: 'ringdown_v1.carrier_webhook', product: undefined, isPrivate: true }
/** Of any carrier's network: letters are the longest. */
const maxBodyBytes = 25 * 1024 * 1024
/** What is longer is long; and so is what does not say how long it is. */
const long = 1024 * 1024

/** Requests of one network of addresses. Whoever has brought wrong signatures waits before anything of it is read. */
const requests = { burst: 2_000, aSecond: 1_000 }
const forgeries = { burst: 20, aSecond: 1 }
/**
 * Requests whose bodies are being read, or whose news are being taken, at once: of one address, long ones of all, of a carrier,
 * of those the long ones, since each stays in memory until it is taken, and the ones that bring what one customer has written,
 * who would otherwise keep out all others.
 */
const maxAtOnce = { reading: 32, readingLong: 4, taking: 64, takingLong: 4, ofCustomer: 16 }
/** Milliseconds for what one request tells. */
const patience_ms = 25_000

/**
 * Where networks send what comes in and what has become of messages. They bring no credentials but a signature over the body,
 * which therefore has to be read first: as far as the carrier's network would ever send, and not at all for who has brought wrong
 * ones. Nothing of a body is looked at before its signature is right.
 */
export function mountCarrierWebhooks(app: FastifyInstance, options: CarrierWebhookOptions): void {
  const doors = new CarrierDoors(options)
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    const settings = {
      url: webhookPathOf(':sid'),
      exposeHeadRoute: false,
      bodyLimit: maxBodyBytes,
      config: { subject }
    }
    scope.route({ ...settings, method: 'GET', handler: (request, reply) => doors.confirm(request, reply) })
    scope.route({
      ...settings,
      method: 'POST',
      onRequest: (request, reply, done) => {
        doors.admit(request, reply)
        done()
      },
      // A body that does not say how long it is ends where its network's would.
      preParsing: (request, _reply, payload, done) => done(null, doors.limited(request, payload)),
      handler: (request, reply) => doors.take(request, reply)
    })
    scope.route({ ...settings, method: ['PUT', 'PATCH', 'DELETE'], handler: notAllowed })
  })
}

interface Found {
  readonly holder: KeyHolder
  readonly carrier: CarrierRow
  readonly webhook: CarrierWebhook
}

class CarrierDoors {
  readonly #options: CarrierWebhookOptions
  readonly #buckets = new Buckets()
  readonly #counts = new Map<string, number>()
  /** Ends the counting of who is read. */
  readonly #reading = new WeakMap<FastifyRequest, () => void>()
  readonly #turns = new Turns()

  constructor(options: CarrierWebhookOptions) {
    this.#options = options
  }

  /** Says to the network that it has found the right place (reference messaging 11). */
  async confirm(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const found = this.#found(request)
    const name = `${addressOf(request.raw, this.#options.origin)} ${found.carrier.sid}`
    this.#wait(reply, found, this.#buckets.wait(name, forgeries))
    const said = found.webhook.confirm?.(queryText(request), this.#contextOf(found))
    if (said === undefined) throw this.#forged(name, found)
    this.#tell(found, 'confirmed')
    return reply.type('text/plain').send(said)
  }

  /** Before a body is read. */
  admit(request: FastifyRequest, reply: FastifyReply): void {
    const found = this.#found(request)
    const address = addressOf(request.raw, this.#options.origin)
    this.#wait(reply, found, this.#buckets.wait(`${address} ${found.carrier.sid}`, forgeries))
    this.#wait(reply, found, this.#buckets.take(address, requests))
    if (Number(request.headers['content-length']) > found.webhook.max_body_bytes) throw tooLong(found)
    const length = Number(request.headers['content-length'] ?? Number.NaN)
    const ends = [this.#during(`reading ${address}`, maxAtOnce.reading, reply, found)]
    if (found.webhook.max_body_bytes > 4 * long && !(length <= long))
      ends.push(this.#during('reading long', maxAtOnce.readingLong, reply, found))
    this.#reading.set(request, () => {
      for (const end of ends) end()
    })
  }

  limited(request: FastifyRequest, payload: Readable): Readable {
    const found = this.#found(request)
    let read = 0
    const counted = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        read += chunk.length
        if (read > found.webhook.max_body_bytes) done(tooLong(found))
        else done(null, chunk)
      }
    })
    return pipeline(payload, counted, () => {})
  }

  async take(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const found = this.#found(request)
    const { webhook, carrier, holder } = found
    const address = addressOf(request.raw, this.#options.origin)
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    if (body.length > webhook.max_body_bytes) throw tooLong(found)
    const asked = {
      headers: request.headers,
      query: queryText(request),
      body,
      urls: addressesOf(request, this.#options.origin)
    }
    const name = `${address} ${carrier.sid}`
    const context = this.#contextOf(found)
    if (!isSigned(webhook, asked, context)) throw this.#forged(name, found)
    if (body.length > long) this.#during(`taking long ${carrier.sid}`, maxAtOnce.takingLong, reply, found)
    this.#reading.get(request)?.()
    const news = webhook.read(asked, context)
    if (news === undefined) this.#tell(found, 'nonsense')
    else {
      for (const turn of new Set(news.flatMap((one) => turnOf(carrier, one) ?? [])))
        this.#during(`customer ${turn}`, maxAtOnce.ofCustomer, reply, found)
      this.#during(`taking ${carrier.sid}`, maxAtOnce.taking, reply, found)
      await this.#takeAll(
        found,
        news,
        this.#options.contextFor(holder.account_sid, exchangeOf(reply.raw, byCarrier(carrier)))
      )
    }
    return reply.code(200).type(webhook.reply.type).send(webhook.reply.body)
  }

  async #takeAll(found: Found, news: readonly News[], context: Context): Promise<void> {
    const { webhook, carrier } = found
    const taking = { webhook, carrier, webhookContext: (signal: AbortSignal) => this.#contextOf(found, signal) }
    const over = performance.now() + patience_ms
    try {
      // What one customer has written is taken in the order in which it came, and no other waits for its files.
      for (const one of news)
        await this.#turns.take(turnOf(carrier, one), () => {
          // Whoever has waited too long for its turn is told so, and not taken after nobody listens any more.
          if (performance.now() > over) throw new Unavailable('the request tells more than can be taken in its time')
          return takeNews(context, taking, one)
        })
      this.#tell(found, 'taken')
    } catch (error) {
      this.#tell(found, 'put off')
      if (!(error instanceof Unavailable))
        this.#options.log.warn(
          // Its words may name people, and say what they wrote.
          {
            carrier_sid: carrier.sid,
            reason: error instanceof Error ? error.name : 'unknown',
            ...(error instanceof Refusal && { code: error.number })
          },
          'what a carrier brought could not be taken'
        )
      throw error
    }
  }

  #found(request: FastifyRequest): Found {
    const { sid = '' } = request.params as { readonly sid?: string } // as the URL names it
    for (const holder of this.#options.admission.holders()) {
      const carrier = holder.state.find('carrier', sid)
      const webhook = carrier && carriers[carrier.carrier_type].webhook
      if (carrier && webhook && carrier.state !== 'disabled') return { holder, carrier, webhook }
    }
    if (!this.#options.admission.isWhole()) throw new Unavailable('not all accounts are open here yet')
    throw notFound(webhookPathOf(sid.slice(0, 64)).replace('/ringdown/v1', ''))
  }

  #contextOf({ holder, carrier }: Found, signal = AbortSignal.timeout(patience_ms)): WebhookContext {
    const { admission, contextFor } = this.#options
    const now = holder.state.find('carrier', carrier.sid) ?? carrier
    return {
      ...carrierGroundOf(contextFor(holder.account_sid)),
      carrier: now,
      secrets: openedSecrets(admission.sealing, holder.account_sid, now),
      signal
    }
  }

  /** Counts a request until its answer has left, or nobody waits for one; or until the function is called that it answers. */
  #during(name: string, limit: number, reply: FastifyReply, found: Found): () => void {
    const count = this.#counts.get(name) ?? 0
    this.#wait(reply, found, count >= limit ? 1 : 0)
    this.#counts.set(name, count + 1)
    let isOver = false
    const end = () => {
      if (isOver) return
      isOver = true
      const left = (this.#counts.get(name) ?? 1) - 1
      if (left > 0) this.#counts.set(name, left)
      else this.#counts.delete(name)
    }
    reply.raw.once('close', end)
    return end
  }

  #wait(reply: FastifyReply, found: Found, seconds: number): void {
    if (seconds === 0) return
    this.#tell(found, 'too many')
    reply.raw.setHeader('Retry-After', String(seconds))
    throw new HttpRefusal({ status: 429, code: 20429, message: `Too many requests: try again in ${seconds} s` })
  }

  #forged(name: string, found: Found): HttpRefusal {
    this.#buckets.take(name, forgeries)
    this.#tell(found, 'forged')
    return new HttpRefusal({
      status: 403,
      code: 20403,
      message: 'Forbidden: the request is not signed by the network of this carrier'
    })
  }

  #tell({ carrier }: Found, outcome: Parameters<Metrics['carrierWebhook']>[1]): void {
    this.#options.metrics?.carrierWebhook(carrier.sid, outcome)
  }
}

/** Under which it may have been sent: as this server is called, or as whoever has sent it calls it. */
function addressesOf(request: FastifyRequest, origin: OriginOptions): readonly string[] {
  const bases = [ownBase(request.raw, origin), ownBase(request.raw, { ...origin, publicUrl: undefined })]
  return bases.flatMap((base) => {
    const address = base + request.originalUrl
    return [address, address.replace(/^http:/, 'https:')]
  })
}

function isSigned(webhook: CarrierWebhook, ...asked: Parameters<CarrierWebhook['isSigned']>): boolean {
  try {
    return webhook.isSigned(...asked)
  } catch (error) {
    // A form that cannot be read was not signed by anybody who writes forms.
    if (error instanceof InvalidRequest) return false
    throw error
  }
}

function byCarrier({ sid }: CarrierRow) {
  return { actor: { type: 'carrier', sid } } as const
}

function tooLong({ webhook }: Found): HttpRefusal {
  const message = `The request body is longer than ${webhook.max_body_bytes} bytes`
  return new HttpRefusal({ status: 413, code: 20001, message })
}

function turnOf({ sid }: CarrierRow, news: News): string | undefined {
  if (news.news === 'message') return `${sid} ${news.message.from}`
  // Whose it is, is not known before it is read.
  if (news.news === 'letter') return `${sid} letters`
  return undefined
}
