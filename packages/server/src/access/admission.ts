import type { State } from '@ringdown/engine/center'
import type { Logger } from 'pino'
import { type KeyHolder, Keyring } from './keyring.ts'
import type { PasswordCost } from './passwords.ts'
import type { Sealing } from './sealing.ts'
import { UserSessions } from './sessions.ts'
import { Tokens } from './tokens.ts'
import { Webchats } from './webchats.ts'

interface AdmissionOptions {
  /** Accounts with their auth tokens, which sign for them. */
  readonly authTokens: ReadonlyMap<string, string>
  /** Those of them that are open here. */
  readonly account: (account_sid: string) => KeyHolder | undefined
  readonly sealing: Sealing
  /** Milliseconds, by the clock of the accounts. */
  readonly now: () => number
  /** Milliseconds, by the machine's clock, under a test clock too. */
  readonly machineNow: () => number
  readonly log: Logger
  /** Of the hashes that are made here; the usual one if it is not said. */
  readonly passwordCost?: PasswordCost
}

/** Who is let in beside the accounts themselves, and what that takes: keys, tokens, and secrets under seal. */
export class Admission {
  readonly sealing: Sealing
  readonly keyring: Keyring
  readonly sessions: UserSessions
  readonly webchats: Webchats
  /** The account that whoever signs in for the first time becomes a user of; undefined while none is open here. */
  readonly account: () => KeyHolder | undefined
  readonly tokens: Tokens
  /** Accounts that are open here. */
  readonly holders: () => Iterable<KeyHolder>
  /** Whether all accounts are open here: until then nobody can say whose a key is that is not known. */
  readonly isWhole: () => boolean

  constructor({ authTokens, account, sealing, now, machineNow, log, passwordCost }: AdmissionOptions) {
    // Asked with every request of a key or a token.
    const holders = function* (): Generator<KeyHolder> {
      for (const sid of authTokens.keys()) {
        const holder = account(sid)
        if (holder) yield holder
      }
    }
    const stateOf = (sid: string): State | undefined => account(sid)?.state
    this.sealing = sealing
    this.holders = holders
    this.account = () => holders().next().value ?? undefined
    this.keyring = new Keyring({ holders, sealing, now, log })
    this.isWhole = () => [...authTokens.keys()].every((sid) => account(sid) !== undefined)
    this.sessions = new UserSessions({ holders, sealing, now, machineNow, passwordCost })
    this.webchats = new Webchats({ holders, sealing, machineNow })
    const { keyring, sessions, webchats } = this
    const { isWhole } = this
    const authToken = (sid: string) => authTokens.get(sid)
    this.tokens = new Tokens({ authToken, keyring, sessions, webchats, stateOf, isWhole, machineNow })
  }
}
