import type { State } from '../center.ts'
import { callHappens } from './runner.ts'

/** The time that a running verb has given itself is over. */
export function verbDue(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.change('call', sid, { verb_due: null })
  callHappens(state, sid, { type: 'due' })
  return {}
}
