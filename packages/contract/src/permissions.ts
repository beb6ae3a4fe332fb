import type { Operation } from './operation.ts'

/*
 * Who may do what: one row for some operations, by their ids (`*` stands for any text, `|` separates alternatives). The
 * generator lays the rows over the contract, and fails on an operation that has none, or two.
 */

/**
 * Whose resources somebody may work on: everybody's; those of the own team's workers, and everybody's for who has no
 * team; the own ones; or of others' just what tells them apart (`names`: SID, name, activity, availability).
 */
export type Scope = 'all' | 'team' | 'own' | 'names'

/** `chat`: who brings a chat grant, whichever other roles there are. */
export type Role = 'agent' | 'supervisor' | 'admin' | 'chat'

/** In which scope each role may do an operation; a role that is not named may not. */
export type Scopes = { readonly [R in Role]?: Scope }

export interface Permission {
  /** `/twilio/taskrouter/workspaces/tasks/read`: what policies name, and refusals. */
  readonly right: string
  readonly scopes: Scopes
  /** Whether standard keys may: all but accounts and keys (reference rest-conventions 1). */
  readonly standard: boolean
  /** Parameters that a role may give, where not all. */
  readonly parameters?: { readonly [R in Role]?: readonly string[] }
  /**
   * What a role of Conversations (`RL…`) must permit besides; of several names one, where `own` ones are for what somebody
   * has made and is.
   */
  readonly chat?: readonly string[]
  /** A list whose rows are looked at one by one: those that somebody may not see are not there. */
  readonly rows?: true
}

interface PermissionRow extends Omit<Permission, 'right' | 'standard'> {
  readonly on: string
  readonly standard?: false
}

const admin: Scopes = { admin: 'all' }
/** What shows no person, and what everybody's screen is made of. */
const everybody: Scopes = { agent: 'all', supervisor: 'all', admin: 'all' }
const floor: Scopes = { agent: 'own', supervisor: 'team', admin: 'all' }
const member: Scopes = { agent: 'own', supervisor: 'team', admin: 'all', chat: 'own' }
const theirs: Scopes = { supervisor: 'team', admin: 'all' }
/** What a message may say of itself; its author is whoever sends it. */
const written = ['author', 'body', 'subject', 'attributes', 'media_sid', 'x_twilio_webhook_enabled']

const taskrouter: readonly PermissionRow[] = [
  { on: on('taskrouter_v1', 'ListWorkspace CreateWorkspace UpdateWorkspace DeleteWorkspace'), scopes: admin },
  { on: 'taskrouter_v1.FetchWorkspace', scopes: everybody },
  { on: on('taskrouter_v1', 'ListActivity FetchActivity ListTaskChannel FetchTaskChannel'), scopes: everybody },
  {
    on: on('taskrouter_v1', 'CreateActivity UpdateActivity DeleteActivity *eTaskChannel', 'FetchTaskChannel'),
    scopes: admin
  },
  {
    on: on('taskrouter_v1', 'ListTaskQueue FetchTaskQueue ListWorkflow FetchWorkflow'),
    scopes: { agent: 'names', supervisor: 'all', admin: 'all' },
    parameters: { agent: ['friendly_name'] }
  },
  {
    on: on(
      'taskrouter_v1',
      'CreateTaskQueue UpdateTaskQueue DeleteTaskQueue CreateWorkflow UpdateWorkflow DeleteWorkflow'
    ),
    scopes: admin
  },
  {
    on: on('taskrouter_v1', 'ListWorker FetchWorker'),
    scopes: { agent: 'names', supervisor: 'all', admin: 'all' },
    // What an expression finds tells of attributes that are not shown.
    parameters: { agent: ['activity_name', 'activity_sid', 'available', 'friendly_name'] }
  },
  { on: on('taskrouter_v1', 'CreateWorker DeleteWorker'), scopes: admin },
  {
    on: 'taskrouter_v1.UpdateWorker',
    scopes: floor,
    parameters: {
      agent: ['activity_sid', 'attributes', 'reject_pending_reservations', 'if_match'],
      supervisor: ['activity_sid', 'attributes', 'reject_pending_reservations', 'if_match']
    }
  },
  { on: on('taskrouter_v1', 'ListWorkerChannel FetchWorkerChannel'), scopes: { ...floor, supervisor: 'all' } },
  { on: 'taskrouter_v1.UpdateWorkerChannel', scopes: theirs },
  { on: on('taskrouter_v1', 'ListWorkerReservation FetchWorkerReservation UpdateWorkerReservation'), scopes: floor },
  // Colleagues may be asked about the same task: to which of them it was offered is theirs.
  { on: 'taskrouter_v1.ListTaskReservation', scopes: floor, rows: true },
  { on: on('taskrouter_v1', 'FetchTaskReservation UpdateTaskReservation'), scopes: floor },
  { on: 'taskrouter_v1.ListTask', scopes: floor, rows: true },
  { on: 'taskrouter_v1.FetchTask', scopes: floor },
  {
    on: 'taskrouter_v1.UpdateTask',
    scopes: floor,
    parameters: { agent: ['attributes', 'assignment_status', 'reason', 'virtual_start_time', 'if_match'] }
  },
  // One that goes to its own maker, for a call or message that begins here.
  { on: 'taskrouter_v1.CreateTask', scopes: { agent: 'own', supervisor: 'all', admin: 'all' } },
  { on: 'taskrouter_v1.DeleteTask', scopes: admin },
  { on: on('taskrouter_v1', 'ListEvent FetchEvent'), scopes: theirs },
  { on: 'taskrouter_v1.FetchWorkerInstanceStatistics', scopes: floor },
  {
    on: on(
      'taskrouter_v1',
      'FetchWorkspace*Statistics FetchWorkflow*Statistics FetchWorkersCumulativeStatistics FetchWorkersRealTimeStatistics FetchWorkerStatistics FetchTaskQueue*Statistics CreateTaskQueueBulkRealTimeStatistics ListTaskQueuesStatistics'
    ),
    scopes: theirs
  }
]

