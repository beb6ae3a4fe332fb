import type { State } from '../center.ts'
import type { ConversationRow } from '../conversations/rows.ts'
import { notFound } from '../core/parameters.ts'
import type { InteractionChannelRow, InteractionRow } from './rows.ts'

/** An interaction, or 404. */
export function interactionOf(state: State, sid: string): InteractionRow {
  return state.tables.interaction.find(sid) ?? notFound(`/Interactions/${sid}`)
}

/** A channel of that interaction, or 404. */
export function channelOf(state: State, interaction_sid: string, sid: string): InteractionChannelRow {
  const channel = state.tables.interaction_channel.find(sid)
  return channel?.interaction_sid === interaction_sid
    ? channel
    : notFound(`/Interactions/${interaction_sid}/Channels/${sid}`)
}

/** The channel's conversation; undefined where it has none, or a closed one. */
export function conversationOfChannel(state: State, channel: InteractionChannelRow): ConversationRow | undefined {
  const conversation = state.resident('conversation', channel.media_channel_sid)
  return conversation?.state === 'closed' ? undefined : conversation
}
