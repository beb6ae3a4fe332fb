import { notFound } from '@ringdown/engine/core/parameters'
import type {
  FlexChatChannelRow,
  InteractionChannelRow,
  InteractionRow,
  InteractionTransferRow
} from '@ringdown/engine/flex/rows'
import type { Context } from '../handler.ts'

/*
 * Interactions that have ended, and their channels, are in the store only. The row in memory is the newer one. Each
 * function refuses with 404 where there is none.
 */

export type OfInteraction = { readonly interaction_sid: string }
export type OfChannel = OfInteraction & { readonly channel_sid: string }

export async function interactionOf({ state, ledger }: Context, sid: string): Promise<InteractionRow> {
  const resident = state.find('interaction', sid)
  const [row] = resident ? [resident] : await ledger.find('interaction', { sid })
  return row ?? notFound(`/Interactions/${sid}`)
}

export async function channelOf(
  { state, ledger }: Context,
  interaction_sid: string,
  sid: string
): Promise<InteractionChannelRow> {
  const resident = state.find('interaction_channel', sid)
  const [row] = resident ? [resident] : await ledger.find('interaction_channel', { sid })
  return row?.interaction_sid === interaction_sid ? row : notFound(`/Interactions/${interaction_sid}/Channels/${sid}`)
}

export async function transferOf(
  context: Context,
  { interaction_sid, channel_sid, sid }: OfChannel & { readonly sid: string }
): Promise<InteractionTransferRow> {
  const channel = await channelOf(context, interaction_sid, channel_sid)
  const resident = context.state.find('interaction_transfer', sid)
  const [row] = resident ? [resident] : await context.ledger.find('interaction_transfer', { sid })
  return row?.channel_sid === channel.sid
    ? row
    : notFound(`/Interactions/${interaction_sid}/Channels/${channel_sid}/Transfers/${sid}`)
}

export async function chatChannelOf(
  { state, ledger }: Context,
  type: 'chat' | 'web',
  sid: string
): Promise<FlexChatChannelRow> {
  const resident = state.find('flex_chat_channel', sid)
  const [row] = resident ? [resident] : await ledger.find('flex_chat_channel', { sid })
  return row?.type === type ? row : notFound(`/${type === 'web' ? 'WebChannels' : 'Channels'}/${sid}`)
}
