import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The benchmark's copy of this file is a folder deeper. */
const root = new URL(import.meta.url.includes('/.build/') ? '../../../' : '../../', import.meta.url)
/** The command that people install, as it was built. */
export const main = fileURLToPath(new URL('packages/cli/bin/ringdown.js', root))

export const credentials = { account_sid: `AC${'5'.repeat(32)}`, auth_token: 'a-token-for-tests-only' }

const authorization = `Basic ${Buffer.from(`${credentials.account_sid}:${credentials.auth_token}`).toString('base64')}`

/** DATABASE_URL says where tests find PostgreSQL, and is no server's own: those that want it are given it. */
const env = {
  ...process.env,
  DATABASE_URL: '',
  RINGDOWN_ACCOUNT_SID: credentials.account_sid,
  RINGDOWN_AUTH_TOKEN: credentials.auth_token
}

// biome-ignore lint/suspicious/noExplicitAny: answers are looked at by name
type Answer = any

export interface Started {
  readonly url: string
  readonly child: ChildProcess
  /** What it has printed so far. */
  output(): string
  /** A GET as the account, or a POST of a form; rejects for whatever is no success. */
  call(path: string, form?: Record<string, string>): Promise<Answer>
  /** The plug is pulled; resolves when it is gone. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

/** Runs the command until it ends; answers what it printed. */
export async function run(
  args: readonly string[],
  more: NodeJS.ProcessEnv = {}
): Promise<{ code: number | null; output: string; errors: string }> {
  const child = spawn(process.execPath, [main, ...args], { env: { ...env, ...more } })
  let output = ''
  let errors = ''
  child.stdout.on('data', (text) => (output += text))
  child.stderr.on('data', (text) => (errors += text))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code, output, errors }
}

/** Starts a server in a process of its own and waits until it says where it answers. */
export async function started(args: readonly string[], more: NodeJS.ProcessEnv = {}): Promise<Started> {
  const child = spawn(process.execPath, [main, 'start', '--port', '0', '--log-level', 'warn', ...args], {
    env: { ...env, ...more }
  })
  let output = ''
  const closed = once(child, 'close')
  const url = await new Promise<string>((resolve, reject) => {
    const read = (text: Buffer) => {
      output += text
      const found = /answers at (http:\S+)/.exec(output)
      if (found) resolve(found[1] as string) // the group is not optional
    }
    child.stdout?.on('data', read)
    child.stderr?.on('data', read)
    closed.then(() => reject(new Error(`it ended before it answered: ${output}`)))
  })
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal)
    const [code] = (await closed) as [number | null]
    return code
  }
  return {
    url,
    child,
    output: () => output,
    async call(path, form) {
      const response = await fetch(url + path, {
        ...(form && { method: 'POST', body: new URLSearchParams(form) }),
        headers: { authorization }
      })
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response.json()
    },
    kill: async () => void (await end('SIGKILL')),
    stop: () => end('SIGTERM')
  }
}
