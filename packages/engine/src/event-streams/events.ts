import { refOf } from '../core/events.ts'
import type { Rendering } from '../events.ts'

/** What Event Streams itself has to tell. */
export const eventStreamEvents = {
  /** Somebody asked for a test event, which goes to that sink whatever is subscribed (reference events 1). */
  'sink.test': (refs) => {
    const sink = refOf(refs, 'sink')
    return {
      description: `Sink ${sink.sid} tested`,
      resource_type: 'sink',
      resource_sid: sink.sid,
      data: { sink_sid: sink.sid, ...refs.extra }
    }
  }
} satisfies Record<string, Rendering>
