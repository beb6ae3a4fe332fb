import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/*
 * What a run leaves behind: nothing. Children, folders and schemas are registered when they are made and go, the newest
 * first, when the run ends, however it ends.
 */

const endings: (() => unknown)[] = []
let ended: Promise<void> | undefined

/** Calls back when the run ends, before whatever was registered earlier; the answer does it at once, and only then. */
export function atEnd(ending: () => unknown): () => Promise<void> {
  let done: Promise<void> | undefined
  const once = () => (done ??= (async () => void (await ending()))())
  endings.push(once)
  return once
}

/** Ends everything that is still there. */
export function endAll(): Promise<void> {
  ended ??= (async () => {
    for (const ending of endings.reverse()) {
      try {
        await ending()
      } catch (error) {
        process.stderr.write(`cleaning up: ${(error as Error).message}\n`) // the others still have their turn
      }
    }
  })()
  return ended
}

/** Whether the run is over, and nothing new should begin. */
export function isEnding(): boolean {
  return ended !== undefined
}

/** From now on signals, errors nobody caught, and the end of the process that started this one end everything first. */
export function endOnSignals(): void {
  const leave = (code: number) => void endAll().finally(() => process.exit(code))
  process.on('SIGINT', () => leave(130))
  process.on('SIGTERM', () => leave(143))
  process.on('SIGHUP', () => leave(129))
  process.on('disconnect', () => leave(1))
  process.on('uncaughtException', (error) => {
    // What is under way when everything ends cannot but fail.
    if (isEnding()) return
    process.stderr.write(`${error.stack}\n`)
    leave(1)
  })
}

/** A folder that goes with the run. TMPDIR chooses the disk. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-bench-'))
  atEnd(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Registers a child process; the answer ends it: politely, and for certain after five seconds. */
export function endWithRun(child: ChildProcess): () => Promise<void> {
  return atEnd(async () => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000)
    await gone
    clearTimeout(timer)
  })
}