const conversations: readonly PermissionRow[] = [
  {
    on: on(
      'conversations_v1',
      '*Configuration *ConfigurationAddress *ConfigurationWebhook *Credential *Service *ServiceBinding *ServiceNotification *Role *ScopedWebhook CreateUser CreateServiceUser ListUser ListServiceUser DeleteUser DeleteServiceUser Create*ConversationWithParticipants'
    ),
    scopes: admin
  },
  { on: conversing('List*Conversation'), scopes: theirs },
  {
    on: conversing('Create*Conversation'),
    scopes: { admin: 'all', chat: 'all' },
    parameters: { chat: ['friendly_name', 'unique_name', 'attributes', 'x_twilio_webhook_enabled'] },
    chat: ['createConversation']
  },
  { on: conversing('Fetch*Conversation'), scopes: member },
  {
    on: conversing('Update*Conversation'),
    scopes: member,
    parameters: {
      agent: ['friendly_name', 'attributes', 'x_twilio_webhook_enabled'],
      chat: ['friendly_name', 'unique_name', 'attributes', 'x_twilio_webhook_enabled']
    },
    chat: ['editConversationName', 'editConversationAttributes']
  },
  { on: conversing('Delete*Conversation'), scopes: { admin: 'all', chat: 'own' }, chat: ['deleteConversation'] },
  { on: conversing('List*ConversationMessage Fetch*ConversationMessage'), scopes: member },
  { on: conversing('List*ConversationMessageReceipt Fetch*ConversationMessageReceipt'), scopes: member },
  {
    on: conversing('Create*ConversationMessage'),
    scopes: member,
    parameters: { agent: written, chat: written },
    chat: ['sendMessage']
  },
  {
    on: conversing('Update*ConversationMessage'),
    scopes: { supervisor: 'team', admin: 'all', chat: 'own' },
    parameters: { chat: ['body', 'attributes', 'x_twilio_webhook_enabled'] },
    chat: ['editAnyMessage', 'editAnyMessageAttributes', 'editOwnMessage', 'editOwnMessageAttributes']
  },
  {
    on: conversing('Delete*ConversationMessage'),
    scopes: { supervisor: 'team', admin: 'all', chat: 'own' },
    chat: ['deleteAnyMessage', 'deleteOwnMessage']
  },
  { on: conversing('List*ConversationParticipant Fetch*ConversationParticipant'), scopes: member },
  {
    on: conversing('Create*ConversationParticipant'),
    scopes: { supervisor: 'team', admin: 'all', chat: 'own' },
    // Who could give roles could give itself one.
    parameters: { chat: ['identity', 'attributes', 'x_twilio_webhook_enabled'] },
    // Whoever has made a conversation comes in by itself.
    chat: ['addParticipant', 'joinConversation']
  },
  {
    on: conversing('Update*ConversationParticipant'),
    scopes: { supervisor: 'team', admin: 'all', chat: 'own' },
    parameters: { chat: ['attributes', 'x_twilio_webhook_enabled'] },
    chat: ['editAnyParticipantAttributes', 'editOwnParticipantAttributes']
  },
  {
    on: conversing('Delete*ConversationParticipant'),
    scopes: { supervisor: 'team', admin: 'all', chat: 'own' },
    chat: ['removeParticipant', 'leaveConversation']
  },
  // What was before with an address: of that what one was in.
  {
    on: 'conversations_v1.ListParticipantConversation|conversations_v1.ListServiceParticipantConversation',
    scopes: member,
    rows: true
  },
  { on: conversing('Fetch*User'), scopes: { agent: 'own', supervisor: 'all', admin: 'all', chat: 'own' } },
  {
    on: conversing('Update*User'),
    scopes: { agent: 'own', admin: 'all', chat: 'own' },
    parameters: {
      agent: ['attributes', 'friendly_name', 'x_twilio_webhook_enabled'],
      chat: ['attributes', 'friendly_name', 'x_twilio_webhook_enabled']
    },
    chat: ['editOwnUserInfo', 'editAnyUserInfo']
  },
  {
    on: conversing('List*UserConversation Fetch*UserConversation Update*UserConversation'),
    scopes: { agent: 'own', admin: 'all', chat: 'own' }
  },
  {
    on: conversing('Delete*UserConversation'),
    scopes: { admin: 'all', chat: 'own' },
    chat: ['leaveConversation']
  }
]

