import type { Parameter, PathTemplate, Property, PropertyType } from './operation.ts'

/**
 * What Twilio's files lack or have wrong, each entry with its why. `tools/generate.ts` lays it over them and fails on an
 * entry that changes nothing, so that this list cannot rot.
 */

/** In `on` and `wire`, `*` stands for any text and `|` separates alternatives. */
export interface ParameterChange {
  readonly on: string
  readonly wire: string
  readonly change: Partial<Omit<Parameter, 'required'>> & { readonly required?: boolean }
  readonly why: string
}

const taskRouterWrites = 'taskrouter_v1.Create*|taskrouter_v1.Update*'
const conversationWrites = 'conversations_v1.Create*|conversations_v1.Update*'
const maxSigned = 2_147_483_647

export const parameterChanges: readonly ParameterChange[] = [
  // TaskRouter
  {
    on: taskRouterWrites,
    wire: 'FriendlyName',
    change: { maxLength: 64 },
    why: 'Names are up to 64 characters long (reference taskrouter 1.2-1.7).'
  },
  {
    on: 'taskrouter_v1.CreateTaskChannel',
    wire: 'UniqueName',
    change: { maxLength: 64 },
    why: 'Names are up to 64 characters long; that it is an identifier in expressions is only wise (reference taskrouter 1.4).'
  },
  {
    on: 'taskrouter_v1.*Task|taskrouter_v1.*Worker',
    wire: 'Attributes',
    change: { type: 'json-text', object: true, maxLength: 4096 },
    why: 'The text of a JSON object, kept verbatim; at most 4096 characters with blanks (reference taskrouter 1.7, 1.9).'
  },
  {
    on: 'taskrouter_v1.*Workflow',
    wire: 'Configuration',
    change: { type: 'json-text', object: true, maxLength: 1_038_576 },
    why: 'The text of a JSON object, kept verbatim (reference taskrouter 1.6).'
  },
  {
    on: 'taskrouter_v1.*Workflow',
    wire: 'TaskReservationTimeout',
    change: { min: 1, max: 86_400 },
    why: 'Seconds, up to a day (reference taskrouter 1.6).'
  },
  {
    on: 'taskrouter_v1.UpdateWorkflow',
    wire: 'ReEvaluateTasks',
    change: { type: 'boolean' },
    why: 'Described as whether or not; the file says string (reference taskrouter 1.6).'
  },
  {
    on: 'taskrouter_v1.CreateTask',
    wire: 'IgnoreCapacity',
    change: { type: 'boolean' },
    why: 'A boolean given as true, 1 or yes; the file says string (reference taskrouter 0.1, 1.9).'
  },
  {
    on: 'taskrouter_v1.CreateTask',
    wire: 'Timeout',
    change: { min: 1, max: 1_209_600 },
    why: 'Seconds, up to two weeks (reference taskrouter 1.9); a task that lives no time at all cannot be meant.'
  },
  {
    on: 'taskrouter_v1.CreateTask|taskrouter_v1.UpdateTask',
    wire: 'Priority',
    change: { min: 0, max: maxSigned },
    why: '0 to 2^31-1 (reference taskrouter 1.9).'
  },
  {
    on: 'taskrouter_v1.ListTask',
    wire: 'AssignmentStatus',
    change: { enum: ['pending', 'reserved', 'assigned', 'canceled', 'completed', 'wrapping'] },
    why: 'The statuses of the task; repeated or comma-joined (reference taskrouter 0.1).'
  },
  {
    on: 'taskrouter_v1.ListActivity|taskrouter_v1.ListWorker',
    wire: 'Available',
    change: { type: 'boolean' },
    why: 'true, 1 and yes mean true, everything else false; the file says string (reference taskrouter 0.1).'
  },
  {
    on: 'taskrouter_v1.ListTaskQueue',
    wire: 'EvaluateWorkerAttributes',
    change: { type: 'json-text', object: true },
    why: 'A JSON object of worker attributes (reference taskrouter 1.5).'
  },
  {
    on: 'taskrouter_v1.*TaskQueue',
    wire: 'ReservationActivitySid|AssignmentActivitySid',
    change: { clearable: true },
    why: 'A queue needs neither (reference taskrouter 1.5).'
  },
  {
    on: 'taskrouter_v1.*TaskQueue',
    wire: 'MaxReservedWorkers',
    change: { min: 1, max: 50 },
    why: 'Between 1 and 50 (reference taskrouter 1.5).'
  },
  {
    on: 'taskrouter_v1.UpdateWorkerChannel',
    wire: 'Capacity',
    change: { min: 0, max: 50 },
    why: 'Between 0 and 50 (reference taskrouter 1.8).'
  },
  {
    on: 'taskrouter_v1.CreateWorkspace',
    wire: 'Template',
    change: { enum: ['NONE', 'FIFO'] },
    why: 'The templates that there are (reference taskrouter 1.2).'
  },
  {
    on: 'taskrouter_v1.Update*Reservation',
    wire: 'MaxParticipants',
    change: { min: 2, max: 250 },
    why: 'A conference has 2 to 250 participants, as the parameter is described.'
  },

  {
    on: 'taskrouter_v1.Update*Reservation',
    wire: 'DequeueStatusCallbackEvent',
    change: { several: true },
    why: 'Names of events hold no blanks and commas; others of its kind are enumerations.'
  },

  // Conversations
  {
    on: 'conversations_v1.*',
    wire: 'Filters|Configuration.Filters|AutoCreation.WebhookFilters|Permission',
    change: { several: true },
    why: 'Names of events and permissions hold no blanks and commas.'
  },
  {
    on: 'conversations_v1.*Conversation|conversations_v1.*ConversationWithParticipants',
    wire: 'MessagingServiceSid',
    change: { clearable: true },
    why: 'Empty is the default one again (reference rest-conventions 4).'
  },
  {
    on: 'conversations_v1.*',
    wire: 'X-Twilio-Webhook-Enabled',
    change: { type: 'boolean' },
    why: 'true or false in any letter case (reference conversations 1.2).'
  },
  {
    on: 'conversations_v1.*ConversationWithParticipants|conversations_v1.*Conversation|conversations_v1.*ServiceConversation',
    wire: 'Attributes',
    change: { type: 'json-text', maxLength: 16_384, code: 50304 },
    why: 'Any JSON, kept verbatim, up to 16 KB (reference conversations 5.2); other text has a number of its own.'
  },
  {
    on: 'conversations_v1.*Message|conversations_v1.*Participant|conversations_v1.*User',
    wire: 'Attributes',
    change: { type: 'json-text', maxLength: 4096, code: 50304 },
    why: 'Any JSON, kept verbatim, up to 4 KB (reference conversations 7.3, 8.2); other text has a number of its own.'
  },
  {
    on: 'conversations_v1.*Message',
    wire: 'ContentVariables',
    change: { type: 'json-text', object: true },
    why: 'The text of a JSON object, kept verbatim (reference conversations 8.2).'
  },
  {
    on: 'conversations_v1.*Message',
    wire: 'Body',
    change: { maxLength: 32_768 },
    why: 'Up to 32 KB; what a phone network cannot carry fails there (reference conversations 8.2).'
  },
  {
    on: 'conversations_v1.*Message',
    wire: 'Subject',
    change: { maxLength: 256 },
    why: 'Up to 256 characters (reference conversations 8.2).'
  },
  {
    on: 'conversations_v1.*Conversation|conversations_v1.*Participants|conversations_v1.*Service|conversations_v1.*Address|conversations_v1.*User',
    wire: 'FriendlyName',
    change: { maxLength: 256 },
    why: 'Up to 256 characters, as the parameter is described (reference conversations 5.2).'
  },
  {
    on: 'conversations_v1.*Role|conversations_v1.*Credential',
    wire: 'FriendlyName',
    change: { maxLength: 64 },
    why: 'Up to 64 characters (reference conversations 14.1).'
  },
  {
    on: conversationWrites,
    wire: 'Identity',
    change: { maxLength: 256 },
    why: 'Up to 256 characters, as the parameter is described.'
  },
  {
    on: 'conversations_v1.List*',
    wire: 'StartDate|EndDate',
    change: { type: 'date' },
    why: 'A day; a full instant is accepted and means its day (reference conversations 5.3).'
  },
  {
    on: 'conversations_v1.*',
    wire: 'LastReadTimestamp',
    change: { type: 'date-time', clearable: true },
    why: 'An instant, though the participants say string; goes away with its index (reference conversations 7.5).'
  },
  {
    on: 'conversations_v1.*',
    wire: 'LastReadMessageIndex',
    change: { min: 0, clearable: true },
    why: 'Empty or the word null marks everything unread (reference conversations 7.5).'
  },
  {
    on: 'conversations_v1.*ConversationWithParticipants',
    wire: 'Participant',
    change: { type: 'json', object: true },
    why: 'Each is a JSON object (reference conversations 9).'
  },
  {
    on: 'conversations_v1.UpdateConfigurationWebhook|conversations_v1.UpdateServiceWebhookConfiguration',
    wire: 'Method',
    change: { enum: ['GET', 'POST'] },
    why: 'An HTTP method; the file says string.'
  },
  {
    on: 'conversations_v1.Create*ScopedWebhook',
    wire: 'Configuration.ReplayAfter',
    change: { min: 0 },
    why: 'The index of a message (reference conversations 15).'
  },
  {
    on: 'conversations_v1.*ConfigurationAddress',
    wire: 'AutoCreation.StudioRetryCount',
    change: { min: 0, max: 3 },
    why: 'Retries are 0 to 3 everywhere (reference rest-conventions 9, flex 13).'
  },

  {
    on: 'conversations_v1.ListConfigurationAddress',
    wire: 'Type',
    change: { enum: ['sms', 'whatsapp', 'messenger', 'instagram', 'gbm', 'email', 'rcs', 'apple', 'chat'] },
    why: 'The types that an address can be made with; the file says string.'
  },
  {
    on: 'conversations_v1.CreateConfigurationAddress',
    wire: 'Type',
    change: { enum: ['sms', 'whatsapp', 'messenger', 'instagram', 'gbm', 'email', 'rcs', 'apple', 'chat'] },
    why: 'Ours: customers write on Instagram as well (reference messaging 12).'
  },

  // Flex
  {
    on: 'flex_v1.CreateInteraction|flex_v1.CreateInteractionChannelInvite|flex_v1.UpdateInteractionChannel',
    wire: 'Channel|Routing',
    change: { object: true },
    why: 'JSON objects (reference flex 4.1, 4.2, 5.1).'
  },
  {
    on: 'flex_v1.CreateInteraction',
    wire: 'Channel',
    change: { code: 45366 },
    why: 'Invalid channel parameters have a number of their own (reference flex 4.4).'
  },
  {
    on: 'flex_v1.CreateInteractionChannelParticipant',
    wire: 'MediaProperties',
    change: { required: false, object: true, code: 45367 },
    why: 'Marked required, but left out by clients; then it is {} (reference flex 7, 11).'
  },
  {
    on: 'flex_v1.CreateInteractionChannelParticipant',
    wire: 'RoutingProperties',
    change: { object: true, code: 45367 },
    why: 'A JSON object (reference flex 7, 11).'
  },
  {
    on: 'flex_v1.*FlexFlow',
    wire: 'Integration.RetryCount',
    change: { min: 0, max: 3 },
    why: 'From 0 to 3, as the parameter is described.'
  },
  {
    on: 'flex_v1.CreateChannel',
    wire: 'TaskAttributes',
    change: { type: 'json-text', object: true },
    why: 'Becomes the attributes of a task.'
  },
  {
    on: 'flex_v1.CreatePlugin|flex_v1.UpdatePlugin',
    wire: 'Description',
    change: { maxLength: 500 },
    why: 'Up to 500 characters, as the parameter is described.'
  },

  // Accounts and keys
  // Numbers
  {
    on: 'api_v2010.Create*IncomingPhoneNumber*|api_v2010.UpdateIncomingPhoneNumber',
    wire: 'SmsApplicationSid|VoiceApplicationSid|AddressSid|IdentitySid|BundleSid|EmergencyAddressSid|TrunkSid',
    change: { clearable: true },
    why: 'Empty takes away what a number had (reference messaging 7.1).'
  },
  {
    on: 'api_v2010.CreateNewKey|api_v2010.UpdateKey|api_v2010.CreateNewSigningKey|api_v2010.UpdateSigningKey|iam_v1.CreateNewKey|iam_v1.UpdateKey',
    wire: 'FriendlyName',
    change: { maxLength: 64 },
    why: 'Up to 64 characters, as the parameter is described.'
  },
  {
    on: 'iam_v1.CreateNewKey',
    wire: 'KeyType',
    change: { enum: ['main', 'standard', 'restricted'] },
    why: 'The original makes main keys in its console only; here the API is all there is (reference rest-conventions 1).'
  },
  {
    on: 'iam_v1.CreateNewKey|iam_v1.UpdateKey',
    wire: 'Policy',
    change: { object: true },
    why: 'A JSON object with allow, and deny (reference rest-conventions 1).'
  },

  // Studio and Event Streams
  {
    on: 'studio_v2.*',
    wire: 'Definition|Parameters',
    change: { object: true },
    why: 'JSON objects; the files give no type.'
  },
  {
    on: 'studio_v2.CreateExecution',
    wire: 'Parameters',
    change: { code: 84_004 },
    why: 'The number of what cannot be read there (reference studio 6).'
  },
  {
    on: 'events_v1.*',
    wire: 'SinkConfiguration|Types',
    change: { object: true },
    why: 'JSON objects; each of Types is one (reference events 1).'
  },

  // Messages
  {
    on: 'api_v2010.CreateMessage',
    wire: 'To',
    change: { required: false },
    why: 'Twilio has a number of its own for a message to nobody (reference messaging 14).'
  }
]

