import { autoAcceptDue, updateWrapUp, wrapUpDue } from './automation.ts'
import { updateInteractionChannel } from './channel.ts'
import {
  chatChannelReads,
  createChatChannel,
  createChatChannelReads,
  createWebChannel,
  createWebChannelReads,
  deleteChatChannel,
  deleteWebChannel,
  updateWebChannel
} from './chat-channel.ts'
import { setupFlex, updateFlexConfiguration } from './configuration.ts'
import { createFlexFlow, deleteFlexFlow, updateFlexFlow } from './flex-flow.ts'
import { createInteraction, updateInteraction } from './interaction.ts'
import { createInteractionWebhook, deleteInteractionWebhook, updateInteractionWebhook } from './interaction-webhook.ts'
import { createInvite } from './invite.ts'
import { createKpi, deleteKpi, updateKpi } from './kpi.ts'
import { createInteractionParticipant, updateInteractionParticipant } from './member.ts'
import { createParkedContact, parkedContactDue, updateParkedContact } from './parking.ts'
import {
  autoAcceptReads,
  channelReads,
  createInteractionReads,
  createInteractionTransferReads,
  createParticipantReads,
  interactionReads,
  inviteReads,
  updateInteractionTransferReads,
  updateParticipantReads
} from './reads.ts'
import { createInteractionTransfer, updateInteractionTransfer } from './transfer.ts'
import { createWebChat, createWebChatReads } from './web-chat.ts'

export const flexCommands = {
  'flex.setup': { decide: setupFlex },
  'flex_configuration.update': { decide: updateFlexConfiguration },
  'kpi.create': { decide: createKpi },
  'kpi.update': { decide: updateKpi },
  'kpi.delete': { decide: deleteKpi },
  'flex_flow.create': { decide: createFlexFlow },
  'flex_flow.update': { decide: updateFlexFlow },
  'flex_flow.delete': { decide: deleteFlexFlow },
  'flex_chat_channel.create': { decide: createChatChannel, reads: createChatChannelReads },
  'flex_chat_channel.delete': { decide: deleteChatChannel, reads: chatChannelReads },
  'web_channel.create': { decide: createWebChannel, reads: createWebChannelReads },
  'web_channel.update': { decide: updateWebChannel, reads: chatChannelReads },
  'web_channel.delete': { decide: deleteWebChannel, reads: chatChannelReads },
  'web_chat.create': { decide: createWebChat, reads: createWebChatReads },
  'interaction.create': { decide: createInteraction, reads: createInteractionReads },
  'interaction.update': { decide: updateInteraction, reads: interactionReads },
  'interaction_channel.update': { decide: updateInteractionChannel, reads: channelReads },
  'invite.create': { decide: createInvite, reads: inviteReads },
  'interaction_participant.create': { decide: createInteractionParticipant, reads: createParticipantReads },
  'interaction_participant.update': { decide: updateInteractionParticipant, reads: updateParticipantReads },
  'interaction_transfer.create': { decide: createInteractionTransfer, reads: createInteractionTransferReads },
  'interaction_transfer.update': { decide: updateInteractionTransfer, reads: updateInteractionTransferReads },
  'interaction_webhook.create': { decide: createInteractionWebhook },
  'interaction_webhook.update': { decide: updateInteractionWebhook },
  'interaction_webhook.delete': { decide: deleteInteractionWebhook },
  'wrap_up.update': { decide: updateWrapUp },
  'parked_contact.create': { decide: createParkedContact },
  'parked_contact.update': { decide: updateParkedContact },
  'timer.auto_accept': { decide: autoAcceptDue, reads: autoAcceptReads },
  'timer.wrap_up': { decide: wrapUpDue },
  'timer.parked_contact': { decide: parkedContactDue }
} as const