const flex: readonly PermissionRow[] = [
  { on: 'flex_v1.FetchConfiguration', scopes: everybody },
  // One that its own maker begins, and gets at once.
  {
    on: 'flex_v1.CreateInteraction',
    scopes: { agent: 'own', supervisor: 'all', admin: 'all' },
    parameters: { agent: ['channel', 'routing', 'interaction_context_sid'] }
  },
  {
    on: on(
      'flex_v1',
      'FetchInteraction ListInteractionChannel FetchInteractionChannel ListInteractionChannelInvite ListInteractionChannelParticipant UpdateInteractionChannel UpdateInteraction CreateInteractionChannelInvite CreateInteractionChannelParticipant UpdateInteractionChannelParticipant CreateInteractionTransfer FetchInteractionTransfer UpdateInteractionTransfer'
    ),
    scopes: floor
  },
  {
    on: on(
      'flex_v1',
      'UpdateConfiguration *Channel *FlexFlow *Insights* *InteractionWebhook *Plugin* FetchProvisioningStatus',
      '*InteractionChannel'
    ),
    scopes: admin
  },
  { on: 'flex_v2.FetchFlexUser', scopes: { agent: 'own', supervisor: 'all', admin: 'all' } },
  { on: 'flex_v2.UpdateFlexUser', scopes: { agent: 'own', admin: 'all' }, parameters: { agent: ['locale'] } },
  { on: 'flex_v2.CreateWebChannel', scopes: admin }
]

const others: readonly PermissionRow[] = [
  { on: on('studio_v2', '*Execution* *Flow* *TestUser'), scopes: admin },
  { on: on('events_v1', '*EventType *Schema* *Sink* *Subscription *SubscribedEvent'), scopes: admin },
  { on: on('api_v2010', '*Account *Key'), scopes: admin, standard: false },
  // Whom a message goes to, and what it says, is everybody's business who may see all conversations.
  { on: on('api_v2010', '*Message *Media CreateMessageFeedback'), scopes: admin },
  { on: on('api_v2010', '*IncomingPhoneNumber* *Application'), scopes: admin },
  // Whoever may call from here, or listen in, may do so to anybody.
  { on: on('api_v2010', '*Call *Recording *Conference *Queue'), scopes: admin },
  { on: on('api_v2010', '*CallEvent *RecordingTranscription'), scopes: admin },
  {
    on: on('api_v2010', '*Payments *Siprec *Stream *RealtimeTranscription *UserDefinedMessageSubscription'),
    scopes: admin
  },
  { on: on('api_v2010', 'ListMember FetchMember UpdateMember *Participant CreateToken'), scopes: admin },
  { on: on('messaging_v1', '*Service *PhoneNumber *ShortCode *AlphaSender *ChannelSender'), scopes: admin },
  { on: on('content_v1', '*Content *ContentAndApprovals *ApprovalCreate *ApprovalFetch'), scopes: admin },
  // Whoever may write in a conversation may bring a file; it is seen by who sees the message that it comes with.
  {
    on: 'mcs_v1.CreateMedia',
    scopes: { agent: 'all', supervisor: 'all', admin: 'all', chat: 'all' }
  },
  { on: on('mcs_v1', 'FetchMedia FetchMediaContent DeleteMedia'), scopes: member },
  { on: on('iam_v1', '*Key ListGetKeys'), scopes: admin, standard: false },
  { on: 'iam_v1.CreateTokenValidation', scopes: everybody },
  { on: on('monitor_v1', '*Alert'), scopes: admin }
]