/** Parameters that no handler may see or that only older samples show. */
export const parametersRemoved: readonly { readonly on: string; readonly wire: string; readonly why: string }[] = [
  {
    on: 'flex_v1.*',
    wire: 'Authorization',
    why: 'The credentials of the request: authentication reads them, and nothing after it.'
  },
  {
    on: 'api_v2010.CreateSiprec|api_v2010.CreateStream',
    wire: 'Parameter*',
    why: 'A hundred and ninety-eight parameters that no handler has any use for: neither is done here.'
  }
]

export const parametersAdded: readonly { readonly on: string; readonly parameter: Parameter; readonly why: string }[] =
  [
    {
      on: 'events_v1.UpdateSubscription',
      parameter: {
        wire: 'SinkSid',
        name: 'sink_sid',
        in: 'form',
        type: 'sid',
        pattern: '^DG[0-9a-fA-F]{32}$'
      },
      why: 'Older samples move a subscription to another sink; accepted (reference events 1).'
    },
    {
      on: 'studio_v2.ListExecution',
      parameter: {
        wire: 'Status',
        name: 'status',
        in: 'query',
        type: 'string',
        enum: ['active', 'ended'],
        aliases: ['status']
      },
      why: 'The newest SDKs filter by it; newer files spell it in lower case (reference studio 1).'
    },
    {
      on: 'studio_v2.CreateFlow|studio_v2.UpdateFlow',
      parameter: { wire: 'AuthorSid', name: 'author_sid', in: 'form', type: 'sid', pattern: '^US[0-9a-fA-F]{32}$' },
      why: 'Newer SDKs say who writes (reference studio 1).'
    }
  ]

