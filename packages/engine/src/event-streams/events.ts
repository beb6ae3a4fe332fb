import type { Rendering } from '../events.ts'
import type { SinkRow } from './rows.ts'

/** What Event Streams itself has to tell. */
export const eventStreamEvents = {
  /** Somebody asked for a test event, which goes to that sink whatever is subscribed (reference events 1). */
  'sink.test': (refs) => {
    const sink = refs.sink as SinkRow // testSink gives it
    return {
      description: `Sink ${sink.sid} tested`,
      resource_type: 'sink',
      resource_sid: sink.sid,
      data: { sink_sid: sink.sid, ...refs.extra }
    }
  }
} satisfies Record<string, Rendering>
