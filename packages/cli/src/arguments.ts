import { parseArgs } from 'node:util'

/** The arguments cannot be understood: one line for the terminal. */
export class BadArguments extends Error {
  override name = 'BadArguments'
}

/** What an error says, for a sentence of ours. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export interface StartArguments {
  readonly command: 'start'
  readonly port: number
  readonly host: string
  readonly data: string
  readonly database: string | undefined
  readonly testClock: boolean
  /** Milliseconds; where a test clock begins. */
  readonly at: number | undefined
  readonly seed: number | undefined
  readonly journal: boolean
  readonly acceptDataLoss: boolean
  readonly demo: boolean
  readonly publicUrl: string | undefined
  readonly trustProxy: boolean
  readonly signIn: string | undefined
  /** Paths of a certificate and its key. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  readonly settingsFile: string | undefined
  readonly allowPrivateDestinations: boolean
  readonly logLevel: string
}

export interface McpArguments {
  readonly command: 'mcp'
  readonly backend: 'ringdown' | 'twilio'
  readonly url: string | undefined
  readonly data: string
  readonly readOnly: boolean
  readonly workspace: string | undefined
  readonly tools: string | undefined
  readonly logLevel: string
}

export interface UsersArguments {
  readonly command: 'users'
  readonly action: (typeof userActions)[number]
  /** Empty for `list`. */
  readonly name: string
  readonly roles: readonly string[]
  readonly worker: string | undefined
  readonly url: string | undefined
  readonly data: string
}

const userActions = ['list', 'add', 'role', 'link', 'remove'] as const

export type Arguments =
  | StartArguments
  | McpArguments
  | UsersArguments
  | { readonly command: 'help' }
  | { readonly command: 'version' }

export const usage = `Ringdown: an open contact center that speaks Twilio Flex's REST APIs.

  ringdown start [options]     serve the REST APIs, and MCP at /mcp
    --port N                   8080; 0 takes any free one
    --host ADDRESS             127.0.0.1
    --data FOLDER              ./.ringdown: credentials, and the SQLite store
    --database URL             postgres://… instead of SQLite; a second node stands by. By default DATABASE_URL,
                               unless --data, --demo or --test-clock is given. A password that is not in the URL
                               comes from PGPASSWORD, or from PGPASSFILE or ~/.pgpass
    --demo                     seed a small contact center, and say what to try
    --test-clock [--at ISO]    time stands still; POST /ringdown/v1/clock moves it
    --seed N                   the same requests give the same SIDs
    --accept-data-loss         start on a data folder that does not hold what it should, with what is there
    --journal                  keep every command, for replay
    --public-url URL           what url, links and page URLs begin with
    --sign-in FILE             OpenID providers at which people may sign in, as JSON (docs/access.md)
    --tls-cert FILE            serve TLS with this certificate (PEM)
    --tls-key FILE             and this key
    --trust-proxy              believe X-Forwarded-* headers
    --settings FILE            limits and choices of the account, as JSON; what it leaves out is as Twilio has it
    --allow-private-destinations
                               webhooks may lead to this machine and its networks; so they may with --demo and --test-clock
    --log-level LEVEL          info (warn with --demo); logs are JSON on standard error

  ringdown mcp [options]       the tools over MCP on standard input and output
    --backend ringdown|twilio  ringdown; twilio reads TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN,
                               or TWILIO_API_KEY and TWILIO_API_SECRET
    --url URL                  a running Ringdown; without it, the one that has --data, else one of its own
    --data FOLDER              ./.ringdown
    --read-only                only what reads
    --workspace NAME           the workspace that tools mean when they name none
    --tools seed|all|NAME,…    which tools are listed

  ringdown users [action]      who may sign in
    list                       all of them
    add NAME [--role ROLE,…] [--worker WK…]
                               agent (by default), supervisor or admin; tells what to choose a password by
    role NAME --role ROLE,…    other roles
    link NAME                  lets somebody choose another password
    remove NAME
    --url URL, --data FOLDER   as above

  RINGDOWN_ACCOUNT_SID and RINGDOWN_AUTH_TOKEN choose the account; otherwise the data folder keeps one.
  RINGDOWN_SECRET_KEY (64 hexadecimal digits) seals secrets that are kept; otherwise secret.key of the data folder does.
  RINGDOWN_WEBHOOK_SECRET (whsec_…) signs what is delivered as Standard Webhooks ask, beside X-Twilio-Signature.
`

const options = {
  port: { type: 'string' },
  host: { type: 'string' },
  data: { type: 'string' },
  database: { type: 'string' },
  'test-clock': { type: 'boolean' },
  at: { type: 'string' },
  seed: { type: 'string' },
  journal: { type: 'boolean' },
  'accept-data-loss': { type: 'boolean' },
  demo: { type: 'boolean' },
  'public-url': { type: 'string' },
  'trust-proxy': { type: 'boolean' },
  'sign-in': { type: 'string' },
  'tls-cert': { type: 'string' },
  'tls-key': { type: 'string' },
  role: { type: 'string' },
  worker: { type: 'string' },
  settings: { type: 'string' },
  'allow-private-destinations': { type: 'boolean' },
  'log-level': { type: 'string' },
  backend: { type: 'string' },
  url: { type: 'string' },
  'read-only': { type: 'boolean' },
  workspace: { type: 'string' },
  tools: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' }
} as const

const allowed = {
  start: [
    'port',
    'host',
    'data',
    'database',
    'test-clock',
    'at',
    'seed',
    'journal',
    'accept-data-loss',
    'demo',
    'public-url',
    'trust-proxy',
    'sign-in',
    'tls-cert',
    'tls-key',
    'settings',
    'allow-private-destinations',
    'log-level'
  ],
  mcp: ['backend', 'url', 'data', 'read-only', 'workspace', 'tools', 'log-level'],
  users: ['url', 'data', 'role', 'worker']
} satisfies Record<string, readonly (keyof typeof options)[]>

