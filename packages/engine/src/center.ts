import { type ChangeOf, CoreState } from './core/state.ts'
import type { EventType } from './events.ts'
import { type Kind, type Kinds, kinds } from './kinds.ts'
import { Matcher } from './matching/matcher.ts'
import { defaultSettings, type Settings } from './settings.ts'

/** One changed row of a decision. */
export type Change<K extends Kind = Kind> = ChangeOf<Kinds, K>

/** A contact center: an account's rows of all products, and what routing keeps beside them. */
export class State extends CoreState<Kinds, EventType> {
  readonly settings: Settings
  /** Who may take from which queue, and what waits where; it follows from the rows. */
  readonly matcher: Matcher

  constructor(account_sid: string, settings: Settings = defaultSettings) {
    super(kinds, account_sid)
    this.settings = settings
    this.matcher = new Matcher(this)
    this.attach(this.matcher)
  }
}
