import v8 from 'node:v8'
import type { Worker } from 'node:worker_threads'

/*
 * V8's young generation is bounded, because what it has once grown to it keeps: 32 MB on Node 20, 128 on Node 24, for a
 * program that needs 16. Where Node can, the process begins anew with the flag, and with fewer arenas of glibc, which must
 * be in the environment by then; it stays the same process (decision 034). Elsewhere V8 is told as it runs.
 */

/** Megabytes of each half of the young generation: while there is little to do, and once there is much. */
const restMegabytes = 4
const busyMegabytes = 16

/**
 * A generation as small as this one is gone through by the thread that waits for it: the four that would help it are woken
 * dozens of times a second, and where the processors are busy it waits for those that have not even begun.
 */
const collectsAlone = '--no-parallel-scavenge'

/**
 * The process is busy when it has worked for such a share of a second, and at rest below the other one: V8 itself works for
 * a twentieth of it when it gives memory back.
 */
const busyShare = 0.15
const restShare = 0.1
/** It is at work from the third busy second in a row on: a start alone takes less. */
const busySeconds = 3

/**
 * How much the old generation grows, in percent of what is alive in it, before it is collected: V8's own measure, some 35,
 * has a busy server collect it every four seconds, and for 40 ms each time two processors are not enough. At rest it is
 * V8's own, which is written 0. The flag is the process's, so SQLite's threads have it, too.
 */
const growingPercent = 100

/** Milliseconds between two looks while it grows: a doubling takes longer. */
const lookMs = 5

/** A process as far as it is asked here. Node has `execve` from 22.15 on; @types/node knows the oldest Node that is supported. */
interface Runtime extends Pick<NodeJS.Process, 'argv' | 'connected' | 'env' | 'execArgv' | 'execPath' | 'platform'> {
  execve?(file: string, args: readonly string[], env: NodeJS.ProcessEnv): never
}

/** Whether somebody has said how large it shall be: nothing is to be done then. */
function isGiven({ execArgv, env }: Runtime, flag = 'semi-space'): boolean {
  return `${execArgv.join(' ')} ${env.NODE_OPTIONS ?? ''}`.includes(flag)
}

/**
 * Begins the process anew with bounded memory, where that is possible and not done yet: for a main file that has done
 * nothing else so far. A process that was forked would lose the channel to its parent, and stays as it is.
 */
export function beginBounded(runtime: Runtime = process): void {
  if (runtime.execve === undefined || runtime.platform === 'win32' || runtime.connected || isGiven(runtime)) return
  const args = [...runtime.execArgv, `--max-semi-space-size=${busyMegabytes}`, collectsAlone, ...runtime.argv.slice(1)]
  try {
    runtime.execve(runtime.execPath, [runtime.execPath, ...args], { MALLOC_ARENA_MAX: '2', ...runtime.env })
  } catch {
    // A platform without it: memory is bounded as the process runs.
  }
}

/**
 * Bounds memory as the process runs, on the versions of V8 that were seen to be told so: the young generation where nothing
 * else has, and the old one for as long as the process is busy.
 */
export function boundMemory(): void {
  const [major = 0] = process.versions.node.split('.').map(Number)
  if (major > 24) return
  const growth = isGiven(process) ? undefined : boundYoung()
  const isOthers = isGiven(process, 'heap-growing')
  let last = performance.eventLoopUtilization()
  let busy = 0
  setInterval(() => {
    const now = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(now, last)
    last = now
    busy = utilization > busyShare ? busy + 1 : 0
    const isAtRest = utilization < restShare
    if (!isOthers && (isAtRest || busy === busySeconds)) setGrowing(isAtRest ? 0 : growingPercent)
    // V8 makes it much smaller at rest: whatever is alive when it is full counts as old.
    if (isAtRest) growth?.upTo(0)
    else growth?.upTo(Math.min(busyMegabytes, Math.max(restMegabytes, 2 ** busy)))
  }, 1000).unref()
}

function boundYoung(): Growth {
  v8.setFlagsFromString(collectsAlone)
  growNow(restMegabytes)
  const growth = new Growth()
  process.on('worker', (worker) => growth.threadBegins(worker))
  return growth
}

/**
 * How far the young generation may grow. V8 multiplies it by a factor when more has survived than it holds, and its own
 * bound is read only once, before the first line of a program; so the factor is 1 once it is large enough. V8 sets it back
 * whenever a thread begins, and does not say when.
 */
class Growth {
  #most = restMegabytes
  #beginning = 0
  #watch: NodeJS.Timeout | undefined

  upTo(megabytes: number): void {
    this.#most = megabytes
    this.#begin()
  }

  threadBegins(worker: Worker): void {
    this.#beginning++
    this.#begin()
    let hasBegun = false
    const begun = () => {
      if (hasBegun) return
      hasBegun = true
      this.#beginning--
      this.#look()
    }
    worker.once('online', begun).once('exit', begun)
  }

  #begin(): void {
    this.#watch ??= setInterval(() => this.#look(), lookMs).unref()
    this.#look()
  }

  #look(): void {
    const isGrown = halfMegabytes() >= this.#most
    setFactor(isGrown ? 1 : 2)
    if (!isGrown || this.#beginning > 0) return
    clearInterval(this.#watch)
    this.#watch = undefined
  }
}

/** Has it grow to a size at once: it takes some 20 ms for 4 MB, for which everything waits. */
function growNow(megabytes: number): void {
  setFactor(2)
  const surviving: object[] = []
  while (halfMegabytes() < megabytes && surviving.length < maxSurviving)
    for (let n = 0; n < 1_000; n++) surviving.push({ n })
  setFactor(1)
}

/** A larger one than 2 would lead beyond: what V8 says of its size lags behind it at times. */
function setFactor(factor: 1 | 2): void {
  v8.setFlagsFromString(`--semi-space-growth-factor=${factor}`)
}

function setGrowing(percent: number): void {
  v8.setFlagsFromString(`--heap-growing-percent=${percent}`)
}

/** Objects that are more than any size asked for. */
const maxSurviving = 1_000_000

/** As much as V8 has from the system for each half. */
function halfMegabytes(): number {
  const space = v8.getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')
  return (space?.space_size ?? 0) / 2 ** 21
}
