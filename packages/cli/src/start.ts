import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '@ringdown/server/credentials'
import { readSettings } from '@ringdown/server/settings'
import { start } from '@ringdown/server/start'
import { pino } from 'pino'
import type { StartArguments } from './arguments.ts'
import { seedDemo, whatToTry } from './demo.ts'
import { mountMcp } from './mount.ts'
import { stopOnSignals } from './stopping.ts'

/** `ringdown start`: serves until SIGTERM or SIGINT, then answers what is under way and writes what is decided. */
export async function runStart(args: StartArguments, version: string): Promise<void> {
  const log = pino({ level: args.logLevel }, logDestination())
  const { settingsFile, ...options } = args
  const settings = settingsFile === undefined ? undefined : await readSettings(settingsFile)
  const running = await start({
    ...options,
    ...(settings && { settings }),
    env: process.env,
    log,
    version,
    mcp: mountMcp(version)
  })
  let isStopping = false
  const close = () => {
    isStopping = true
    return running.close()
  }
  stopOnSignals({ close, hangUp: running.hangUp }, log)

  const { url, credentials } = running
  const { account_sid, auth_token, isNew, path } = credentials
  say(`Ringdown ${version} answers at ${url}\n`)
  say(`  account   ${account_sid}${isNew ? '  (made just now)' : ''}\n`)
  say(`  token     ${isNew ? auth_token : path ? `in ${path}` : 'as in RINGDOWN_AUTH_TOKEN'}\n`)
  say(`  REST      ${url}/taskrouter/v1/…, /conversations/v1, /flex-api/v1; MCP at ${url}/mcp\n`)
  if (running.clock) {
    const at = new Date(running.clock.now()).toISOString()
    say(`  time      stands at ${at}: POST ${url}/ringdown/v1/clock {"advance":"PT2M"} moves it\n`)
  }
  if (args.allowPrivateDestinations) say('  webhooks  may lead to private addresses: this machine and its networks\n')
  if (args.database !== undefined) {
    const waited = setTimeout(() => say('Another node has the account: this one stands by.\n'), 1000)
    const isOurs = await running.account.then(
      () => true,
      (error: unknown) => {
        if (!isStopping) throw error
        return false // told to stop while it stood by
      }
    )
    clearTimeout(waited)
    if (!isOurs) return
    say('This node has the account.\n')
  }
  if (args.demo) {
    const place = { url, account_sid, auth_token }
    say(whatToTry(place, await seedDemo(place), agentConfiguration(args, credentials)))
  } else if (isNew) {
    say(`\nTry: curl -u ${account_sid}:${auth_token} ${url}/taskrouter/v1/Workspaces\n`)
  }
}

/** Standard error, without waiting for it: each line written at once would hold up the request that it tells of. */
function logDestination(): ReturnType<typeof pino.destination> {
  const destination = pino.destination({ fd: 2, sync: false })
  process.on('exit', () => destination.flushSync())
  return destination
}

function say(text: string): void {
  process.stdout.write(text)
}

/** How an MCP client starts the tools from anywhere on this machine: this program, and where the credentials are. */
function agentConfiguration({ data }: StartArguments, { account_sid, auth_token, path }: Credentials): object {
  const program = fileURLToPath(new URL('../bin/ringdown.js', import.meta.url))
  const env = { RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token }
  const ringdown = { command: process.execPath, args: [program, 'mcp', '--data', resolve(data)], ...(!path && { env }) }
  return { mcpServers: { ringdown } }
}
