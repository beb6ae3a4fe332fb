import { refOf } from '../core/events.ts'
import type { Rendering } from '../events.ts'

/** Ours: files that go by themselves. Those of a message go with it, and its own event tells of that. */
export const mediaEvents = {
  'ringdown.media.removed': (refs, at) => {
    const { sid, chat_service_sid, content_type, size, date_created, date_updated } = refOf(refs, 'media')
    return {
      description: `Media ${sid} ${refs.extra?.reason}`,
      resource_type: 'media',
      resource_sid: sid,
      data: {
        media_sid: sid,
        ...{ chat_service_sid, content_type, size, date_created, date_updated },
        date_removed: at,
        ...refs.extra
      }
    }
  }
} satisfies Record<string, Rendering>
