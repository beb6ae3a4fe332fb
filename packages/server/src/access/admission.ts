import type { State } from '@ringdown/engine/center'
import type { Logger } from 'pino'
import { type KeyHolder, Keyring } from './keyring.ts'
import type { Sealing } from './sealing.ts'
import { UserSessions } from './sessions.ts'
import { Tokens } from './tokens.ts'

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
}

/** Who is let in beside the accounts themselves, and what that takes: keys, tokens, and secrets under seal. */
export class Admission {
  readonly sealing: Sealing
  readonly keyring: Keyring
  readonly sessions: UserSessions
  /** The account that whoever signs in for the first time becomes a user of; undefined while none is open here. */
  readonly account: () => KeyHolder | undefined
  readonly tokens: Tokens

  constructor({ authTokens, account, sealing, now, machineNow, log }: AdmissionOptions) {
    const holders = () => [...authTokens.keys()].flatMap((sid) => account(sid) ?? [])
    const stateOf = (sid: string): State | undefined => account(sid)?.state
    this.sealing = sealing
    this.account = () => holders()[0]
    this.keyring = new Keyring({ holders, sealing, now, log })
    this.sessions = new UserSessions({ holders, sealing, now, machineNow })
    const { keyring, sessions } = this
    this.tokens = new Tokens({ authToken: (sid) => authTokens.get(sid), keyring, sessions, stateOf, machineNow })
  }
}
