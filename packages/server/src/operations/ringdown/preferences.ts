import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { flexUserOf } from '@ringdown/engine/access/flex-user'
import type { PreferencesRow } from '@ringdown/engine/desk/rows'
import type { Handlers } from '../handler.ts'
import { shownJson } from '../shown-json.ts'

type Shown = OperationTypes['ringdown_v1.FetchUserPreferences']['row']

/** What somebody has chosen for the own desk: it follows the user to every browser. */
export const preferencesHandlers = {
  async 'ringdown_v1.FetchUserPreferences'({ path: { flex_user_sid } }, { state, ledger }) {
    const { sid } = flexUserOf(state, flex_user_sid)
    const [row] = [state.resident('preferences', sid) ?? (await ledger.find('preferences', { sid }))].flat()
    return shown(sid, row)
  },

  async 'ringdown_v1.UpdateUserPreferences'({ path, params }, { execute }) {
    const { preferences } = await execute({ type: 'preferences.update', ...path, ...params })
    return shown(preferences.flex_user_sid, preferences)
  }
} satisfies Handlers

/** The text goes out as it was written. */
function shown(user_sid: string, row: PreferencesRow | undefined): Shown {
  const preferences = shownJson<Shown['preferences']>(row?.preferences ?? '{}')
  return { user_sid, preferences, date_updated: row?.date_updated ?? null }
}
