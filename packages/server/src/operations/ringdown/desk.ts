import { notFound } from '@ringdown/engine/core/parameters'
import type { NoteRow } from '@ringdown/engine/desk/rows'
import { conversationOf } from '../conversations/cold-lookup.ts'
import { type ColdQuery, type Noun, noun } from '../derived.ts'
import type { Context, Handlers, One } from '../handler.ts'

type OfConversation = { readonly conversation_sid: string }

/** What the desk keeps: notes of conversations, and what agents often say. */
export const deskNouns: Readonly<Record<string, Noun>> = {
  conversation_note: noun({
    kind: 'note',
    find: noteOf,
    rows: async (context, { conversation_sid }: OfConversation, { order }) => ({
      where: [['conversation_sid', '=', (await conversationOf(context, conversation_sid, {})).sid]],
      order: ['seq'],
      descending: order === 'desc'
    }),
    commands: { create: 'note.create', update: 'note.update', delete: 'note.delete' }
  }),
  canned_response: noun({
    kind: 'canned_response',
    find: async ({ state, ledger }, { sid }: One) => {
      const [row] = [state.find('canned_response', sid) ?? (await ledger.find('canned_response', { sid }))].flat()
      return row ?? notFound(`/CannedResponses/${sid}`)
    },
    rows: (_context, _path, params): ColdQuery => ({
      where: Object.entries(params).map(([column, value]) => [column, '=', String(value)]),
      order: ['seq']
    })
  })
}

export const deskHandlers = {
  'ringdown_v1.CreateCannedResponseImport': ({ params }, { answer }) =>
    answer({ type: 'canned_response.import', ...params }, (imported) => imported)
} satisfies Handlers

/** The row in memory is the newer one. */
async function noteOf(context: Context, { conversation_sid, sid }: OfConversation & One): Promise<NoteRow> {
  const conversation = await conversationOf(context, conversation_sid, {})
  const { state, ledger } = context
  const resident = state.find('note', sid)
  const [row] = resident ? [resident] : await ledger.find('note', { sid })
  if (row?.conversation_sid === conversation.sid) return row
  return notFound(`/Conversations/${conversation_sid}/Notes/${sid}`)
}
