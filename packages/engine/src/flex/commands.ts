import { updateInteractionChannel } from './channel.ts'
import { setupFlex, updateFlexConfiguration } from './configuration.ts'
import { createFlexFlow, deleteFlexFlow, updateFlexFlow } from './flex-flow.ts'
import { createInteraction, updateInteraction } from './interaction.ts'
import { createInteractionWebhook, deleteInteractionWebhook, updateInteractionWebhook } from './interaction-webhook.ts'
import { createInvite } from './invite.ts'
import { createInteractionParticipant, updateInteractionParticipant } from './member.ts'

export const flexCommands = {
  'flex.setup': setupFlex,
  'flex_configuration.update': updateFlexConfiguration,
  'flex_flow.create': createFlexFlow,
  'flex_flow.update': updateFlexFlow,
  'flex_flow.delete': deleteFlexFlow,
  'interaction.create': createInteraction,
  'interaction.update': updateInteraction,
  'interaction_channel.update': updateInteractionChannel,
  'invite.create': createInvite,
  'interaction_participant.create': createInteractionParticipant,
  'interaction_participant.update': updateInteractionParticipant,
  'interaction_webhook.create': createInteractionWebhook,
  'interaction_webhook.update': updateInteractionWebhook,
  'interaction_webhook.delete': deleteInteractionWebhook
} as const
