import type { Logger } from 'pino'

/** What is stopped: `close` resolves when everything is let go of, `hangUp` makes it wait for no caller any longer. */
export interface Stoppable {
  close(): Promise<void>
  hangUp(): void
}

/** Milliseconds after which the process ends whatever has not: a disk or a database that does not answer. */
const patience_ms = 9_000

/** One key press reaches a program twice where npm runs it: from the terminal and from npm. */
const same_ms = 1_000

/**
 * Stops in order at the first SIGTERM or SIGINT, and ends the process: with 0, or with 1 where it could not stop cleanly in
 * ten seconds. Who asks again does not want to wait for slow callers; who asks a third time, for nothing. Answers what
 * stops it for another reason.
 */
export function stopOnSignals(what: Stoppable, log: Logger): (why: string) => void {
  let asked = 0
  let last = 0
  const end = (code: number) => process.exit(code)
  const stop = (why: string) => {
    const now = performance.now()
    if (asked > 0 && now - last < same_ms) return
    last = now
    asked++
    if (asked > 2) end(1)
    if (asked === 2) return what.hangUp()
    log.info({ signal: why }, 'stopping')
    setTimeout(() => {
      log.error('could not stop in time')
      end(1)
    }, patience_ms).unref()
    what.close().then(
      () => end(0),
      (err: unknown) => {
        log.error({ err }, 'could not stop cleanly')
        end(1)
      }
    )
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  return stop
}
