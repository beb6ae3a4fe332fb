import { noteErasure, noteToolCall } from './audit.ts'
import { createFlexUser, deleteFlexUser, updateFlexUser } from './flex-user.ts'
import { createKey, deleteKey, updateKey, useKey } from './key.ts'
import { endSession, expireSession, startSession, touchSession } from './session.ts'
import { createSetupLink, endSetupLink, followSetupLink } from './setup-link.ts'

export const accessCommands = {
  'customer.erase': { decide: noteErasure },
  'key.create': { decide: createKey },
  'key.update': { decide: updateKey },
  'key.delete': { decide: deleteKey },
  'key.use': { decide: useKey },
  'flex_user.create': { decide: createFlexUser },
  'flex_user.update': { decide: updateFlexUser },
  'flex_user.delete': { decide: deleteFlexUser },
  'setup_link.create': { decide: createSetupLink },
  'setup_link.use': { decide: followSetupLink },
  'timer.setup_link': { decide: endSetupLink },
  'tool_call.note': { decide: noteToolCall },
  'session.start': { decide: startSession },
  'session.touch': { decide: touchSession },
  'session.end': { decide: endSession },
  'timer.session': { decide: expireSession }
} as const
