import { type Backend, credentialsFrom, ringdownBackend, twilioBackend } from '@ringdown/mcp/backend'
import { serveMcpStdio } from '@ringdown/mcp/stdio'
import type { Running } from '@ringdown/server/start'
import { pino } from 'pino'
import { BadArguments, type McpArguments, reasonOf } from './arguments.ts'
import { configOf } from './mcp-config.ts'
import { nothing, reachedServer } from './reached.ts'
import { type Stoppable, stopOnSignals } from './stopping.ts'

interface Reached extends Stoppable {
  readonly backend: Backend
  /** Where the server is in this process. */
  readonly exchange?: Running['exchange']
}

/** `ringdown mcp`: the tools on standard input and output, until the client closes its end. Logs go to standard error. */
export async function runMcp(args: McpArguments, version: string): Promise<void> {
  if (args.printConfig) {
    process.stdout.write(`${configOf(args.printConfig, args)}\n`)
    return
  }
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
    confirm: args.confirm,
    redact: args.redact,
    hideCustomerText: args.hideCustomerText,
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

/** The tools on the server that there is; else on one of its own in this process. */
async function ringdown(args: McpArguments, version: string, log: pino.Logger): Promise<Reached> {
  const { url, credentials, exchange, close, hangUp } = await reachedServer(args, version, log)
  const { account_sid: username, auth_token: password } = credentials
  const backend = ringdownBackend({ url, credentials: { username, password } })
  return { backend, ...(exchange && { exchange }), close, hangUp }
}