const ringdown: readonly PermissionRow[] = [
  { on: on('ringdown_v1', '*Delivery UpdateClock'), scopes: admin },
  { on: 'ringdown_v1.ListAuditEntry', scopes: admin },
  // It says something of whoever calls, and of nobody else.
  { on: 'ringdown_v1.CreateToolCall', scopes: everybody },
  // Who could let in an administrator could make every key.
  { on: on('ringdown_v1', '*User CreateUserSetupLink DeleteUserSession'), scopes: admin, standard: false },
  { on: on('ringdown_v1', 'ListKey FetchKey'), scopes: admin, standard: false },
  { on: 'ringdown_v1.FetchClock', scopes: { ...everybody, chat: 'all' } },
  { on: 'ringdown_v1.ListEvent', scopes: member, rows: true },
  { on: 'ringdown_v1.CreateWorkflowDryRun', scopes: { supervisor: 'all', admin: 'all' } },
  // Nobody outside sees what colleagues tell each other.
  {
    on: on('ringdown_v1', 'ListConversationNote FetchConversationNote CreateConversationNote'),
    scopes: floor,
    parameters: { agent: ['body', 'mentions', 'order'] }
  },
  { on: on('ringdown_v1', 'UpdateConversationNote DeleteConversationNote'), scopes: theirs },
  { on: on('ringdown_v1', 'ListCannedResponse FetchCannedResponse'), scopes: everybody },
  {
    on: on('ringdown_v1', 'CreateCannedResponse UpdateCannedResponse DeleteCannedResponse CreateCannedResponseImport'),
    scopes: admin
  },
  { on: on('ringdown_v1', '*Sender'), scopes: admin },
  {
    on: on('ringdown_v1', 'ListWebchatDeployment FetchWebchatDeployment'),
    scopes: { supervisor: 'all', admin: 'all' }
  },
  {
    on: on(
      'ringdown_v1',
      'CreateWebchatDeployment UpdateWebchatDeployment DeleteWebchatDeployment CreateWebchatDeploymentSecret'
    ),
    scopes: admin
  },
  // Customers are let in by what their pages hold, not by operations.
  { on: on('ringdown_v1', 'ListWebchatSession FetchWebchatSession'), scopes: { supervisor: 'all', admin: 'all' } },
  { on: 'ringdown_v1.DeleteWebchatSession', scopes: admin },
  // It makes the server ask somebody: no customer does.
  { on: 'ringdown_v1.CreateMediaImport', scopes: everybody },
  { on: 'ringdown_v1.UpdateConversationTyping', scopes: member },
  { on: on('ringdown_v1', 'UpdateConversationViewing FetchConversationPresence'), scopes: floor },
  {
    on: on('ringdown_v1', 'FetchUserPreferences UpdateUserPreferences'),
    scopes: { agent: 'own', supervisor: 'own', admin: 'all' }
  },
  { on: 'ringdown_v1.FetchSearch', scopes: floor, rows: true },
  { on: on('ringdown_v1', 'FetchReservationWrapUp UpdateReservationWrapUp'), scopes: floor },
  { on: on('ringdown_v1', '*WorkerParkedContact'), scopes: floor },
  { on: on('ringdown_v1', 'CreateFlowDryRun FetchFlowPicture ListDebuggerEntry'), scopes: admin },
  { on: on('ringdown_v1', 'ListSchedule FetchSchedule'), scopes: everybody },
  { on: 'ringdown_v1.FetchScheduleStatus', scopes: { ...everybody, chat: 'all' } },
  { on: on('ringdown_v1', 'CreateSchedule UpdateSchedule DeleteSchedule'), scopes: admin },
  // What a rule finds is told to whoever hears of the queue.
  {
    on: on('ringdown_v1', 'ListSituationRule FetchSituationRule CreateSituationRule'),
    scopes: { supervisor: 'all', admin: 'all' }
  },
  { on: on('ringdown_v1', 'DeleteSituationRule *SituationSubscription *ChangePlan'), scopes: admin },
  // What somebody who is in a call does with it; whoever may listen in is a supervisor.
  { on: on('ringdown_v1', 'FetchTaskCall UpdateTaskCall FetchTaskRecordings'), scopes: floor, rows: true },
  {
    on: on('ringdown_v1', 'ListWorkspaceCall FetchWorkspaceRecordings UpdateWorkerSupervision'),
    scopes: theirs,
    rows: true
  },
  { on: 'ringdown_v1.FetchWorkerDesk', scopes: floor, rows: true },
  { on: 'ringdown_v1.FetchTaskExplanation', scopes: theirs },
  // Who could write as a customer, or send by another way, could say anything.
  {
    on: on('ringdown_v1', '*Phone *PhoneBehaviour *PhoneMessage *PhoneCall *PhoneHeard *Carrier CreateCarrierTest'),
    scopes: admin
  },
  { on: on('ringdown_v1', 'ListInsightMetric ListInsightKpi FetchInsightKpi'), scopes: everybody },
  // Figures of what they may see: agents of their own work, supervisors of their team's.
  { on: on('ringdown_v1', 'FetchInsightQuery CreateInsightQuery'), scopes: floor, rows: true },
  { on: on('ringdown_v1', 'CreateInsightKpi UpdateInsightKpi DeleteInsightKpi CreateInsightErasure'), scopes: admin },
  {
    on: on('ringdown_v1', 'FetchWorkspaceBoard FetchWorkspaceBreaches FetchWorkspaceSeries'),
    scopes: theirs,
    rows: true
  },
  // An agent is told why nothing comes; which tasks wait is not for everybody.
  { on: 'ringdown_v1.FetchWorkerExplanation', scopes: floor, rows: true }
]

