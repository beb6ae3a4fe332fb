import { Worker } from 'node:worker_threads'
import type { Lease } from './lease.ts'
import { StoreUnavailable } from './store.ts'
import { workerFile } from './worker-file.ts'

/** What the thread of the beats is started with. */
export interface Beating {
  readonly url: string
  readonly heartbeatMs: number
  readonly lostMs: number
  /** The main thread may stand still for so long before the node counts as hung. */
  readonly hungMs: number
}

/** A session of the server, which holds locks; `started` is its start in microseconds of the server's clock. */
export interface Backend {
  readonly backend: number
  readonly started: number
}

export type Order = ({ readonly do: 'watch'; readonly lease: SharedArrayBuffer } & Backend) | { readonly do: 'stop' }

/** The first beat for this backend was answered. */
export type BeatingAnswer = Backend

/** The thread that beats for one session after the other. */
export interface Beats {
  /** From now on it beats for this backend into the lease; resolves when the first beat was answered. */
  watch(backend: Backend, lease: Lease): Promise<void>
  close(): Promise<void>
}

/** Starts the thread with the first session that is to be watched, and anew when it has died. */
export function beatsOf(beating: Beating): Beats {
  let worker: Worker | undefined
  let waiting:
    | { readonly backend: Backend; readonly resolve: () => void; readonly reject: (e: Error) => void }
    | undefined

  function start(): Worker {
    const resourceLimits = { maxYoungGenerationSizeMb: 4 }
    const fresh = new Worker(workerFile('beat-worker'), {
      workerData: beating,
      name: 'beats',
      execArgv: [],
      resourceLimits
    })
    fresh.unref()
    fresh.on('message', ({ backend, started }: BeatingAnswer) => {
      if (waiting?.backend.backend === backend && waiting.backend.started === started) waiting.resolve()
    })
    const ended = (why: string) => {
      if (worker === fresh) worker = undefined
      waiting?.reject(new StoreUnavailable(`PostgreSQL: ${why}`))
    }
    fresh.on('error', (error) => ended(`the thread of the beats failed: ${error.message}`))
    fresh.on('exit', () => ended('the thread of the beats ended'))
    return fresh
  }

  return {
    watch(backend, lease) {
      worker ??= start()
      waiting?.reject(new StoreUnavailable('PostgreSQL: there is another connection'))
      const thread = worker
      return new Promise((resolve, reject) => {
        waiting = { backend, resolve, reject }
        thread.postMessage({ do: 'watch', lease: lease.shared, ...backend } satisfies Order)
      })
    },
    async close() {
      const last = worker
      if (last === undefined) return
      const gone = new Promise<void>((resolve) => last.once('exit', () => resolve()))
      last.ref()
      last.postMessage({ do: 'stop' } satisfies Order)
      // One that waits for a server that is away is not waited for.
      const impatient = setTimeout(() => void last.terminate(), 500)
      await gone
      clearTimeout(impatient)
    }
  }
}
