import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'

/** A process of its own with the compiled store, told what to do on stdin, answering line by line, gone with its test. */
export interface Child {
  readonly pid: number
  /** The next line that it prints. */
  line(): Promise<string>
  say(line: string): void
  signal(name: NodeJS.Signals): void
  /** Kills it without a warning, and waits until it is gone. */
  kill(): Promise<void>
}

/**
 * Runs the text as a module; in it `load(name)` imports a file of the compiled store, `print` answers, and `heard()` is
 * the next line it was told. `limitBlocks` bounds the size of each file that it writes, in blocks of 512 bytes;
 * `flags` are Node's.
 */
export function child(
  text: string,
  { limitBlocks, flags = [] }: { limitBlocks?: number; flags?: readonly string[] } = {}
): Child {
  const dist = new URL('../../packages/server/dist/store/', import.meta.url)
  const script = `
    import { createInterface } from 'node:readline'
    const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
    const heard = async () => (await lines.next()).value
    const print = (line) => process.stdout.write(line + '\\n')
    const load = (name) => import(new URL(name + '.js', '${dist}').href)
    ${text}`
  const args = [...flags, '--input-type=module', '-e', script]
  const cwd = fileURLToPath(new URL('../../', import.meta.url))
  const options = { cwd, stdio: ['pipe', 'pipe', 'inherit'] as ['pipe', 'pipe', 'inherit'] }
  const started: ChildProcess =
    limitBlocks === undefined
      ? spawn(process.execPath, args, options)
      : spawn('sh', ['-c', `ulimit -f ${limitBlocks}; exec "$0" "$@"`, process.execPath, ...args], options)
  const { stdin, stdout, pid } = started
  if (stdin === null || stdout === null || pid === undefined) throw new Error('invariant: the child has pipes')
  const lines = createInterface({ input: stdout })[Symbol.asyncIterator]()
  onTestFinished(() => void started.kill('SIGKILL'))
  const gone = new Promise<void>((resolve) => started.once('exit', () => resolve()))
  return {
    pid,
    async line() {
      const { value, done } = await lines.next()
      if (done === true) throw new Error('the child ended without an answer')
      return value
    },
    say: (line) => void stdin.write(`${line}\n`),
    signal: (name) => void started.kill(name),
    async kill() {
      started.kill('SIGKILL')
      await gone
    }
  }
}
