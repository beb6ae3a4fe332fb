import { ask } from '../api/api.ts'
import { queries } from './desk.ts'
import type { WorkerDesk } from './rows.ts'

const readMarks = new Map<string, number>()

/** Marks messages as read up to an index; what is marked already is not marked again. */
export function markRead(conversation_sid: string, identity: string, index: number): void {
  if ((readMarks.get(conversation_sid) ?? -1) >= index) return
  readMarks.set(conversation_sid, index)
  queries.setQueryData<WorkerDesk>(
    ['desk'],
    (desk) =>
      desk && {
        ...desk,
        conversations: desk.conversations.map((one) =>
          one.sid === conversation_sid ? { ...one, unread_count: 0, last_read_message_index: index } : one
        )
      }
  )
  const path = { user_sid: identity, conversation_sid }
  ask('conversations_v1.UpdateUserConversation', { path, params: { last_read_message_index: index } }).catch(() => {
    readMarks.delete(conversation_sid)
  })
}

/** Whoever signs in next has read nothing here. */
export function forgetReadMarks(): void {
  readMarks.clear()
}

/** It is marked again the next time somebody reads it. */
export function forgetRead(conversation_sid: string): void {
  readMarks.delete(conversation_sid)
}
