import { type ChangeOf, CoreState } from './core/state.ts'
import type { EventType } from './events.ts'
import { type Kind, type Kinds, kinds } from './kinds.ts'
import { Matcher } from './matching/matcher.ts'
import { defaultSettings, type Settings } from './settings.ts'
import { noTools, type Tools } from './tools.ts'

/** One changed row of a decision. */
export type Change<K extends Kind = Kind> = ChangeOf<Kinds, K>

/** A contact center: an account's rows of all products, and what routing keeps beside them. */
export class State extends CoreState<Kinds, EventType> {
  readonly settings: Settings
  /** What renders templates, for flows. */
  readonly tools: Tools
  /** Who may take from which queue, and what waits where; it follows from the rows. */
  readonly matcher: Matcher

  constructor(account_sid: string, settings: Settings = defaultSettings, tools: Tools = noTools) {
    super(kinds, account_sid)
    this.settings = settings
    this.tools = tools
    this.matcher = new Matcher(this)
    this.attach(this.matcher)
  }
}