/** Properties that answers have and the files lack; they stand after the property that is named. */
export const propertiesAdded: readonly {
  readonly on: string
  readonly after: string
  readonly property: Property
  readonly why: string
}[] = [
  {
    on: 'StudioV2Execution',
    after: 'flow_sid',
    property: { name: 'flow_version', type: 'integer' },
    why: 'The revision that it runs (reference studio 1.2).'
  },
  {
    on: 'StudioV2Execution',
    after: 'status',
    property: { name: 'initiated_by', type: 'string', nullable: true },
    why: 'The SID of what started it (reference studio 1.2).'
  },
  {
    on: 'StudioV2Flow|StudioV2FlowRevision',
    after: 'account_sid',
    property: { name: 'author_sid', type: 'sid', nullable: true, pattern: '^US[0-9a-fA-F]{32}$' },
    why: 'Newer answers say who wrote it (reference studio 1.1).'
  }
]

/** Schemas by their TypeScript name; `*` and `|` as above. */
export const propertyChanges: readonly {
  readonly on: string
  readonly property: string
  readonly type: PropertyType
  readonly why: string
}[] = [
  {
    on: 'ConversationsV1*',
    property: 'timers|conversation_timers',
    type: 'instants',
    why: 'An object with date_inactive and date_closed, both absolute (reference conversations 5.1).'
  },
  {
    on: 'ConversationsV1*',
    property: 'last_read_timestamp',
    type: 'date-time',
    why: 'An instant; the file says string (reference conversations 7.2).'
  }
]

