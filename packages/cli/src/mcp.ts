import { type Backend, credentialsFrom, ringdownBackend, twilioBackend } from '@ringdown/mcp/backend'
import { serveMcpStdio } from '@ringdown/mcp/stdio'
import { knownCredentials } from '@ringdown/server/credentials'
import { type Running, start } from '@ringdown/server/start'
import { FolderTaken } from '@ringdown/server/store/folder-lock'
import { CannotOpen } from '@ringdown/server/store/store'
import { pino } from 'pino'
import { BadArguments, type McpArguments, reasonOf } from './arguments.ts'
import { type Stoppable, stopOnSignals } from './stopping.ts'

/** What others run is not ours to stop. */
const nothing: Stoppable = { close: async () => {}, hangUp: () => {} }

interface Reached extends Stoppable {
  readonly backend: Backend
  /** Where the server is in this process. */
  readonly exchange?: Running['exchange']
}

/** `ringdown mcp`: the tools on standard input and output, until the client closes its end. Logs go to standard error. */
export async function runMcp(args: McpArguments, version: string): Promise<void> {
  const log = pino({ level: args.logLevel }, pino.destination(2))
  const { backend, exchange, close, hangUp } =
    args.backend === 'twilio' ? twilio(args) : await ringdown(args, version, log)
  const stop = stopOnSignals({ close, hangUp }, log)
  const handle = serveMcpStdio({
    backend,
    version,
    workspace: args.workspace ?? process.env.TWILIO_WORKSPACE_SID,
    readOnly: args.readOnly,
    tools: args.tools,
    exchange,
    onerror: (err) => log.error({ err }, 'a tool failed')
  })
  process.stdin.on('end', () => void handle.close().finally(() => stop('end of input')))
}

function twilio({ url }: McpArguments): Reached {
  try {
    return { backend: twilioBackend({ credentials: credentialsFrom(process.env), base: url }), ...nothing }
  } catch (error) {
    throw new BadArguments(`The backend twilio needs credentials: ${reasonOf(error)}.`)
  }
}

/** The server at `--url`; else the one that has the data folder; else one of its own in this process. */
async function ringdown(args: McpArguments, version: string, log: pino.Logger): Promise<Reached> {
  if (args.url !== undefined) return { backend: await at(args.url, args.data), ...nothing }
  try {
    const running = await start({ port: 0, host: '127.0.0.1', data: args.data, env: process.env, log, version })
    const { exchange, close, hangUp } = running
    return { backend: await at(running.url, args.data), exchange, close, hangUp }
  } catch (error) {
    const url = error instanceof FolderTaken ? error.owner?.url : undefined
    if (!url) throw error
    return { backend: await at(url, args.data), ...nothing }
  }
}

async function at(url: string, data: string): Promise<Backend> {
  const known = await knownCredentials(data, process.env)
  if (!known)
    throw new CannotOpen(
      `No credentials for ${url}: set RINGDOWN_ACCOUNT_SID and RINGDOWN_AUTH_TOKEN, or give its --data folder.`
    )
  return ringdownBackend({ url, credentials: { username: known.account_sid, password: known.auth_token } })
}
