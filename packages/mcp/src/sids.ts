import type { RefKind } from './tool.ts'

/** What a SID's prefix says: the thing, and the argument of these tools that takes it. */
export interface SidMeaning {
  readonly thing: string
  readonly argument?: string
}

/** Prefixes an agent meets (reference rest-conventions 6). */
const meanings: Readonly<Record<string, SidMeaning>> = {
  AC: { thing: 'an account' },
  SK: { thing: 'an API key' },
  WS: { thing: 'a workspace', argument: 'workspaceSid' },
  WA: { thing: 'an activity', argument: 'activitySid' },
  WQ: { thing: 'a task queue', argument: 'taskQueueSid' },
  WW: { thing: 'a workflow', argument: 'workflowSid' },
  WK: { thing: 'a worker', argument: 'workerSid' },
  WT: { thing: 'a task', argument: 'taskSid' },
  WR: { thing: 'a reservation' },
  WC: { thing: "a worker's channel" },
  TC: { thing: 'a task channel', argument: 'taskChannel' },
  KD: { thing: 'an interaction', argument: 'interactionSid' },
  UO: { thing: 'an interaction channel', argument: 'channelSid' },
  UT: { thing: 'an interaction participant', argument: 'participantSid' },
  KG: { thing: 'an invite' },
  UX: { thing: 'a transfer' },
  FO: { thing: 'a Flex Flow', argument: 'flexFlowSid' },
  FW: { thing: 'a Studio flow', argument: 'flowSid' },
  FN: { thing: 'a Studio execution', argument: 'executionSid' },
  GO: { thing: 'a Flex instance' },
  CH: { thing: 'a conversation', argument: 'conversationSid' },
  MB: { thing: 'a conversation participant', argument: 'participantSid' },
  IM: { thing: 'a message' },
  IS: { thing: 'a chat service', argument: 'chatServiceSid' },
  MG: { thing: 'a messaging service', argument: 'messagingServiceSid' },
  RL: { thing: 'a role', argument: 'roleSid' },
  US: { thing: 'a user' },
  ME: { thing: 'media', argument: 'mediaSid' },
  HX: { thing: 'a content template', argument: 'contentSid' },
  EV: { thing: 'an event' }
}

/** Whether text is a SID: two capitals and 32 hex digits. */
export const isSid = (text: string): boolean => /^[A-Z]{2}[0-9a-fA-F]{32}$/.test(text)

/** What a SID is, or undefined for a prefix that these tools do not meet. */
export const sidMeaning = (sid: string): SidMeaning => meanings[sid.slice(0, 2)] ?? { thing: 'a SID of another kind' }

/** The prefix of each thing that has a name. */
export const sidPrefixes: Readonly<Record<RefKind, string>> = {
  workspace: 'WS',
  activity: 'WA',
  task_queue: 'WQ',
  workflow: 'WW',
  worker: 'WK',
  task_channel: 'TC',
  flex_flow: 'FO',
  studio_flow: 'FW',
  conversation: 'CH'
}
