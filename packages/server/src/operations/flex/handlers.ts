import { unquoted } from '@ringdown/contract/json-text'
import { representInteraction, representInvite } from '@ringdown/engine/flex/representation'
import type { Handlers } from '../handler.ts'
import { representConfiguration } from './configuration.ts'

/** Flex's operations that do not follow the general rules (reference flex 4 to 7, 17 and 18). */
export const flexHandlers = {
  async 'flex_v1.UpdateConfiguration'({ params, texts = {} }, { execute }) {
    const command = { ...params, type: 'flex_configuration.update', texts } as const
    return representConfiguration((await execute(command)).flex_configuration)
  },

  // No token: whoever runs the page's server makes one for that identity.
  'flex_v2.CreateWebChannel': ({ params: { ui_version: _, ...params } }, context) =>
    context.answer({ type: 'web_chat.create', ...params }, ({ conversation, participant }) => ({
      conversation_sid: conversation.sid,
      identity: participant.identity
    })),

  'flex_v1.FetchProvisioningStatus': () => ({ status: 'active' }),

  // The answer shows the task as the decision left it: by now it may have ended.
  'flex_v1.CreateInteraction': ({ params }, context) =>
    context.answer({ type: 'interaction.create', ...params }, ({ interaction, task }) =>
      representInteraction(context.state, interaction, task)
    ),

  'flex_v1.CreateInteractionChannelInvite': ({ path, params }, context) =>
    context.answer({ type: 'invite.create', ...params, ...path }, ({ invite, task }) =>
      representInvite(context.state, invite, task)
    ),

  // Attributes are kept as they were written; they may be text that holds JSON.
  'flex_v1.CreateInteractionTransfer': ({ path, params, texts = {} }, context) => {
    const { type: transfer_type, from, to, note } = params
    const attributes = texts.attributes === undefined ? params.attributes : unquoted(texts.attributes)
    const command = { ...path, transfer_type, from, to, note, attributes, type: 'interaction_transfer.create' } as const
    return context.answer(command, ({ interaction_transfer }) => interaction_transfer)
  }
} satisfies Handlers