/** Links that the files do not list (they list sub-resources only) or list with another target. */
export const linkChanges: readonly {
  readonly on: string
  readonly links: Readonly<Record<string, PathTemplate>>
  readonly why: string
}[] = [
  {
    on: 'TaskrouterV1Activity|TaskrouterV1TaskChannel',
    links: { workspace: '/v1/Workspaces/{workspace_sid}' },
    why: 'Reference taskrouter 1.3, 1.4.'
  },
  {
    on: 'TaskrouterV1Task',
    links: {
      task_queue: '/v1/Workspaces/{workspace_sid}/TaskQueues/{task_queue_sid}',
      workflow: '/v1/Workspaces/{workspace_sid}/Workflows/{workflow_sid}',
      workspace: '/v1/Workspaces/{workspace_sid}'
    },
    why: 'Reference taskrouter 1.9.'
  },
  {
    on: 'TaskrouterV1TaskQueue',
    links: {
      workspace: '/v1/Workspaces/{workspace_sid}',
      reservation_activity: '/v1/Workspaces/{workspace_sid}/Activities/{reservation_activity_sid}',
      assignment_activity: '/v1/Workspaces/{workspace_sid}/Activities/{assignment_activity_sid}',
      list_statistics: '/v1/Workspaces/{workspace_sid}/TaskQueues/Statistics',
      bulk_real_time_statistics: '/v1/Workspaces/{workspace_sid}/TaskQueues/RealTimeStatistics'
    },
    why: 'Reference taskrouter 1.5.'
  },
  {
    on: 'TaskrouterV1Worker',
    links: {
      workspace: '/v1/Workspaces/{workspace_sid}',
      activity: '/v1/Workspaces/{workspace_sid}/Activities/{activity_sid}',
      channels: '/v1/Workspaces/{workspace_sid}/Workers/{sid}/Channels',
      statistics: '/v1/Workspaces/{workspace_sid}/Workers/Statistics',
      worker_statistics: '/v1/Workspaces/{workspace_sid}/Workers/{sid}/Statistics'
    },
    why: 'statistics are those of all workers, against the file (reference taskrouter 1.7).'
  },
  {
    on: 'TaskrouterV1TaskReservation|TaskrouterV1WorkerReservation',
    links: {
      task: '/v1/Workspaces/{workspace_sid}/Tasks/{task_sid}',
      worker: '/v1/Workspaces/{workspace_sid}/Workers/{worker_sid}',
      workspace: '/v1/Workspaces/{workspace_sid}'
    },
    why: 'Reference taskrouter 1.10.'
  },
  {
    on: 'ConversationsV1Configuration',
    links: { service: '/v1/Services/{default_chat_service_sid}/Configuration', webhooks: '/v1/Configuration/Webhooks' },
    why: 'Reference conversations 4.1.'
  },
  {
    on: 'ConversationsV1ServiceConfiguration',
    links: {
      notifications: '/v1/Services/{chat_service_sid}/Configuration/Notifications',
      webhooks: '/v1/Services/{chat_service_sid}/Configuration/Webhooks'
    },
    why: 'Reference conversations 4.3.'
  },
  {
    on: 'ConversationsV1ConversationWithParticipants',
    links: {
      participants: '/v1/Conversations/{sid}/Participants',
      messages: '/v1/Conversations/{sid}/Messages',
      webhooks: '/v1/Conversations/{sid}/Webhooks'
    },
    why: 'Those of the conversation, without export (reference conversations 9).'
  },
  {
    on: 'ConversationsV1ServiceConversationWithParticipants',
    links: {
      participants: '/v1/Services/{chat_service_sid}/Conversations/{sid}/Participants',
      messages: '/v1/Services/{chat_service_sid}/Conversations/{sid}/Messages',
      webhooks: '/v1/Services/{chat_service_sid}/Conversations/{sid}/Webhooks'
    },
    why: 'Those of the conversation, without export (reference conversations 9).'
  },
  {
    on: 'ConversationsV1ParticipantConversation|ConversationsV1UserConversation',
    links: {
      participant: '/v1/Conversations/{conversation_sid}/Participants/{participant_sid}',
      conversation: '/v1/Conversations/{conversation_sid}'
    },
    why: 'Reference conversations 10.'
  },
  {
    on: 'ConversationsV1ServiceParticipantConversation|ConversationsV1ServiceUserConversation',
    links: {
      participant: '/v1/Services/{chat_service_sid}/Conversations/{conversation_sid}/Participants/{participant_sid}',
      conversation: '/v1/Services/{chat_service_sid}/Conversations/{conversation_sid}'
    },
    why: 'Reference conversations 10.'
  },
  {
    on: 'EventsV1EventType',
    links: { schema: '/v1/Schemas/{schema_id}/Versions' },
    why: 'Reference events 1.'
  }
]

