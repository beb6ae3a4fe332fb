import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import type { LegArrival, LegReport } from '@ringdown/contract/voice-leg'
import type { LegOrder } from '@ringdown/contract/voice-link'
import type { State } from '@ringdown/engine/center'
import type { Actor } from '@ringdown/engine/core/events'
import { Refusal } from '@ringdown/engine/core/refusals'
import { maxMediaSize } from '@ringdown/engine/media/media'
import type { CallRow } from '@ringdown/engine/voice/rows'
import type { NoteSound } from '@ringdown/engine/voice/sound'
import type { Logger } from 'pino'
import type { Account } from '../commit/account.ts'
import { Exchange } from '../commit/exchange.ts'
import { TooLong } from '../media/intake.ts'
import type { Media } from '../media/media.ts'
import { codeOf } from '../store/thrown.ts'
import type { Sounds } from './sounds.ts'
import type { VoiceLedger } from './switchboard.ts'

export interface AccountLedgerOptions {
  readonly account: Account
  readonly media: Media
  readonly sounds: Sounds
  readonly log: Logger
}

/** The calls of an account, as its rows have them. */
export class AccountLedger implements VoiceLedger {
  readonly #options: AccountLedgerOptions

  constructor(options: AccountLedgerOptions) {
    this.#options = options
  }

  legs(): readonly LegOrder[] {
    const { state, account_sid } = this.#options.account
    return [...state.tables.call.by('account_sid', account_sid)].flatMap((row) => orderOf(row) ?? [])
  }

  leg(call_sid: string): LegOrder | undefined {
    const row = this.#options.account.state.resident('call', call_sid)
    return row && orderOf(row)
  }

  async report(report: LegReport): Promise<void> {
    await this.#options.account.execute({ type: 'call.report', ...report })
  }

  async note(sound: NoteSound): Promise<void> {
    await this.#options.account.execute({ type: 'sound.note', ...sound })
  }

  async arrive(arrival: LegArrival, actor: Actor | undefined): Promise<string> {
    const exchange = new Exchange(actor)
    try {
      const { call } = await this.#options.account.execute({ type: 'call.arrive', ...arrival }, exchange)
      return call.sid
    } finally {
      exchange.end()
    }
  }

  subscribe(changed: (legs: readonly LegOrder[] | undefined) => void): () => void {
    const { account } = this.#options
    let known: State = account.state
    return account.subscribe((events) => {
      if (account.state !== known) {
        // Memory was loaded again: nobody was called with what was decided meanwhile.
        known = account.state
        changed(undefined)
      }
      const legs = events.flatMap(({ type, refs: { call } }) =>
        type === 'ringdown.call.leg-changed' && call ? (orderOf(call) ?? []) : []
      )
      if (legs.length > 0) changed(legs)
    })
  }

  fetch(address: string): Promise<string> {
    return this.#options.sounds.fetch(address)
  }

  async keep(path: string): Promise<string | null> {
    const { account, media: files, log } = this.#options
    try {
      const options = { limit: maxMediaSize, claimed: 'audio/x-wav' }
      const sid = await files.keep(createReadStream(path), options, async ({ sha256, size }) => {
        const { media } = await account.execute({ type: 'media.create', content_type: 'audio/x-wav', sha256, size })
        return media.sid
      })
      await rm(path, { force: true })
      return sid
    } catch (err) {
      if (!(err instanceof TooLong) && codeOf(err) !== 'ENOENT') throw err
      log.warn({ err }, 'a recording cannot be kept')
      return null
    }
  }

  isRefusal(error: unknown): boolean {
    return error instanceof Refusal
  }
}

function orderOf({ leg, reported: heard }: CallRow): LegOrder | undefined {
  return leg ? { leg, heard } : undefined
}