/** Understands the command line (without node and script) and what the environment adds to it. Throws BadArguments. */
export function parseArguments(args: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const { values, positionals } = parse(args)
  if (values.version) return { command: 'version' }
  const command = positionals[0] ?? (values.help || args.length === 0 ? 'help' : 'start')
  if (values.help || command === 'help') return { command: 'help' }
  if (command !== 'start' && command !== 'mcp' && command !== 'users')
    throw new BadArguments(`There is no command '${command}': start, mcp, users, help.`)
  const most = command === 'users' ? 3 : 1
  if (positionals.length > most)
    throw new BadArguments(`'${positionals[most]}' is one word too many; try ringdown help.`)
  for (const name of Object.keys(values)) {
    if (!allowed[command].some((known) => known === name))
      throw new BadArguments(`--${name} is not an option of ringdown ${command}.`)
  }
  const logLevel = oneOf(
    'log-level',
    values['log-level'] ?? (command === 'mcp' || values.demo ? 'warn' : 'info'),
    levels
  )
  const data = values.data ?? '.ringdown'
  if (command === 'users') return usersOf(positionals, values, data)
  if (command === 'mcp') {
    const backend = oneOf('backend', values.backend ?? 'ringdown', ['ringdown', 'twilio'] as const)
    if (backend === 'twilio' && values.data !== undefined)
      throw new BadArguments('--data belongs to the backend ringdown.')
    return {
      command,
      backend,
      url: values.url === undefined ? undefined : url('url', values.url),
      data,
      readOnly: values['read-only'] ?? false,
      workspace: values.workspace,
      tools: values.tools,
      logLevel
    }
  }
  const testClock = values['test-clock'] ?? false
  if (values.at !== undefined && !testClock)
    throw new BadArguments('--at sets a test clock: give --test-clock as well.')
  return {
    command,
    port: values.port === undefined ? 8080 : integer('port', values.port, 0, 65_535),
    host: values.host ?? '127.0.0.1',
    data,
    database: databaseOf(values, env),
    testClock,
    at: values.at === undefined ? undefined : instant('at', values.at),
    seed: values.seed === undefined ? undefined : integer('seed', values.seed, 0, 2 ** 32 - 1),
    journal: values.journal ?? false,
    acceptDataLoss: values['accept-data-loss'] ?? false,
    demo: values.demo ?? false,
    publicUrl: values['public-url'] === undefined ? undefined : url('public-url', values['public-url']),
    trustProxy: values['trust-proxy'] ?? false,
    signIn: values['sign-in'],
    tls: tlsOf(values),
    settingsFile: values.settings,
    allowPrivateDestinations: values['allow-private-destinations'] ?? (testClock || (values.demo ?? false)),
    logLevel
  }
}

function usersOf(
  [, word = 'list', name = '']: readonly string[],
  { role, worker, url: at }: ReturnType<typeof parse>['values'],
  data: string
): UsersArguments {
  const action = userActions.find((one) => one === word)
  if (!action) throw new BadArguments(`There is no action '${word}' of users: ${userActions.join(', ')}.`)
  if ((action === 'list') !== (name === ''))
    throw new BadArguments(
      action === 'list' ? `'${name}' is one word too many.` : `ringdown users ${action} needs a NAME.`
    )
  if (action === 'role' && role === undefined) throw new BadArguments('ringdown users role needs --role.')
  const roles = (role ?? 'agent').split(',').map((one) => one.trim())
  return { command: 'users', action, name, roles, worker, url: at === undefined ? undefined : url('url', at), data }
}

function tlsOf(values: ReturnType<typeof parse>['values']): StartArguments['tls'] {
  const { 'tls-cert': cert, 'tls-key': key } = values
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) throw new BadArguments('--tls-cert and --tls-key belong together.')
  return { cert, key }
}

const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true })
  } catch (error) {
    throw new BadArguments(`${reasonOf(error).split('. ')[0]}. Try ringdown help.`)
  }
}

function integer(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (!/^\d+$/.test(text) || value < least || value > most)
    throw new BadArguments(`--${name} must be a number from ${least} to ${most}, not '${text}'.`)
  return value
}

function instant(name: string, text: string): number {
  const value = Date.parse(text)
  if (Number.isNaN(value)) throw new BadArguments(`--${name} must be an ISO 8601 instant, not '${text}'.`)
  return value
}

function url(name: string, text: string): string {
  if (!URL.canParse(text) || !/^https?:/.test(text))
    throw new BadArguments(`--${name} must be an http or https URL, not '${text}'.`)
  return text.replace(/\/+$/, '')
}

/**
 * `--database`; else DATABASE_URL, which many programs share: whoever names a folder, or plays with a demo or a test
 * clock, does not mean that one. The text may hold a password, so it is not repeated.
 */
function databaseOf({ database, data, demo, ...values }: ReturnType<typeof parse>['values'], env: NodeJS.ProcessEnv) {
  if (database !== undefined) return checked('--database', database)
  if (!env.DATABASE_URL || data !== undefined || demo || values['test-clock']) return undefined
  return checked('DATABASE_URL', env.DATABASE_URL)
}

function checked(name: string, text: string): string {
  if (!/^postgres(ql)?:\/\//.test(text))
    throw new BadArguments(`${name} must be a postgres:// URL; without it, SQLite is used.`)
  return text
}

function oneOf<T extends string>(name: string, text: string, values: readonly T[]): T {
  const found = values.find((value) => value === text)
  if (found === undefined) throw new BadArguments(`--${name} must be one of ${values.join(', ')}, not '${text}'.`)
  return found
}
