import type { State } from '../center.ts'
import type { Inbound } from '../conversations/inbound.ts'
import type { Read } from '../core/command.ts'
import { fanOutReads } from './fan-out.ts'
import { takeInReads } from './inbound.ts'

/** What the fan-out must have read when a message is added, by the command that adds it. */
export const messagingReads = {
  'message.create': fanOutReads,
  'conversation.receive': (inbound: Inbound, state: State): readonly Read[] => takeInReads(inbound, state)
}
