/** What an account may have and how undecided points are decided; Twilio's figures by default (reference taskrouter 10). */
export interface Settings {
  readonly limits: {
    readonly workspaces: number
    readonly activities: number
    readonly task_channels: number
    readonly task_queues: number
    readonly workflows: number
    readonly workers: number
    readonly available_workers: number
    readonly tasks: number
    readonly assignment_rounds: number
    /** Sockets of the worker SDK that one worker may have open. */
    readonly sockets_per_worker: number
  }
  /** Requests a second; null for any number, which they are unless asked for. Twilio has 3 and 5 (reference taskrouter 10). */
  readonly rates: {
    readonly expression_lists: number | null
    readonly bulk_statistics: number | null
    /** Changes of one conversation, and of the conversations, users and roles of one service. Twilio has 30 (reference conversations 20). */
    readonly conversation_changes: number | null
    /** Executions of flows that are started over REST. Twilio has 20 (reference studio 7). */
    readonly execution_starts: number | null
    /** Chats that pages may begin, whoever they are of: a flood of them is none of a center's customers. */
    readonly webchat_chats: number | null
  }
  /** Seconds. */
  readonly finished_task_kept_s: number
  readonly assigned_task_lives_s: number
  readonly direct_reservation_within_s: number
  /** Tasks that one decision re-evaluates; more than that take several, and others have their turn in between. */
  readonly tasks_re_evaluated_at_once: number
  /** Comparisons of a queue's expression with workers that one decision makes; more than that take several. */
  readonly comparisons_at_once: number
  /** Members of a queue among whom the next worker is looked for one by one; of more than that, offer orders are kept. */
  readonly workers_compared: number
  /** Names of a new workspace's activities, and which of them are available. The first is default and timeout activity. */
  readonly activities: readonly (readonly [friendly_name: string, available: boolean])[]
  /** The channel closes when its last agent wraps up or completes through TaskRouter (reference flex 10, U4). */
  readonly close_on_last_wrapup: boolean
  readonly deliveries: {
    /** Attempts under way to one destination at once. */
    readonly concurrency: number
    /** How long finished deliveries are kept, to be shown and sent again. */
    readonly kept_days: number
  }
  readonly insights: {
    /** How long segments are kept, in days, whatever becomes of events. */
    readonly kept_days: number
    /** Seconds that one question about them may take. */
    readonly query_s: number
  }
  /** How long executions of flows are kept with their steps, in days after they have ended. */
  readonly executions: { readonly kept_days: number }
  /** How long the audit keeps who has changed what. */
  readonly audit: { readonly kept_days: number }
  /** Where Segment answers, without a slash at the end. */
  readonly segment_url: string
}

export const defaultSettings: Settings = {
  limits: {
    workspaces: 5_000,
    activities: 100,
    task_channels: 15,
    task_queues: 5_000,
    workflows: 1_000,
    workers: 15_000,
    available_workers: 7_500,
    tasks: 500_000,
    assignment_rounds: 1_000,
    sockets_per_worker: 100
  },
  rates: {
    ...{ expression_lists: null, bulk_statistics: null, conversation_changes: null, execution_starts: null },
    webchat_chats: 5
  },
  finished_task_kept_s: 300,
  assigned_task_lives_s: 86_400,
  direct_reservation_within_s: 60,
  tasks_re_evaluated_at_once: 1_000,
  comparisons_at_once: 100_000,
  workers_compared: 128,
  activities: [
    ['Offline', false],
    ['Unavailable', false],
    ['Available', true]
  ],
  close_on_last_wrapup: true,
  deliveries: { concurrency: 16, kept_days: 7 },
  insights: { kept_days: 396, query_s: 10 },
  executions: { kept_days: 30 },
  audit: { kept_days: 365 },
  segment_url: 'https://api.segment.io'
}
