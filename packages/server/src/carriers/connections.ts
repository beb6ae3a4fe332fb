import type { EngineEvent } from '@ringdown/engine/events'
import type { CarrierRow } from '@ringdown/engine/messaging/rows'
import type { Logger } from 'pino'
import type { CarrierConnection, Carriers, ConnectionContext } from './carrier.ts'
import { type CarrierGround, carriers, maxError, openedSecrets } from './carry.ts'

export interface ConnectionsOptions extends Pick<ConnectionContext, 'keep' | 'agree'> {
  readonly ground: CarrierGround
  readonly log: Logger
  readonly all?: Carriers
  /** Called whenever a carrier has got or lost its connection; undefined when the carrier is gone. */
  readonly onState?: (carrier_sid: string, carrier_type: string, isUp: boolean | undefined) => void
}

/** A carrier's connection with what it was made of. */
interface Kept {
  readonly madeOf: string
  readonly carrier_type: string
  readonly connection: CarrierConnection | undefined
}

/**
 * The connections of an account's carriers to their networks: one for each carrier that listens, as long as it is there and
 * not disabled. A change of a carrier ends its connection and begins another one, without any effect on other carriers.
 */
export class Connections {
  readonly #options: ConnectionsOptions
  readonly #all: Carriers
  readonly #kept = new Map<string, Kept>()
  /** Of each carrier, what is done with its connection, one after the other. */
  readonly #turns = new Map<string, Promise<void>>()
  #isClosed = false

  constructor(options: ConnectionsOptions) {
    this.#options = options
    this.#all = options.all ?? carriers
  }

  /** Connects all carriers that there are. Nothing is waited for. */
  open(): void {
    for (const { sid } of this.#rows()) this.#look(sid)
  }

  /** Follows what happens to carriers. */
  heard(events: readonly EngineEvent[]): void {
    for (const { type, refs } of events)
      if (type === 'carrier.created' || type === 'carrier.updated' || type === 'carrier.removed')
        if (refs.carrier) this.#look(refs.carrier.sid)
  }

  of(carrier_sid: string): CarrierConnection | undefined {
    return this.#kept.get(carrier_sid)?.connection
  }

  async close(): Promise<void> {
    this.#isClosed = true
    for (const sid of [...this.#kept.keys(), ...this.#turns.keys()]) this.#look(sid)
    await Promise.all(this.#turns.values())
  }

  #rows(): readonly CarrierRow[] {
    const { state } = this.#options.ground.ledger
    return state.tables.carrier.list('account_sid', state.account_sid)
  }

  /** Makes a carrier's connection what it is to be, after what is being done with it already. */
  #look(sid: string): void {
    const turn = (this.#turns.get(sid) ?? Promise.resolve())
      .then(() => this.#settle(sid))
      .catch((error: unknown) =>
        this.#options.log.error({ err: error, carrier_sid: sid }, 'a carrier was not connected')
      )
      .finally(() => {
        if (this.#turns.get(sid) === turn) this.#turns.delete(sid)
      })
    this.#turns.set(sid, turn)
  }

  async #settle(sid: string): Promise<void> {
    const { ground, onState } = this.#options
    const found = this.#isClosed ? undefined : ground.ledger.state.find('carrier', sid)
    const carrier = found?.state === 'disabled' ? undefined : found
    const before = this.#kept.get(sid)
    if (before?.madeOf === (carrier && materialOf(carrier))) return
    if (before) {
      this.#kept.delete(sid)
      await before.connection?.close()
      onState?.(sid, before.carrier_type, undefined)
    }
    if (!carrier || this.#isClosed) return
    const connection = this.#made(carrier)
    this.#kept.set(sid, { madeOf: materialOf(carrier), carrier_type: carrier.carrier_type, connection })
  }

  #made(carrier: CarrierRow): CarrierConnection | undefined {
    const { ground, log, keep, agree } = this.#options
    const { sealing, ...rest } = ground
    const { connect } = this.#all[carrier.carrier_type]
    if (!connect) return undefined
    const note = (error: string | null) => this.#note(carrier, error)
    try {
      const secrets = openedSecrets(sealing, rest.ledger.account_sid, carrier)
      return connect({ ...rest, carrier, secrets, note, keep, agree, log: log.child({ carrier_sid: carrier.sid }) })
    } catch (error) {
      note(error instanceof Error ? error.message : String(error))
      return undefined
    }
  }

  /** Keeps the state of a connection, unless it is known already. */
  #note({ sid, carrier_type }: CarrierRow, error: string | null): void {
    const { ground, log, onState } = this.#options
    const { ledger } = ground
    onState?.(sid, carrier_type, error === null)
    const now = ledger.state.find('carrier', sid)
    const kept = error?.slice(0, maxError) ?? null
    if (!now || now.state === 'disabled') return
    if (kept === null ? now.state === 'ready' : now.state === 'failing' && now.last_error === kept) return
    ledger.execute({ type: 'carrier.note_test', sid, error: kept }).catch((failure: unknown) => {
      log.warn({ err: failure, carrier_sid: sid }, 'the state of a carrier was not kept')
    })
  }
}

function materialOf({ carrier_type, senders, configuration, sealed_secrets }: CarrierRow): string {
  return JSON.stringify([carrier_type, senders, configuration, sealed_secrets])
}