/** Where `url` leads, when no path of the files is the row's own. */
export const urlChanges: readonly { readonly on: string; readonly url: PathTemplate; readonly why: string }[] = [
  {
    on: 'ConversationsV1ConversationWithParticipants',
    url: '/v1/Conversations/{sid}',
    why: 'The answer is the conversation (reference conversations 9).'
  },
  {
    on: 'ConversationsV1ServiceConversationWithParticipants',
    url: '/v1/Services/{chat_service_sid}/Conversations/{sid}',
    why: 'The answer is the conversation (reference conversations 9).'
  },
  {
    on: 'FlexV1InteractionChannelInvite',
    url: '/v1/Interactions/{interaction_sid}/Channels/{channel_sid}/Invites/{sid}',
    why: 'An invite has a url though no endpoint answers it (reference flex 6).'
  },
  {
    on: 'FlexV1InsightsAssessmentsComment',
    url: '/v1/Insights/QualityManagement/Assessments/Comments/{assessment_sid}',
    why: 'As the answers that the file shows have it; no endpoint answers it.'
  },
  {
    on: 'FlexV1InsightsSegments',
    url: '/v1/Insights/Segments/{segment_id}',
    why: 'As the answers that the file shows have it; no endpoint answers it.'
  }
]

/** List pages: the files give the maximum, and no default. 50 is Twilio's, unless the maximum is lower. */
export const defaultPageSize = 50
