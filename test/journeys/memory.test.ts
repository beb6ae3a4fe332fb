import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { getPriority, tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { main, started } from '../support/process.ts'

const bounding = new URL('../../packages/cli/dist/memory.js', import.meta.url).href

/** Bounds its memory, does what makes the young generation of V8 grow, before and after another thread begins, and says how far it did. */
const grower = `
  import { once } from 'node:events'
  import v8 from 'node:v8'
  import { Worker } from 'node:worker_threads'
  import { boundMemory } from '${bounding}'
  const megabytes = () => v8.getHeapSpaceStatistics().find((space) => space.space_name === 'new_space').space_size / 2 ** 20
  const work = () => {
    let kept = []
    for (let n = 0; n < 2_000_000; n++) {
      if (n % 500_000 === 0) kept = []
      kept.push({ n })
    }
    return megabytes()
  }
  if (process.argv.includes('bound')) boundMemory()
  const sizes = [work()]
  const worker = new Worker('require("node:worker_threads").parentPort.once("message", () => {})', { eval: true, execArgv: [] })
  await once(worker, 'online')
  sizes.push(work())
  worker.postMessage('end')
  console.log(JSON.stringify(sizes))`

/** What a program prints as JSON, run by a Node with these flags. */
async function printed<T>(program: string, flags: readonly string[], ...args: readonly string[]): Promise<T> {
  const child = spawn(process.execPath, [...flags, '--input-type=module', '-e', program, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' }
  })
  let output = ''
  child.stdout.on('data', (text) => (output += text))
  const [code] = await once(child, 'close')
  expect(code).toBe(0)
  return JSON.parse(output)
}

/** Megabytes of the young generation, both halves, before and after the other thread. */
function grown(how: 'bound' | 'free'): Promise<readonly number[]> {
  return printed(grower, [], how)
}

it.runIf(Number.parseInt(process.versions.node, 10) <= 24)(
  'the young generation of V8 grows to 4 MB a half, or the step after it, and no further',
  async () => {
    // What V8 says of its size lags behind it beside other work, and then it is one step larger; and so it is once it is busy.
    for (const size of await grown('bound')) expect(size).toBeLessThanOrEqual(16)
    for (const size of await grown('free')) expect(size).toBeGreaterThan(16)
  },
  60_000
)

/** Bounds its memory, is busy and then at rest, and says what V8 was told of the old generation. */
const worker = `
  import v8 from 'node:v8'
  import { boundMemory } from '${bounding}'
  const told = []
  const tell = v8.setFlagsFromString
  v8.setFlagsFromString = (flag) => {
    if (flag.includes('growing-percent') && flag !== told.at(-1)) told.push(flag)
    tell(flag)
  }
  boundMemory()
  const end = Date.now() + 5000
  while (Date.now() < end) {
    const turn = Date.now() + 20
    while (Date.now() < turn);
    await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setTimeout(resolve, 2500))
  console.log(JSON.stringify(told))`

function toldBy(...flags: readonly string[]): Promise<readonly string[]> {
  return printed(worker, flags)
}

it.runIf(Number.parseInt(process.versions.node, 10) <= 24)(
  'the old generation may grow further while the process is busy, unless somebody has said how far',
  async () => {
    const [own, begun, given] = await Promise.all([
      toldBy(),
      toldBy('--max-semi-space-size=16'),
      toldBy('--heap-growing-percent=50')
    ])
    expect(own).toEqual(['--heap-growing-percent=100', '--heap-growing-percent=0'])
    expect(begun).toEqual(own)
    expect(given).toEqual([])
  },
  60_000
)

it('the command is one process, ended by one signal, with the exit code of what it did', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ringdown-memory-'))
  const server = await started(['--data', join(folder, 'data')])
  const ready = await fetch(`${server.url}/ready`)
  expect(ready.status).toBe(200)
  // Whoever holds the folder says by which process: the one that was spawned, and no child of it.
  const second = spawn(process.execPath, [main, 'start', '--port', '0', '--data', join(folder, 'data')], {
    stdio: ['ignore', 'ignore', 'pipe']
  })
  let said = ''
  second.stderr.on('data', (text) => (said += text))
  const [code] = await once(second, 'close')
  expect([code, said]).toEqual([1, expect.stringContaining(String(server.child.pid))])
  expect(await server.stop()).toBe(0)
  await rm(folder, { recursive: true, force: true })
}, 30_000)

/** Of each thread of a process, in the order in which they began: its name, and how far it gives way. */
function threadsOf(pid: number | undefined): readonly { readonly name: string; readonly nice: number }[] {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    const [, name = '', rest = ''] = /\((.*)\) (.*)/.exec(stat) ?? []
    const fields = rest.split(' ')
    return { thread: Number(thread), name, nice: Number(fields[16]), began: Number(fields[19]) }
  })
  return threads.toSorted((a, b) => a.began - b.began || a.thread - b.thread)
}

it.runIf(process.platform === 'linux')('who collects and compiles for V8 gives way, and nobody else does', async () => {
  const data = await mkdtemp(join(tmpdir(), 'ringdown-threads-'))
  onTestFinished(() => rm(data, { recursive: true, force: true }))
  const server = await started(['--data', data])
  onTestFinished(async () => void (await server.stop()))
  const threads = threadsOf(server.child.pid)
  const own = getPriority()
  const low = Math.min(19, own + 10)
  expect(threads.slice(0, 6).map(({ nice }) => nice)).toEqual([own, low, low, low, low, low])
  expect(new Set(threads.slice(6).map(({ nice }) => nice))).toEqual(new Set([own]))
  // Where threads have names, V8's are those.
  for (const { name, nice } of threads) if (name.startsWith('V8Worker')) expect(nice).toBe(low)
})
