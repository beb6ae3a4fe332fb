import type { Json } from '../core/json.ts'
import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'

export type FlowStatus = 'draft' | 'published'

/** What is wrong with a definition, and where: a path as `#/states/2/properties/url` (reference studio 1.4). */
export interface Flaw {
  readonly message: string
  readonly property_path: string
}

/** A flow, with what its latest revision says of itself. */
const flowColumns = {
  account_sid: text(),
  friendly_name: text(),
  status: text<FlowStatus>(),
  /** Number of the latest revision, which are counted from 1. */
  revision: integer(),
  /** Numbers of the latest with that status; null before there is one. */
  published_revision: integer<number | null>(),
  draft_revision: integer<number | null>(),
  commit_message: text<string | null>(),
  author_sid: text<string | null>(),
  valid: flag(),
  /** Contacts that get the latest revision, whatever its status. */
  test_users: json<readonly string[]>()
} as const
export type FlowRow = RowOf<typeof flowColumns>

const flowRevisionColumns = {
  account_sid: text(),
  flow_sid: text(),
  revision: integer(),
  friendly_name: text(),
  /** JSON text, as it was given. */
  definition: text(),
  status: text<FlowStatus>(),
  commit_message: text<string | null>(),
  author_sid: text<string | null>(),
  valid: flag(),
  errors: json<readonly Flaw[]>(),
  warnings: json<readonly Flaw[]>(),
  /** `live` while somebody may start with it, or runs on it: those are in memory. */
  residence: text<'live' | 'kept'>()
} as const
export type FlowRevisionRow = RowOf<typeof flowRevisionColumns>

/** What Liquid sees (reference studio 5). */
export type ContextData = { readonly [name: string]: Json }

/** A member of the context that was set: where, and to what. */
export type ContextChange = readonly [path: readonly string[], value: Json]

/** How an execution began: the trigger's event. */
export type TriggerEvent =
  | 'incomingMessage'
  | 'incomingCall'
  | 'incomingConversationMessage'
  | 'incomingRequest'
  | 'incomingParent'

/** What an execution does next: go on at once, or wait for a message, an answer over HTTP, or for Flex to take over. */
export type WaitsFor = 'turn' | 'message' | 'answer' | 'handoff' | 'call'

/** A request over HTTP that an execution waits for, rendered. */
export interface FlowRequest {
  readonly method: string
  readonly url: string
  readonly content_type: string
  /** Null where the parameters are all. */
  readonly body: string | null
  readonly parameters: readonly (readonly [name: string, value: string])[]
}

/** What waits above a subflow that runs: the parent's widget, and what of the context is the parent's own. */
export interface Frame {
  readonly widget: string
  /** The step that led to the widget. */
  readonly step_sid: string
  readonly trigger: Json
  readonly widgets: Json
  readonly variables: Json
}

/** `heard` when a message that it heard was removed, `contact` when whoever it was with was erased. */
export type Forgets = 'heard' | 'contact'

export type EndedReason = 'FLOW_END' | 'API' | 'HANGUP' | 'ERROR' | 'TIMEOUT'

const executionColumns = {
  account_sid: text(),
  flow_sid: text(),
  /** The revision that it runs. */
  flow_version: integer(),
  status: text<'active' | 'ended'>(),
  /** The contact's address, or the SID of its conversation. */
  contact_channel_address: text(),
  /** The address on the flow's side. */
  flow_channel_address: text(),
  conversation_sid: text<string | null>(),
  /** The call on which its widgets speak; executions that were stored before have none. */
  call_sid: text<string | null>(),
  /** Who the contact is: an address, or who wrote in the conversation. Null once that was erased. */
  person: text<string | null>(),
  initiated_by: text<string | null>(),
  trigger_event: text<TriggerEvent>(),
  context: json<ContextData>(),
  /** What was set in the context since the last step. */
  unsaved: json<readonly ContextChange[]>(),
  /** Characters that were ever set in the context. */
  context_size: integer(),
  /** Flow and revision whose widgets run: those of a subflow while one does. */
  running_flow_sid: text(),
  running_version: integer(),
  parent: json<Frame | null>(),
  /** Name of the widget at which it is; null once it has ended. */
  widget: text<string | null>(),
  /** What has happened at that widget, and is still to lead on. */
  happened: text<string | null>(),
  waits_for: text<WaitsFor | null>(),
  /**
   * While it waits for an answer over HTTP: what that has to name, since what was asked before has no say any more. While it
   * waits for a message: the variable under which the message's text is kept, if any.
   */
  ticket: text<string | null>(),
  request: json<FlowRequest | null>(),
  /** SID of the message to which it waits for an answer: that may turn out not to arrive. */
  said_sid: text<string | null>(),
  last_step_sid: text<string | null>(),
  steps: integer(),
  /** Turns so far: of two timers the one is set that is not being decided. */
  turns: integer(),
  /** Messages that it has sent since an instant, against two flows that answer each other. */
  replies: integer(),
  replies_since: integer(),
  /** Whether its conversation ends with it. */
  closes_conversation: flag(),
  /** How often the widget was come to in a row. */
  repeats: integer(),
  ended_reason: text<EndedReason | null>(),
  /** What nobody may see of it any more once it has ended: what it heard, or who it was with as well. */
  forgets: text<Forgets | null>(),
  date_ended: integer<number | null>(),
  // Timers. A turn that is not the last sets the other of the first two: a timer's decision ends that timer.
  date_turn: integer<number | null>(),
  date_next_turn: integer<number | null>(),
  date_timeout: integer<number | null>(),
  date_expires: integer<number | null>()
} as const
export type ExecutionRow = RowOf<typeof executionColumns>

