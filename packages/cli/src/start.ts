import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AccountCredentials } from '@ringdown/server/credentials'
import { readSettings } from '@ringdown/server/settings'
import { type Running, start } from '@ringdown/server/start'
import { pino } from 'pino'
import type { StartArguments } from './arguments.ts'
import { seedDemo, whatToTry } from './demo.ts'
import { seedPhone } from './demo-phone.ts'
import { shopLink } from './demo-shop.ts'
import { deskLinks, pageFolders } from './desk.ts'
import { firstUsers } from './first-users.ts'
import { LogLines } from './log-lines.ts'
import { checkTools, mountMcp } from './mount.ts'
import { sortBeside } from './sorting.ts'
import { stopOnSignals } from './stopping.ts'

/** `ringdown start`: serves until SIGTERM or SIGINT, then answers what is under way and writes what is decided. */
export async function runStart(args: StartArguments, version: string): Promise<void> {
  const log = pino({ level: args.logLevel }, logDestination())
  const { settingsFile, toolOptions, ...options } = args
  // PostgreSQL answers its questions itself.
  if (args.database === undefined) sortBeside(args.data)
  await checkTools(toolOptions)
  const settings = settingsFile === undefined ? undefined : await readSettings(settingsFile)
  const running = await start({
    ...options,
    ...(settings && { settings }),
    env: process.env,
    log,
    version,
    ...pageFolders(),
    mcp: mountMcp(version, toolOptions, (err) => log.error({ err }, 'a tool failed'))
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
  if (running.hasDesk) say(`  desk      ${url}/desk/\n`)
  if (running.clock) {
    const at = new Date(running.clock.now()).toISOString()
    say(`  time      stands at ${at}: POST ${url}/ringdown/v1/clock {"advance":"PT2M"} moves it\n`)
  }
  say(`  voice     ${voiceText(running.sound)}\n`)
  if (args.allowPrivateDestinations) say('  webhooks  may lead to private addresses: this machine and its networks\n')
  if (args.database !== undefined) {
    const waited = setTimeout(
      () => say('Waiting for the account: while another node has it, this one stands by.\n'),
      1000
    )
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
  const place = { url, account_sid, auth_token }
  const demo = args.demo ? await seedDemo(place) : undefined
  // What stands between (a certificate that this machine does not know) keeps nobody from starting.
  const people = await firstUsers(place, demo?.workspace_sid).catch((err: unknown) => {
    if (!isStopping) log.warn({ err }, 'nobody was let in: `ringdown users add NAME --role admin` does it')
    return []
  })
  if (people.length > 0) say(`\nNobody could sign in yet.\n${people.join('\n')}\n`)
  if (demo) {
    say(whatToTry(place, demo, agentConfiguration(args, credentials)))
    if (running.hasDesk && people.length === 0) {
      const links = await deskLinks(place, demo.workspace_sid).catch((err: unknown) => {
        if (!isStopping) log.warn({ err }, 'there are no links to the desk: `ringdown users link NAME` makes one')
        return ''
      })
      say(links)
    }
    if (running.hasWebchat) say(shopLink(place, demo.webchat_key))
    if (running.hasDesk && running.sound?.webrtc !== undefined) {
      const link = await seedPhone(place, demo).catch((err: unknown) => {
        if (!isStopping) log.warn({ err }, 'there is no page that calls')
        return undefined
      })
      if (link)
        say(`\nAs somebody who calls, in another tab (with Amelie at her desk, available, in the first):\n  ${link}\n`)
    }
  } else if (isNew) {
    say(`\nTry: curl -u ${account_sid}:${auth_token} ${url}/taskrouter/v1/Workspaces\n`)
  }
}

/** What of sound is on, and why the rest is not. */
function voiceText(sound: Running['sound']): string {
  if (!sound) return 'calls of virtual phones, without sound'
  const { webrtc, isEnglish, why } = sound
  const spoken = isEnglish ? 'English is spoken' : undefined
  const calls = webrtc === undefined ? 'calls of virtual phones; browsers cannot call' : `browsers call over ${webrtc}`
  return [calls, spoken, ...why].filter(Boolean).join('; ')
}

/** Standard error, without waiting for it: each line written at once would hold up the request that it tells of. */
function logDestination(): LogLines {
  const lines = new LogLines(pino.destination({ fd: 2, sync: false }))
  process.on('exit', () => lines.flushSync())
  return lines
}

function say(text: string): void {
  process.stdout.write(text)
}

/** How an MCP client starts the tools from anywhere on this machine: this program, and where the credentials are. */
function agentConfiguration({ data }: StartArguments, { account_sid, auth_token, path }: AccountCredentials): object {
  const program = fileURLToPath(new URL('../bin/ringdown.js', import.meta.url))
  const env = { RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token }
  const ringdown = { command: process.execPath, args: [program, 'mcp', '--data', resolve(data)], ...(!path && { env }) }
  return { mcpServers: { ringdown } }
}
