import { type Backend, credentialsFrom, ringdownBackend, twilioBackend } from '@ringdown/mcp/backend'
import { serveMcpStdio } from '@ringdown/mcp/stdio'
import { pino } from 'pino'
import { BadArguments, type McpArguments } from './arguments.ts'
import { nothing, reachedServer } from './reached.ts'
import { type Stoppable, stopOnSignals } from './stopping.ts'

interface Reached extends Stoppable {
  readonly backend: Backend
}

/** `ringdown mcp`: the tools on standard input and output, until the client closes its end. Logs go to standard error. */
export async function runMcp(args: McpArguments, version: string): Promise<void> {
  const log = pino({ level: args.logLevel }, pino.destination(2))
  const { backend, close, hangUp } = args.backend === 'twilio' ? twilio(args) : await ringdown(args, version, log)
  const stop = stopOnSignals({ close, hangUp }, log)
  const handle = serveMcpStdio({
    backend,
    version,
    workspace: args.workspace ?? process.env.TWILIO_WORKSPACE_SID,
    readOnly: args.readOnly,
    tools: args.tools,
    onerror: (err) => log.error({ err }, 'a tool failed')
  })
  process.stdin.on('end', () => void handle.close().finally(() => stop('end of input')))
}

function twilio({ url }: McpArguments): Reached {
  try {
    return { backend: twilioBackend({ credentials: credentialsFrom(process.env), base: url }), ...nothing }
  } catch (error) {
    throw new BadArguments(`The backend twilio needs credentials: ${(error as Error).message}.`)
  }
}

/** The tools on the server that there is; else on one of its own in this process. */
async function ringdown(args: McpArguments, version: string, log: pino.Logger): Promise<Reached> {
  const { url, credentials, close, hangUp } = await reachedServer(args, version, log)
  const { account_sid: username, auth_token: password } = credentials
  return { backend: ringdownBackend({ url, credentials: { username, password } }), close, hangUp }
}
