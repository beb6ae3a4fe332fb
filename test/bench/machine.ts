import { closeSync, fdatasyncSync, openSync, statfsSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem, type } from 'node:os'
import { join } from 'node:path'
import { quantile } from './measured.ts'

export interface Machine {
  /** One line. */
  readonly text: string
  readonly sync: SyncLatency
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
