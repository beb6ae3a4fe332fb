import { isJsonObject } from '@ringdown/contract/json-text'
import { flexUserOf } from '../access/flex-user.ts'
import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { PreferencesRow } from './rows.ts'

interface OfUser {
  readonly flex_user_sid: string
}

const maxPreferences = 16_384

/** Keeps what somebody has chosen for the own desk, as a whole: JSON text of an object, as it was written. */
export function updatePreferences(
  state: State,
  { flex_user_sid, preferences }: OfUser & { readonly preferences: string }
): { preferences: PreferencesRow } {
  const { sid } = flexUserOf(state, flex_user_sid)
  checkLength(preferences, 'Preferences', maxPreferences)
  if (!isJsonObject(valueIn(preferences))) refuse('invalid', 'Preferences must be a JSON object')
  if (state.tables.preferences.find(sid)) return { preferences: state.change('preferences', sid, { preferences }) }
  const { account_sid } = state
  return { preferences: state.insert('preferences', { account_sid, flex_user_sid: sid, preferences }, sid) }
}

export function preferencesReads({ flex_user_sid: sid }: OfUser, state: State): readonly Read[] {
  return state.tables.preferences.find(sid) ? [] : [{ kind: 'preferences', where: { sid } }]
}
