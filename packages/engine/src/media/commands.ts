import { deleteMedia, deleteMediaReads, mediaExpired, takeMedia } from './media.ts'

export const mediaCommands = {
  'media.create': { decide: takeMedia },
  'media.delete': { decide: deleteMedia, reads: deleteMediaReads },
  'timer.media_expired': { decide: mediaExpired }
} as const
