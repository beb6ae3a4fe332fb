import { refOf } from '../core/events.ts'
import type { Rendering } from '../events.ts'

/** What desks are told; nobody outside is. */
export const deskEvents = {
  'note.added': ofNote('added'),
  'note.updated': ofNote('updated'),
  'note.removed': ofNote('removed', true),
  'canned-response.created': ofCannedResponse('created'),
  'canned-response.updated': ofCannedResponse('updated'),
  'canned-response.deleted': ofCannedResponse('deleted')
} satisfies Record<string, Rendering>

function ofNote(did: string, isGone = false): Rendering {
  return (refs, at) => {
    const note = refOf(refs, 'note')
    return {
      description: `Note ${note.sid} ${did}`,
      resource_type: 'note',
      resource_sid: note.sid,
      data: {
        conversation_sid: note.conversation_sid,
        chat_service_sid: note.chat_service_sid,
        note_sid: note.sid,
        author: note.author,
        body: note.body,
        mentions: JSON.stringify(note.mentions),
        date_created: note.date_created,
        date_updated: note.date_updated,
        ...(isGone && { date_removed: at })
      }
    }
  }
}

function ofCannedResponse(did: string): Rendering {
  return (refs) => {
    const { sid, section, label, text, language, shortcut, task_queue_sids } = refOf(refs, 'canned_response')
    return {
      description: `Canned response ${label} ${did}`,
      resource_type: 'canned-response',
      resource_sid: sid,
      data: {
        canned_response_sid: sid,
        ...{ section, label, text, language, shortcut },
        task_queue_sids: JSON.stringify(task_queue_sids)
      }
    }
  }
}
