import { notFound } from '@ringdown/engine/core/parameters'
import { checkInstance, interactionWebhookOf } from '@ringdown/engine/flex/interaction-webhook'
import { representInteraction, representInvite, representMember } from '@ringdown/engine/flex/representation'
import { type Noun, noun } from '../derived.ts'
import type { Context, One } from '../handler.ts'
import {
  channelOf,
  chatChannelOf,
  interactionOf,
  type OfChannel,
  type OfInteraction,
  transferOf
} from './cold-lookup.ts'
import { configurationOf, representConfiguration } from './configuration.ts'

/** Resources of Flex whose operations follow the general rules (reference flex 4 to 9). */
export const flexNouns: Readonly<Record<string, Noun>> = {
  // Every version of the UI has the same configuration here.
  configuration: noun({
    kind: 'flex_configuration',
    find: (context) => configurationOf(context),
    represent: (_state, row) => representConfiguration(row)
  }),
  flex_flow: noun({
    kind: 'flex_flow',
    find: ({ state }, { sid }: One) => state.find('flex_flow', sid) ?? notFound(`/FlexFlows/${sid}`),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid })
  }),
  channel: noun({
    kind: 'flex_chat_channel',
    find: (context, { sid }: One) => chatChannelOf(context, 'chat', sid),
    rows: () => ({ where: [['type', '=', 'chat']], order: ['seq'] })
  }),
  web_channel: noun({
    kind: 'flex_chat_channel',
    find: (context, { sid }: One) => chatChannelOf(context, 'web', sid),
    rows: () => ({ where: [['type', '=', 'web']], order: ['seq'] }),
    commands: { create: 'web_channel.create', update: 'web_channel.update', delete: 'web_channel.delete' }
  }),
  interaction: noun({
    kind: 'interaction',
    find: (context, { sid }: One) => interactionOf(context, sid),
    represent: (state, row) => representInteraction(state, row)
  }),
  interaction_channel: noun({
    kind: 'interaction_channel',
    find: (context, { interaction_sid, sid }: OfInteraction & One) => channelOf(context, interaction_sid, sid),
    rows: async (context, { interaction_sid }: OfInteraction) => ({
      where: [['interaction_sid', '=', (await interactionOf(context, interaction_sid)).sid]],
      order: ['seq']
    })
  }),
  interaction_channel_invite: noun({
    kind: 'invite',
    rows: rowsOfChannel,
    represent: (state, row) => representInvite(state, row)
  }),
  interaction_channel_participant: noun({
    kind: 'interaction_participant',
    rows: rowsOfChannel,
    represent: (_state, row) => representMember(row),
    // A command's type is its own.
    renamed: { type: 'participant_type' }
  }),
  interaction_transfer: noun({
    kind: 'interaction_transfer',
    find: (context, { interaction_sid, channel_sid, sid }: OfChannel & One) =>
      transferOf(context, { interaction_sid, channel_sid, sid }),
    // A command's type is its own.
    renamed: { type: 'transfer_type' },
    members: ['status']
  }),
  interaction_webhook: noun({
    kind: 'interaction_webhook',
    find: ({ state }, { instance_sid, ttid }: OfInstance & { readonly ttid: string }) =>
      interactionWebhookOf(state, instance_sid, ttid),
    rows: ({ state }, { instance_sid }: OfInstance) => {
      checkInstance(state, instance_sid)
      return { index: 'instance_sid', key: instance_sid }
    },
    // What is a SID here is a ttid there.
    represent: (_state, row) => ({ ...row, ttid: row.sid }),
    renamed: { type: 'webhook_type' }
  })
}

type OfInstance = { readonly instance_sid: string }

async function rowsOfChannel(context: Context, { interaction_sid, channel_sid }: OfChannel) {
  const { sid } = await channelOf(context, interaction_sid, channel_sid)
  return { where: [['channel_sid', '=', sid] as const], order: ['seq'] }
}
