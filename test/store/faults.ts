import { type Batch, ContentRejected, type Store, StoreUnavailable } from '@ringdown/server/store/store'

/** A store that fails when told to, in the ways real ones do; everything else is the real store behind it. */
export interface Faulty {
  readonly store: Store
  /** The next write is not made and throws StoreUnavailable: the connection was gone before it was sent. */
  failBeforeWrite(): void
  /** The next write is made and throws StoreUnavailable all the same: the answer was lost. */
  failAfterWrite(): void
  /** Every batch for which this is true is refused for its content, until it is told otherwise. */
  rejectWhen(refused: (batch: Batch) => boolean): void
  /** Writes wait from now on, as on a slow disk, until the answered function is called. */
  holdWrites(): () => void
  /** Batches that reached the real store, in order. */
  readonly written: readonly Batch[]
}

/**
 * As with the real stores, after StoreUnavailable the account must be locked again before any write succeeds, and
 * `onLost` listeners are told.
 */
export function faulty(real: Store): Faulty {
  const written: Batch[] = []
  const stale = new Set<string>()
  const listeners = new Set<(why: StoreUnavailable) => void>()
  let next: 'before' | 'after' | undefined
  let refused: (batch: Batch) => boolean = () => false
  let held: Promise<void> | undefined

  function lose(batch: Batch, why: string): StoreUnavailable {
    const error = new StoreUnavailable(why)
    stale.add(batch.account_sid)
    for (const listener of listeners) listener(error)
    return error
  }

  async function write(batch: Batch): Promise<void> {
    await held
    if (stale.has(batch.account_sid)) throw new StoreUnavailable(`account ${batch.account_sid} must be locked first`)
    const fault = next
    next = undefined
    if (fault === 'before') throw lose(batch, 'the connection broke before the write')
    if (refused(batch)) throw new ContentRejected('the content was refused')
    await real.write(batch)
    written.push(batch)
    if (fault === 'after') throw lose(batch, 'the connection broke after the write')
  }

  const faults: Pick<Store, 'write' | 'lock' | 'onLost'> = {
    write,
    async lock(account_sid, signal) {
      const head = await real.lock(account_sid, signal)
      stale.delete(account_sid)
      return head
    },
    onLost(listener) {
      const forget = real.onLost(listener)
      listeners.add(listener)
      return () => {
        forget()
        listeners.delete(listener)
      }
    }
  }

  const store = new Proxy(real, {
    get(target, name) {
      const found: unknown = Reflect.get(name in faults ? faults : target, name)
      return typeof found === 'function' ? found.bind(target) : found
    }
  })

  return {
    store,
    written,
    failBeforeWrite() {
      next = 'before'
    },
    failAfterWrite() {
      next = 'after'
    },
    rejectWhen(predicate) {
      refused = predicate
    },
    holdWrites() {
      let release = () => {}
      held = new Promise((resolve) => {
        release = resolve
      })
      return () => {
        held = undefined
        release()
      }
    }
  }
}