const permissionRows: readonly PermissionRow[] = [...taskrouter, ...conversations, ...flex, ...others, ...ringdown]

/**
 * The right to do an operation: its path without version, account and names, and what it does. A policy that allows
 * `read` of something allows `list`, too.
 */
function rightOf({ product, path, verb }: Operation): string {
  const words = path
    .split('/')
    .slice(2)
    .filter((segment) => segment !== '' && !segment.startsWith('{') && segment !== 'Accounts')
    .map((segment) => segment.replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2').toLowerCase())
  const place = product === 'ringdown' ? '/ringdown' : `/twilio/${product === 'flex-api' ? 'flex' : product}`
  return [place, ...(product === 'api' && words.length === 0 ? ['accounts'] : words), verbs[verb]].join('/')
}

const verbs = { list: 'list', fetch: 'read', create: 'create', update: 'update', delete: 'delete' } as const

/**
 * The permission of each operation, by its id. Throws where an operation has no row or two, and for a row, or one
 * alternative of it, that no operation is on.
 */
export function permissionsOf(operations: readonly Operation[]): Map<string, Permission> {
  const found = new Map<string, Permission>()
  const met = new Set<string>()
  for (const operation of operations) {
    const rows = permissionRows.filter((row) => isOn(row.on, operation.id, met))
    const [row] = rows
    if (!row || rows.length > 1) throw new Error(`${operation.id} has ${rows.length} rows in permissions.ts`)
    const { on: _, standard = true, ...rest } = row
    found.set(operation.id, { right: rightOf(operation), standard, ...rest })
  }
  const idle = permissionRows.flatMap((row) => row.on.split('|')).filter((pattern) => !met.has(pattern))
  if (idle.length > 0) throw new Error(`Rows of permissions.ts that no operation is on: ${idle.join(', ')}`)
  return found
}

/** Whether a row is on an operation; adds the alternatives that are to `met`. */
function isOn(row: string, id: string, met: Set<string>): boolean {
  const patterns = row.split('|').filter((pattern) => expressionOf(pattern.replace('!', '')).test(id))
  for (const pattern of patterns) met.add(pattern)
  return patterns.length > 0 && !patterns.some((pattern) => pattern.startsWith('!'))
}

function expressionOf(pattern: string): RegExp {
  return new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll('*', '.*')}$`)
}

/** Patterns of one API's operations, but for those of `except`. */
function on(api: string, names: string, except?: string): string {
  const named = (list: string) => list.split(/\s+/).map((name) => `${api}.${name}`)
  return [...named(names), ...(except === undefined ? [] : named(except).map((name) => `!${name}`))].join('|')
}

/** Operations that are there twice: at the root, and below a service. */
function conversing(names: string): string {
  return names
    .split(/\s+/)
    .flatMap((name) => [name.replace('*', ''), name.replace('*', 'Service')])
    .map((name) => `conversations_v1.${name}`)
    .join('|')
}
