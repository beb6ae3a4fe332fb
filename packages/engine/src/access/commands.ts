import { createKey, deleteKey, updateKey, useKey } from './key.ts'

export const accessCommands = {
  'key.create': { decide: createKey },
  'key.update': { decide: updateKey },
  'key.delete': { decide: deleteKey },
  'key.use': { decide: useKey }
} as const
