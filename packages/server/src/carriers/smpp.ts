import { createHash, randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { PDU } from 'smpp'
import { Unavailable } from '../commit/ledger.ts'
import type {
  Carrier,
  CarrierConnection,
  CarrierContext,
  ConnectionContext,
  OutboundMessage,
  SendOutcome
} from './carrier.ts'
import { giveParts, type PartOutcome } from './giving.ts'
import { KeptLink } from './kept-link.ts'
import { canonical, isReceipt, receiptIn } from './smpp-receipt.ts'
import { Redeliveries, Unanswered } from './smpp-redelivery.ts'
import { BindRefused, BoundSession, statuses } from './smpp-session.ts'
import { type SmppSettings, smppSettings } from './smpp-settings.ts'
import { partPlaceIn, partsOf, type TextPart } from './smpp-text.ts'
import { messageIn, smsTextIn } from './smpp-text-in.ts'
import { wholeText } from './whole-text.ts'

/*
 * SMPP 3.4: one bind as a transceiver for each carrier (reference messaging 20; docs/decisions/050-carriers-that-listen.md). What comes in is answered when
 * it is durable, so that a center keeps it otherwise.
 */

export const smppCarrier: Carrier = {
  send(message, context) {
    const { connection } = context
    const isOurs = connection instanceof SmppConnection && connection.isUp
    return isOurs ? connection.send(message, context) : Promise.resolve({ away: 'SMPP: not connected' })
  },

  async test(context) {
    try {
      const session = await BoundSession.bind(smppSettings(context), context, context.signal)
      await session.unbind()
      return null
    } catch (error) {
      // A center that takes one bind at a time has ours.
      if (error instanceof BindRefused && error.status === statuses.alreadyBound) return null
      throw error
    }
  },

  connect(context) {
    return new SmppConnection(smppSettings(context), context)
  }
}

/** Messages of phones that are being taken in at once: a center that sends more is not read on. */
const maxTaken = 100

/** A carrier's bind, with what is sent and taken in by it. */
class SmppConnection implements CarrierConnection {
  readonly #settings: SmppSettings
  readonly #context: ConnectionContext
  readonly #link: KeptLink
  #session: BoundSession | undefined
  readonly #window: Window
  readonly #pace: Pace

  constructor(settings: SmppSettings, context: ConnectionContext) {
    this.#settings = settings
    this.#context = context
    this.#window = new Window(settings.window)
    this.#pace = new Pace(1000 / settings.per_second)
    this.#link = new KeptLink({
      note: (error) => context.note(error === null ? null : `SMPP: ${error}`),
      session: (up, signal) => this.#live(up, signal)
    })
  }

  get isUp(): boolean {
    return this.#link.isUp
  }

  close(): Promise<void> {
    return this.#link.close()
  }

  /** Submits a message in as many parts as it takes, each under the reference that the message always has. */
  send(message: OutboundMessage, context: CarrierContext): Promise<SendOutcome> {
    if (message.media.length > 0) return Promise.resolve({ error_code: 30008, error_message: 'SMPP carries no files' })
    const parts = partsOf(message.body ?? '', referenceOf(message.sid), this.#settings.alphabet)
    if (parts.length > 255)
      return Promise.resolve({ error_code: 30008, error_message: 'The message has more than 255 parts' })
    const give = (part: TextPart, n: number) => () => {
      return this.#submit(message, part, { isLast: n === parts.length - 1, signal: context.signal })
    }
    return giveParts(parts.map(give), message, context)
  }

  async #submit(
    message: OutboundMessage,
    part: TextPart,
    { isLast, signal }: { readonly isLast: boolean; readonly signal: AbortSignal }
  ): Promise<PartOutcome> {
    let isInside = false
    let isOut = false
    try {
      await this.#window.enter(signal)
      isInside = true
      await this.#pace.wait(signal)
      const session = this.#session
      if (!session) return { away: 'SMPP: not connected' }
      isOut = true
      const answer = await session.ask('submit_sm', submission(message, part, isLast), signal)
      if (answer.command_status !== statuses.ok) return outcomeOf(answer.command_status)
      const { message_id } = answer
      return { taken: typeof message_id === 'string' && message_id !== '' ? this.#known(message_id) : message.sid }
    } catch (error) {
      return { away: `SMPP: ${error instanceof Error ? error.message : String(error)}`, isUnsure: isOut }
    } finally {
      if (isInside) this.#window.leave()
    }
  }

  /** As receipts name it. */
  #known(id: string): string {
    const isHexadecimal = this.#settings.hasHexadecimalIds && /^[0-9a-f]+$/i.test(id)
    return canonical(isHexadecimal ? BigInt(`0x${id}`).toString() : id)
  }

  async #live(up: () => void, signal: AbortSignal): Promise<void> {
    const session = await BoundSession.bind(this.#settings, this.#context, signal)
    const taking = new Taking(session, this.#context, this.#settings.redelivery_ms)
    session.onPdu((pdu) => taking.heard(pdu))
    this.#session = session
    const stop = () => void session.unbind()
    signal.addEventListener('abort', stop, { once: true })
    if (signal.aborted) stop()
    up()
    const failure = await session.over
    signal.removeEventListener('abort', stop)
    this.#session = undefined
    await taking.done()
    if (failure) throw failure
  }
}

