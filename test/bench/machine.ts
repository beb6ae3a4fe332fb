import { spawn } from 'node:child_process'
import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs'
import { availableParallelism, constants, cpus, release, setPriority, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { atEnd } from './lifetime.ts'
import { quantile } from './measured.ts'

export interface Machine {
  /** One line. */
  readonly text: string
  readonly sync: SyncLatency
  /** The same while every processor is busy with what gives way to everything else. */
  readonly syncBusy: SyncLatency
}

/** Milliseconds. */
export interface SyncLatency {
  readonly p50: number
  readonly p99: number
  /** The folder is in memory: figures of the store say nothing about a disk. */
  readonly inMemory: boolean
}

export function describeMachine(): { readonly text: string } {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor'
  const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`
  return {
    text: `${availableParallelism()} cores (${model}), ${memory}, Node ${process.version}, ${type()} ${release()}`
  }
}

const tmpfs = 0x01021994

/** How long an append of 64 KiB takes to reach the disk under this folder: 200 times, with `fdatasync`. */
export function syncLatency(folder: string, times = 200): SyncLatency {
  const file = openSync(join(folder, `sync-${process.pid}-${times}`), 'w')
  const piece = Buffer.alloc(64 * 1024, 'x')
  const took: number[] = []
  for (let i = 0; i < times; i++) {
    writeSync(file, piece)
    const begun = performance.now()
    fdatasyncSync(file)
    took.push(performance.now() - begun)
  }
  closeSync(file)
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99), inMemory: statfsSync(folder).type === tmpfs }
}

const busyWork = 'const end = Date.now() + 5000; while (Date.now() < end) for (let n = 0; n < 1e6; n++);'

/**
 * The same while every processor is busy at the lowest priority, which changes little where a disk can interrupt them. Some
 * virtual machines hear their disk only when a processor is idle or its timer ticks, every 4 ms: there each transaction
 * waits for one or two ticks as long as anybody computes, be it a question, a compiler or the load generator.
 */
export async function busySyncLatency(folder: string): Promise<SyncLatency> {
  const children = Array.from({ length: availableParallelism() }, () =>
    spawn(process.execPath, ['-e', busyWork], { stdio: 'ignore' })
  )
  const end = atEnd(() => {
    for (const child of children) child.kill()
  })
  for (const { pid } of children) if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_LOW)
  await new Promise((resolve) => setTimeout(resolve, 500))
  const latency = syncLatency(folder, 100)
  await end()
  return latency
}
