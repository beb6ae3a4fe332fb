import { autoAcceptDue, updateWrapUp, wrapUpDue } from './automation.ts'
import { updateInteractionChannel } from './channel.ts'
import { setupFlex, updateFlexConfiguration } from './configuration.ts'
import { createFlexFlow, deleteFlexFlow, updateFlexFlow } from './flex-flow.ts'
import { createInteraction, updateInteraction } from './interaction.ts'
import { createInteractionWebhook, deleteInteractionWebhook, updateInteractionWebhook } from './interaction-webhook.ts'
import { createInvite } from './invite.ts'
import { createInteractionParticipant, updateInteractionParticipant } from './member.ts'
import {
  autoAcceptReads,
  channelReads,
  createInteractionReads,
  createParticipantReads,
  interactionReads,
  inviteReads,
  updateParticipantReads
} from './reads.ts'

export const flexCommands = {
  'flex.setup': { decide: setupFlex },
  'flex_configuration.update': { decide: updateFlexConfiguration },
  'flex_flow.create': { decide: createFlexFlow },
  'flex_flow.update': { decide: updateFlexFlow },
  'flex_flow.delete': { decide: deleteFlexFlow },
  'interaction.create': { decide: createInteraction, reads: createInteractionReads },
  'interaction.update': { decide: updateInteraction, reads: interactionReads },
  'interaction_channel.update': { decide: updateInteractionChannel, reads: channelReads },
  'invite.create': { decide: createInvite, reads: inviteReads },
  'interaction_participant.create': { decide: createInteractionParticipant, reads: createParticipantReads },
  'interaction_participant.update': { decide: updateInteractionParticipant, reads: updateParticipantReads },
  'interaction_webhook.create': { decide: createInteractionWebhook },
  'interaction_webhook.update': { decide: updateInteractionWebhook },
  'interaction_webhook.delete': { decide: deleteInteractionWebhook },
  'wrap_up.update': { decide: updateWrapUp },
  'timer.auto_accept': { decide: autoAcceptDue, reads: autoAcceptReads },
  'timer.wrap_up': { decide: wrapUpDue }
} as const
