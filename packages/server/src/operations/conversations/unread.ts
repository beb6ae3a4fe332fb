import type { ConversationRow } from '@ringdown/engine/conversations/rows'
import { binding } from '../../store/query.ts'
import type { Context } from '../handler.ts'

/** Somebody's place in a conversation: null before anything was read. */
export interface Reader {
  readonly conversation: Pick<ConversationRow, 'sid' | 'next_index' | 'removed_messages'>
  readonly last_read_message_index: number | null
}

/**
 * How many messages of each conversation come after those that were read. Where no message was ever removed that follows
 * from indexes; the others are counted, all in one query (reference conversations 7.5).
 */
export async function unreadCounts({ ledger }: Pick<Context, 'ledger'>, readers: readonly Reader[]): Promise<number[]> {
  const sparse = readers.filter((reader) => isSparse(reader) && atMost(reader) > 0)
  if (sparse.length === 0) return readers.map(atMost)
  await ledger.settled()
  const counted = await ledger.reading(async (kept, account_sid) => {
    const { values, bind } = binding(kept.dialect)
    // One range of the index over (account_sid, conversation_sid, index) each, and nothing else is read.
    const counts = sparse.map(
      ({ conversation, last_read_message_index }, i) =>
        `(select count(*) from "message" where account_sid = ${bind(account_sid)} and "conversation_sid" = ${bind(conversation.sid)} and "index" > ${bind(last_read_message_index ?? -1)}) as c${i}`
    )
    const [row] = await kept.query<Record<string, unknown>>({ sql: `select ${counts.join(', ')}`, values })
    return sparse.map((_, i) => Number(row?.[`c${i}`]))
  })
  const bySid = new Map(sparse.map(({ conversation }, i) => [conversation.sid, counted[i] ?? 0]))
  return readers.map((reader) => bySid.get(reader.conversation.sid) ?? atMost(reader))
}

/** Whether indexes may be missing. Older rows do not say. */
function isSparse({ conversation: { removed_messages } }: Reader): boolean {
  return removed_messages !== 0
}

function atMost({ conversation, last_read_message_index }: Reader): number {
  return Math.max(0, conversation.next_index - 1 - (last_read_message_index ?? -1))
}
