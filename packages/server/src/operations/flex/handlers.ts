import { representInteraction, representInvite } from '@ringdown/engine/flex/representation'
import type { Handlers } from '../handler.ts'
import { representConfiguration } from './configuration.ts'

/** Flex's operations that do not follow the general rules (reference flex 4 to 7, 17 and 18). */
export const flexHandlers = {
  async 'flex_v1.UpdateConfiguration'({ params, texts = {} }, { execute }) {
    const command = { ...params, type: 'flex_configuration.update', texts } as const
    return representConfiguration((await execute(command)).flex_configuration)
  },

  'flex_v1.FetchProvisioningStatus': () => ({ status: 'active' }),

  // The answer shows the task as the decision left it: by now it may have ended.
  'flex_v1.CreateInteraction': ({ params }, context) =>
    context.answer({ type: 'interaction.create', ...params }, ({ interaction, task }) =>
      representInteraction(context.state, interaction, task)
    ),

  'flex_v1.CreateInteractionChannelInvite': ({ path, params }, context) =>
    context.answer({ type: 'invite.create', ...params, ...path }, ({ invite, task }) =>
      representInvite(context.state, invite, task)
    )
} satisfies Handlers
