import {
  cannedResponseReads,
  createCannedResponse,
  createCannedResponseReads,
  deleteCannedResponse,
  importCannedResponses,
  importReads,
  updateCannedResponse
} from './canned-response.ts'
import { createNote, createNoteReads, deleteNote, noteReads, updateNote } from './note.ts'
import { preferencesReads, updatePreferences } from './preferences.ts'

export const deskCommands = {
  'note.create': { decide: createNote, reads: createNoteReads },
  'note.update': { decide: updateNote, reads: noteReads },
  'note.delete': { decide: deleteNote, reads: noteReads },
  'canned_response.create': { decide: createCannedResponse, reads: createCannedResponseReads },
  'canned_response.update': { decide: updateCannedResponse, reads: cannedResponseReads },
  'canned_response.delete': { decide: deleteCannedResponse, reads: cannedResponseReads },
  'canned_response.import': { decide: importCannedResponses, reads: importReads },
  'preferences.update': { decide: updatePreferences, reads: preferencesReads }
} as const