/** A phone's text, and the name under which it is kept. */
interface ReceivedText {
  readonly from: string
  readonly to: string
  readonly body: string
  readonly provider_sid: string
  readonly isText: boolean
}

/** Takes in what a center delivers on one session. */
class Taking {
  readonly #session: BoundSession
  readonly #context: ConnectionContext
  /** Names of messages that have none. */
  readonly #epoch = randomUUID()
  readonly #running = new Set<Promise<void>>()
  readonly #before: Redeliveries
  readonly #unanswered = new Unanswered()

  constructor(session: BoundSession, context: ConnectionContext, window_ms: number) {
    this.#session = session
    this.#context = context
    const { ledger, carrier, now } = context
    this.#before = new Redeliveries({
      ...{ ledger, window_ms, carrier_sid: carrier.sid },
      ...{ epoch: this.#epoch, since: now(), now }
    })
  }

  /** Answers whatever comes; nothing that comes makes it throw. */
  heard(pdu: PDU): void {
    const { command } = pdu
    if (command === 'deliver_sm' || command === 'data_sm') this.#take(pdu)
    else if (command === 'unbind') {
      this.#session.answer(pdu)
      this.#session.end()
    } else if (command === 'enquire_link') this.#session.answer(pdu)
    // Alerts and outbinds ask for no answer; what we would be asked as a center has none of ours.
    else if (command !== 'alert_notification' && command !== 'outbind') this.#session.answer(pdu, invalidCommand)
  }

  async done(): Promise<void> {
    await Promise.all(this.#running)
  }

  #take(pdu: PDU): void {
    const running: Promise<void> = this.#taken(pdu)
      .then((status) => this.#session.answer(pdu, status))
      .finally(() => {
        this.#running.delete(running)
        if (this.#running.size === maxTaken - 1) this.#session.isPaused = false
      })
    this.#running.add(running)
    if (this.#running.size >= maxTaken) this.#session.isPaused = true
  }

  /** The status that a delivery is answered with: not now while nothing can be kept, and rejected where it makes no sense. */
  async #taken(pdu: PDU): Promise<number> {
    const { log } = this.#context
    try {
      if (isReceipt(pdu)) await this.#report(pdu)
      else await this.#receive(pdu)
      return statuses.ok
    } catch (error) {
      if (error instanceof Unavailable) return statuses.notNow
      // Its words and addresses may stand in the error.
      log.warn({ reason: error instanceof Error ? error.name : 'unknown' }, 'a message of SMPP could not be taken in')
      return statuses.rejected
    }
  }

  async #report(pdu: PDU): Promise<void> {
    const receipt = receiptIn(pdu)
    // Asking a center to send it again would not make it say more.
    if (!receipt) return
    const { id, status, error_code, error_message } = receipt
    const { ledger, carrier } = this.#context
    const { sid: carrier_sid } = carrier
    await ledger.execute({
      type: 'channel_message.report',
      carrier_sid,
      provider_sid: wholeText(id),
      status,
      error_code,
      error_message
    })
  }

  async #receive(pdu: PDU): Promise<void> {
    const { carrier, ledger } = this.#context
    const { sid: carrier_sid, senders } = carrier
    const from = addressIn(pdu.source_addr, pdu.source_addr_ton)
    const to = ownAmong(senders, addressIn(pdu.destination_addr, pdu.dest_addr_ton))
    const text = smsTextIn(pdu)
    const place = partPlaceIn(messageIn(pdu)?.udh) ?? segmentIn(pdu)
    if (place && place.total > 1 && text !== undefined) {
      await ledger.execute({ type: 'channel_message.receive_part', ...{ carrier_sid, from, to, ...place }, body: text })
      return
    }
    const named = typeof pdu.receipted_message_id === 'string' ? wholeText(pdu.receipted_message_id) : ''
    const body = wholeText(text ?? '')
    const said = { from, to, body }
    const provider_sid = named || this.#unanswered.nameOf(said) || `${this.#epoch}-${pdu.sequence_number}`
    try {
      if (provider_sid !== named && (await this.#before.isAgain(said))) return
      await this.#keep({ ...said, provider_sid, isText: text !== undefined })
    } catch (error) {
      if (error instanceof Unavailable && provider_sid !== named) this.#unanswered.add(said, provider_sid)
      throw error
    }
  }

  async #keep({ from, to, body, provider_sid, isText }: ReceivedText): Promise<void> {
    const { carrier, ledger, agree } = this.#context
    const { sid: carrier_sid } = carrier
    // Nobody can read what is no text; that it came is kept all the same.
    const told: Record<string, string> = isText ? {} : { Binary: 'true' }
    const agreed = await agree({ from, to, body, told })
    await ledger.execute({
      type: 'channel_message.receive',
      ...{ carrier_sid, from, to, provider_sid, body, told },
      ...(agreed !== undefined && { agreed })
    })
  }
}

