import type { State } from '../center.ts'
import { refuse } from '../core/refusals.ts'
import { flexUserOf, updateFlexUser } from './flex-user.ts'
import type { FlexUserRow, SetupLinkRow } from './rows.ts'

/** Makes a link that lets somebody choose a password, once; an older one of the same user leads nowhere any more. */
export function createSetupLink(
  state: State,
  params: {
    readonly flex_user_sid: string
    readonly secret_hash: string
    /** Milliseconds. */
    readonly life_ms: number
  }
): { setup_link: SetupLinkRow } {
  const { sid } = flexUserOf(state, params.flex_user_sid)
  for (const other of [...state.tables.setup_link.by('flex_user_sid', sid)]) state.remove('setup_link', other.sid)
  const setup_link = state.insert('setup_link', {
    account_sid: state.account_sid,
    flex_user_sid: sid,
    secret_hash: params.secret_hash,
    ends_at: state.at + params.life_ms
  })
  return { setup_link }
}

/** Takes the password that somebody has chosen who came by a link. A link leads in once. */
export function followSetupLink(
  state: State,
  { secret_hash, password }: { readonly secret_hash: string; readonly password: string }
): { flex_user: FlexUserRow } {
  const link = state.tables.setup_link.firstBy('secret_hash', secret_hash)
  if (!link) return refuse('not_possible', 'The link leads nowhere: it was used, or its time is over')
  state.remove('setup_link', link.sid)
  return updateFlexUser(state, { sid: link.flex_user_sid, password })
}

export function endSetupLink(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('setup_link', sid)
  return {}
}
