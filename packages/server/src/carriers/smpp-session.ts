import { once } from 'node:events'
import smpp, { type PDU, type Session } from 'smpp'
import type { CarrierContext } from './carrier.ts'
import { dialed } from './dial.ts'
import { Patient } from './kept-link.ts'
import type { SmppSettings } from './smpp-settings.ts'

/** What the other side says of itself, by the numbers of SMPP 3.4, 5.1.3. */
export const statuses = {
  ok: 0x00,
  alreadyBound: 0x05,
  systemError: 0x08,
  invalidSource: 0x0a,
  invalidDestination: 0x0b,
  bindFailed: 0x0d,
  invalidPassword: 0x0e,
  invalidSystemId: 0x0f,
  queueFull: 0x14,
  throttled: 0x58,
  notNow: 0x64,
  rejected: 0x66
} as const

/** Milliseconds that are waited after a bind that was refused, at least: some centers lock who tries too often. */
const refused_ms = 30_000

/** Milliseconds for a good-bye: somebody may wait to stop. */
const goodbye_ms = 1000

/** A PDU was not answered in time, or the connection has ended before. */
class NoAnswer extends Error {
  override name = 'NoAnswer'
}

/** A session on which one is bound as a transceiver. Whatever ends it ends everything that waits for an answer on it. */
export class BoundSession {
  readonly #session: Session
  readonly #settings: SmppSettings
  readonly #waiting = new Set<(error: Error) => void>()
  #failure: Error | undefined
  #listener: ((pdu: PDU) => void) | undefined
  readonly #early: PDU[] = []
  #enquiry: NodeJS.Timeout | undefined
  /** Resolves when the session is over, with why if that is known. */
  readonly over: Promise<Error | undefined>

  private constructor(session: Session, settings: SmppSettings) {
    this.#session = session
    this.#settings = settings
    session.on('error', (error: Error) => this.#fail(error))
    // A center may deliver in one piece with its answer to the bind, before anybody listens.
    session.on('pdu', (pdu: PDU) => {
      if (pdu.isResponse()) return
      if (this.#listener) this.#listener(pdu)
      else this.#early.push(pdu)
    })
    this.over = new Promise((resolve) => {
      session.on('close', () => {
        clearInterval(this.#enquiry)
        for (const fail of [...this.#waiting]) fail(new NoAnswer('the connection has ended'))
        resolve(this.#failure)
      })
    })
  }

  /** Connects and binds. Rejects with why not; then nothing is left open. */
  static async bind(
    settings: SmppSettings,
    { allowPrivate }: Pick<CarrierContext, 'allowPrivate'>,
    signal: AbortSignal
  ): Promise<BoundSession> {
    const { host, port, tls } = settings
    const address = await dialed(host, { allowPrivate })
    const session = smpp.connect({ host: address, port, tls, ...(tls && { servername: host }) })
    const bound = new BoundSession(session, settings)
    const stop = () => bound.end(new Error('given up'))
    signal.addEventListener('abort', stop, { once: true })
    const late = setTimeout(
      () => bound.end(new NoAnswer(`nobody answered in ${settings.response_ms} ms`)),
      settings.response_ms
    )
    try {
      signal.throwIfAborted()
      await Promise.race([once(session, tls ? 'secureConnect' : 'connect'), bound.#ended()])
      clearTimeout(late)
      await bound.#bind()
      bound.#keepAlive()
      return bound
    } catch (error) {
      bound.end()
      throw error
    } finally {
      clearTimeout(late)
      signal.removeEventListener('abort', stop)
    }
  }

  /** From now on the listener hears what the other side asks, and at once what it has asked since the bind. */
  onPdu(listener: (pdu: PDU) => void): void {
    this.#listener = listener
    for (const pdu of this.#early.splice(0)) listener(pdu)
  }

  /** Sends, and resolves with the answer. Rejects with NoAnswer. */
  ask(command: string, parameters: Readonly<Record<string, unknown>>, signal?: AbortSignal): Promise<PDU> {
    return new Promise((resolve, reject) => {
      const done = () => {
        clearTimeout(timer)
        this.#waiting.delete(fail)
        signal?.removeEventListener('abort', given)
      }
      const fail = (error: Error) => {
        done()
        reject(error)
      }
      const given = () => fail(new NoAnswer('given up'))
      const timer = setTimeout(() => fail(new NoAnswer(`no answer to ${command}`)), this.#settings.response_ms)
      this.#waiting.add(fail)
      signal?.addEventListener('abort', given, { once: true })
      const isSent = this.#session.send(new smpp.PDU(command, parameters), (answer) => {
        done()
        resolve(answer)
      })
      if (!isSent) fail(new NoAnswer('the connection has ended'))
    })
  }

  answer(pdu: PDU, command_status: number = statuses.ok): void {
    const { command, sequence_number } = pdu
    const hasAnswer = command === 'unknown' || `${command}_resp` in smpp.commands
    const answer = hasAnswer
      ? pdu.response({ command_status })
      : new smpp.PDU('generic_nack', { sequence_number, command_status })
    this.#session.send(answer)
  }

  /** Reads on, or not for now. */
  set isPaused(paused: boolean) {
    if (paused) this.#session.pause()
    else this.#session.resume()
  }

  /** Says good-bye, and waits a moment for the answer. */
  async unbind(): Promise<void> {
    await this.ask('unbind', {}, AbortSignal.timeout(goodbye_ms)).catch(() => {}) // who does not answer is hung up on
    this.end()
  }

  end(why?: Error): void {
    this.#fail(why)
  }

  #fail(error: Error | undefined): void {
    this.#failure ??= error
    this.#session.destroy()
  }

  async #ended(): Promise<never> {
    throw (await this.over) ?? new Error('the connection was ended by the other side')
  }

  async #bind(): Promise<void> {
    const { system_id, password, system_type, address_range } = this.#settings
    const about = { system_id, password, system_type, address_range, interface_version: 0x34, addr_ton: 0, addr_npi: 0 }
    const { command, command_status: status } = await this.ask('bind_transceiver', about)
    if (command !== 'bind_transceiver_resp') throw new Error(`bind_transceiver was answered by ${command}`)
    if (status !== statuses.ok) throw refusal(status)
  }

  #keepAlive(): void {
    this.#enquiry = setInterval(() => {
      this.ask('enquire_link', {}).catch((error: Error) => this.#fail(error))
    }, this.#settings.enquire_ms)
  }
}

/** A bind was refused, by a status. */
export class BindRefused extends Patient {
  readonly status: number

  constructor(message: string, status: number, min_ms: number) {
    super(message, min_ms)
    this.status = status
  }
}

function refusal(status: number): BindRefused {
  const named: Readonly<Record<number, string>> = {
    [statuses.alreadyBound]: 'this system_id is bound already',
    [statuses.bindFailed]: 'the bind failed',
    [statuses.invalidPassword]: 'the password is wrong',
    [statuses.invalidSystemId]: 'the system_id is unknown'
  }
  const isLasting = status in named && status !== statuses.alreadyBound
  const message = `${named[status] ?? 'the bind was refused'} (status 0x${status.toString(16).padStart(2, '0')})`
  return new BindRefused(message, status, isLasting ? refused_ms : 0)
}