/** ESME_RINVCMDID */
const invalidCommand = 0x03

function submission({ from, to, valid_ms }: OutboundMessage, { data_coding, udh, message }: TextPart, isLast: boolean) {
  const source = numbering(from)
  const destination = numbering(to)
  return {
    source_addr_ton: source.ton,
    source_addr_npi: source.npi,
    source_addr: source.address,
    dest_addr_ton: destination.ton,
    dest_addr_npi: destination.npi,
    destination_addr: destination.address,
    esm_class: udh ? 0x40 : 0,
    data_coding,
    // What has become of the last part stands for the whole.
    registered_delivery: isLast ? 1 : 0,
    ...(valid_ms !== null && { validity_period: relativeTime(valid_ms) }),
    short_message: udh ? Buffer.concat([udh, message]) : message
  }
}

/** How an address is numbered: international, a short code, or a name (reference messaging 13). */
function numbering(address: string): { readonly ton: number; readonly npi: number; readonly address: string } {
  if (/^\+\d+$/.test(address)) return { ton: 1, npi: 1, address: address.slice(1) }
  if (/^\d{1,8}$/.test(address)) return { ton: 3, npi: 0, address }
  return { ton: 5, npi: 0, address }
}

/** Days, hours, minutes and seconds from now, as `000002030400000R`. */
function relativeTime(ms: number): string {
  const seconds = Math.min(Math.max(1, Math.floor(ms / 1000)), 30 * 86_400)
  const two = (n: number) => String(n).padStart(2, '0')
  const [days, hours, minutes] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3600) % 24,
    Math.floor(seconds / 60) % 60
  ]
  return `0000${two(days)}${two(hours)}${two(minutes)}${two(seconds % 60)}000R`
}

/** An address as messages have it: international ones with a plus. A center that numbers nothing has long ones so, too. */
function addressIn(address: unknown, ton: unknown): string {
  const text = typeof address === 'string' ? wholeText(address).trim() : ''
  const isInternational = ton === 1 || ((ton === 0 || ton === undefined) && text.length >= 10)
  return /^\d+$/.test(text) && isInternational ? `+${text}` : text
}

/** The address of ours that has the same digits, however a center writes it. */
function ownAmong(senders: readonly string[], address: string): string {
  const digits = address.replace(/^\+/, '')
  return senders.find((one) => one.replace(/^\+/, '') === digits) ?? address
}

function segmentIn({ sar_msg_ref_num, sar_total_segments, sar_segment_seqnum }: PDU) {
  const isWhole = [sar_msg_ref_num, sar_total_segments, sar_segment_seqnum].every((one) => typeof one === 'number')
  if (!isWhole) return undefined
  return { reference: Number(sar_msg_ref_num), total: Number(sar_total_segments), number: Number(sar_segment_seqnum) }
}

/** The same message always has the same one: parts that are submitted again are known to phones. */
function referenceOf(sid: string): number {
  return createHash('sha256').update(sid).digest()[0] ?? 0
}

/** What a status means (SMPP 3.4, 5.1.3): too much now, not now, or never. */
function outcomeOf(status: number): SendOutcome {
  const named = `SMPP status 0x${status.toString(16).padStart(2, '0')}`
  if (status === statuses.throttled) return { wait: named, after_ms: 1000 }
  if (status === statuses.queueFull) return { wait: named, after_ms: 5000 }
  if (status === statuses.systemError || status === statuses.notNow) return { away: named }
  if (status === statuses.invalidDestination) return { error_code: 30005, error_message: named }
  return { error_code: 30008, error_message: named, ...(status === statuses.invalidSource && { trouble: true }) }
}

/** SMPP's window: so many PDUs may be without an answer at once; the others wait in their order. */
class Window {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(size: number) {
    this.#free = size
  }

  async enter(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (this.#free > 0) {
      this.#free -= 1
      return
    }
    await new Promise<void>((resolve, reject) => {
      const enter = () => {
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const stop = () => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(signal.reason)
      }
      signal.addEventListener('abort', stop, { once: true })
      this.#waiting.push(enter)
    })
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next) next()
    else this.#free += 1
  }
}

/** One at a time, with so many milliseconds between two. */
class Pace {
  readonly #gap_ms: number
  #next = 0

  constructor(gap_ms: number) {
    this.#gap_ms = gap_ms
  }

  async wait(signal: AbortSignal): Promise<void> {
    const now = performance.now()
    const at = Math.max(now, this.#next)
    this.#next = at + this.#gap_ms
    if (at > now) await delay(at - now, undefined, { signal })
  }
}
