import { approveContent, contentReads, createContent, deleteContent, templateReads, updateContent } from './content.ts'

export const contentCommands = {
  'content.create': { decide: createContent },
  'content.update': { decide: updateContent, reads: contentReads },
  'content.delete': { decide: deleteContent, reads: contentReads },
  'content.approve': { decide: approveContent, reads: templateReads }
} as const
