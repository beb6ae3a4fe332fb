import type { Tool } from '../tool.ts'
import { applyChanges } from './apply-changes.ts'
import { createInteraction } from './create-interaction.ts'
import { explainRouting } from './explain-routing.ts'
import { getFlexConfiguration } from './get-flex-configuration.ts'
import { getWorkspaceStatistics } from './get-workspace-statistics.ts'
import { listConversationMessages } from './list-conversation-messages.ts'
import { manageActivities } from './manage-activities.ts'
import { manageAddresses } from './manage-addresses.ts'
import { manageConversationParticipants } from './manage-conversation-participants.ts'
import { manageConversations } from './manage-conversations.ts'
import { manageEventSubscriptions } from './manage-event-subscriptions.ts'
import { manageFlexFlows } from './manage-flex-flows.ts'
import { manageInteractionChannel } from './manage-interaction-channel.ts'
import { manageInteractionParticipants } from './manage-interaction-participants.ts'
import { manageStudioFlows } from './manage-studio-flows.ts'
import { manageTaskQueues } from './manage-task-queues.ts'
import { manageTasks } from './manage-tasks.ts'
import { manageWorkers } from './manage-workers.ts'
import { manageWorkflows } from './manage-workflows.ts'
import { manageWorkspaces } from './manage-workspaces.ts'
import { queryInsights } from './query-insights.ts'
import { sendConversationMessage } from './send-conversation-message.ts'
import { updateFlexConfiguration } from './update-flex-configuration.ts'
import { waitForEvents } from './wait-for-events.ts'

/** The sixteen that `--tools seed` lists. */
export const seedTools: readonly Tool[] = [
  createInteraction,
  manageInteractionChannel,
  manageInteractionParticipants,
  manageTasks,
  manageWorkers,
  manageTaskQueues,
  manageWorkflows,
  manageActivities,
  getWorkspaceStatistics,
  manageFlexFlows,
  getFlexConfiguration,
  manageConversations,
  manageConversationParticipants,
  sendConversationMessage,
  listConversationMessages,
  manageStudioFlows
]

/** All tools in the order that clients see; it never changes, so that what a model has cached stays valid. */
export const allTools: readonly Tool[] = [
  ...seedTools,
  waitForEvents,
  explainRouting,
  manageWorkspaces,
  updateFlexConfiguration,
  manageAddresses,
  manageEventSubscriptions,
  queryInsights,
  applyChanges
]
