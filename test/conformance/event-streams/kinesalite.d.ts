/* What the tests of streams use of kinesalite, which comes without types. */
declare module 'kinesalite' {
  import type { Server } from 'node:http'
  export default function kinesalite(options: {
    /** Milliseconds until a stream is there. */
    readonly createStreamMs: number
    readonly deleteStreamMs: number
  }): Server
}