/** A transition: what happened at one widget led to another (reference studio 6). */
const executionStepColumns = {
  account_sid: text(),
  flow_sid: text(),
  execution_sid: text(),
  parent_step_sid: text<string | null>(),
  /** The event. */
  name: text(),
  transitioned_from: text(),
  /** `Ended` at the end. */
  transitioned_to: text(),
  type: text(),
  /** What was set in the context since the step before. */
  changes: json<readonly ContextChange[]>()
} as const
export type ExecutionStepRow = RowOf<typeof executionStepColumns>

/** Key of the index by which a flow has one active execution for a contact: calls are apart from messages. */
export function contactKeyOf(flow_sid: string, flow_address: string, contact: string, isCall = false): string {
  return `${isCall ? 'call ' : ''}${flow_sid} ${flow_address} ${contact}`
}

export function revisionKey(flow_sid: string, revision: number | string): string {
  return `${flow_sid}/${revision}`
}

const isActive = (row: { readonly status: string }) => row.status === 'active'

export const studioKinds = {
  flow: kind(flowColumns, {
    prefix: 'FW',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  flow_revision: kind(flowRevisionColumns, {
    prefix: 'FV',
    indexes: {
      flow_sid: (row) => row.flow_sid,
      number: (row) => revisionKey(row.flow_sid, row.revision)
    },
    cold: {
      columns: ['seq', 'flow_sid', 'revision', 'status', 'residence'],
      indexes: [
        ['flow_sid', 'revision'],
        ['flow_sid', 'seq']
      ],
      resident: { column: 'residence', values: ['live'] },
      foundBy: ['sid', 'number'],
      under: { flow_sid: 'flow' }
    }
  }),
  execution: kind(executionColumns, {
    prefix: 'FN',
    indexes: {
      flow_sid: (row) => row.flow_sid,
      contact: (row) =>
        isActive(row)
          ? contactKeyOf(
              row.flow_sid,
              row.flow_channel_address,
              row.contact_channel_address,
              row.trigger_event === 'incomingCall'
            )
          : null,
      conversation_sid: (row) => (isActive(row) ? row.conversation_sid : null),
      call_sid: (row) => (isActive(row) ? row.call_sid : null),
      /** By the call that it speaks on, or was begun by: that may be somebody else's. */
      call: (row) =>
        isActive(row) ? (row.call_sid ?? (row.trigger_event === 'incomingCall' ? row.initiated_by : null)) : null,
      person: (row) => (isActive(row) ? row.person : null),
      said_sid: (row) => (isActive(row) && row.waits_for === 'message' ? row.said_sid : null),
      revision: (row) => (isActive(row) ? revisionKey(row.flow_sid, row.flow_version) : null),
      /** Subflows that run. */
      subflow: (row) =>
        isActive(row) && row.running_flow_sid !== row.flow_sid
          ? revisionKey(row.running_flow_sid, row.running_version)
          : null
    },
    timers: {
      date_turn: 'timer.execution_turn',
      date_next_turn: 'timer.execution_next_turn',
      date_timeout: 'timer.execution_timeout',
      date_expires: 'timer.execution_expired'
    },
    cold: {
      columns: ['seq', 'flow_sid', 'status', 'date_created', 'conversation_sid', 'person', 'date_ended'],
      indexes: [
        ['flow_sid', 'seq'],
        ['flow_sid', 'status', 'seq'],
        // Who and what is erased, and what is kept no longer.
        ['conversation_sid'],
        ['person'],
        ['date_ended']
      ],
      resident: { column: 'status', values: ['active'] },
      foundBy: ['sid'],
      under: { flow_sid: 'flow' }
    }
  }),
  execution_step: kind(executionStepColumns, {
    prefix: 'FT',
    indexes: { execution_sid: (row) => row.execution_sid },
    cold: {
      columns: ['seq', 'flow_sid', 'execution_sid'],
      indexes: [
        ['execution_sid', 'seq'],
        ['flow_sid', 'seq']
      ],
      foundBy: ['sid'],
      under: { execution_sid: 'execution', flow_sid: 'flow' }
    }
  })
}
