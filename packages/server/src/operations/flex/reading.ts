import { notFound } from '@ringdown/engine/core/parameters'
import type { InteractionChannelRow, InteractionRow } from '@ringdown/engine/flex/rows'
import type { Context } from '../handler.ts'

/* Interactions that have ended, with their channels, live on disk only. What memory has beats what is on disk. */

/** Refuses with 404. */
export async function interactionOf({ state, ledger }: Context, sid: string): Promise<InteractionRow> {
  const resident = state.find('interaction', sid)
  const [row] = resident ? [resident] : ((await ledger.find('interaction', { sid })) as InteractionRow[]) // rows of that kind
  return row ?? notFound(`/Interactions/${sid}`)
}

/** A channel of an interaction. Refuses with 404. */
export async function channelOf(
  { state, ledger }: Context,
  interaction_sid: string,
  sid: string
): Promise<InteractionChannelRow> {
  const resident = state.find('interaction_channel', sid)
  const [row] = resident ? [resident] : ((await ledger.find('interaction_channel', { sid })) as InteractionChannelRow[]) // rows of that kind
  return row?.interaction_sid === interaction_sid ? row : notFound(`/Interactions/${interaction_sid}/Channels/${sid}`)
}
