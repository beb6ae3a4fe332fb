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
  /** A folder, or `s3://bucket/prefix`. */
  readonly media: string | undefined
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
  /** How the tools at `/mcp` are served. */
  readonly toolOptions: ToolOptions
  /** Undefined: where the clock is real. */
  readonly voice: boolean | undefined
  readonly voicePort: number | undefined
  readonly iceServers: readonly string[]
  readonly logLevel: string
}

/** How tools are served, over whatever. */
export interface ToolOptions {
  readonly workspace: string | undefined
  readonly tools: string | undefined
  readonly confirm: (typeof confirmations)[number] | undefined
  readonly redact: boolean
  readonly hideCustomerText: boolean
}

export interface McpArguments extends ToolOptions {
  readonly command: 'mcp'
  readonly backend: 'ringdown' | 'twilio'
  readonly url: string | undefined
  readonly data: string
  readonly readOnly: boolean
  /** Prints what this client's configuration needs, instead of serving. */
  readonly printConfig: (typeof mcpClients)[number] | undefined
  readonly logLevel: string
}

const confirmations = ['off', 'destructive', 'all', 'human'] as const
export const mcpClients = ['claude', 'claude-code', 'chatgpt', 'cursor', 'vscode', 'gemini', 'sdk'] as const

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

export interface PhoneArguments {
  readonly command: 'phone'
  /** With its channel: `+33612345678`, `whatsapp:+33612345678`. */
  readonly address: string
  /** Whom it writes to; undefined for whom it wrote with last. */
  readonly to: string | undefined
  readonly name: string | undefined
  readonly url: string | undefined
  readonly data: string
}

const userActions = ['list', 'add', 'role', 'link', 'remove'] as const

export type Arguments =
  | StartArguments
  | McpArguments
  | UsersArguments
  | PhoneArguments
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
    --media PLACE              where files of messages are: a folder, or s3://bucket/prefix (docs/media.md); by default in
                               the data folder. With --database, a place that every node sees
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
    --workspace, --tools, --confirm, --redact, --hide-customer-text
                               for the tools at /mcp, as below
    --voice on|off             sound, so that browsers may call (docs/voice.md): on, but with --test-clock
    --voice-port N             the one UDP port of all browsers that call; without it, each has its own
    --ice-servers URL,…        stun:host:port, or turn:name:password@host:port
    --log-level LEVEL          info (warn with --demo); logs are JSON on standard error

  ringdown mcp [options]       the tools over MCP on standard input and output
    --backend ringdown|twilio  ringdown; twilio reads TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN,
                               or TWILIO_API_KEY and TWILIO_API_SECRET
    --url URL                  a running Ringdown; without it, the one that has --data, else one of its own
    --data FOLDER              ./.ringdown
    --read-only                only what reads
    --workspace NAME           the workspace that tools mean when they name none
    --tools seed|all|NAME,…    which tools are listed
    --confirm off|destructive|all|human
                               which writes have to be confirmed: off on a Ringdown, destructive on Twilio; human: by
                               a person only
    --redact                   masks numbers and addresses
    --hide-customer-text       shows the length of what customers wrote instead
    --print-config CLIENT      what to paste into claude, claude-code, chatgpt, cursor, vscode, gemini or sdk
                               (docs/connect.md)

  ringdown users [action]      who may sign in
    list                       all of them
    add NAME [--role ROLE,…] [--worker WK…]
                               agent (by default), supervisor or admin; tells what to choose a password by
    role NAME --role ROLE,…    other roles
    link NAME                  lets somebody choose another password
    remove NAME
    --url URL, --data FOLDER   as above

  ringdown phone NUMBER        a virtual phone in this terminal: what is typed comes in as a message
    --whatsapp, --messenger    on that channel; SMS without
    --to ADDRESS               whom it writes to; by default whom it last wrote with
    --name NAME                under which name, on channels that have names
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
  media: { type: 'string' },
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
  whatsapp: { type: 'boolean' },
  messenger: { type: 'boolean' },
  to: { type: 'string' },
  name: { type: 'string' },
  settings: { type: 'string' },
  'allow-private-destinations': { type: 'boolean' },
  voice: { type: 'string' },
  'voice-port': { type: 'string' },
  'ice-servers': { type: 'string' },
  'log-level': { type: 'string' },
  backend: { type: 'string' },
  url: { type: 'string' },
  'read-only': { type: 'boolean' },
  workspace: { type: 'string' },
  tools: { type: 'string' },
  confirm: { type: 'string' },
  redact: { type: 'boolean' },
  'hide-customer-text': { type: 'boolean' },
  'print-config': { type: 'string' },
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'v' }
} as const

const allowed = {
  start: [
    'port',
    'host',
    'data',
    'database',
    'media',
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
    'workspace',
    'tools',
    'confirm',
    'redact',
    'hide-customer-text',
    'voice',
    'voice-port',
    'ice-servers',
    'log-level'
  ],
  mcp: [
    'backend',
    'url',
    'data',
    'read-only',
    'workspace',
    'tools',
    'confirm',
    'redact',
    'hide-customer-text',
    'print-config',
    'log-level'
  ],
  users: ['url', 'data', 'role', 'worker'],
  phone: ['url', 'data', 'whatsapp', 'messenger', 'to', 'name']
} satisfies Record<string, readonly (keyof typeof options)[]>

/** Understands the command line (without node and script) and what the environment adds to it. Throws BadArguments. */
export function parseArguments(args: readonly string[], env: NodeJS.ProcessEnv): Arguments {
  const { values, positionals } = parse(args)
  if (values.version) return { command: 'version' }
  const command = positionals[0] ?? (values.help || args.length === 0 ? 'help' : 'start')
  if (values.help || command === 'help') return { command: 'help' }
  if (command !== 'start' && command !== 'mcp' && command !== 'users' && command !== 'phone')
    throw new BadArguments(`There is no command '${command}': start, mcp, users, phone, help.`)
  const most = { start: 1, mcp: 1, users: 3, phone: 2 }[command]
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
  if (command === 'phone') return phoneOf(positionals, values, data)
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
      ...toolOptionsOf(values),
      printConfig:
        values['print-config'] === undefined ? undefined : oneOf('print-config', values['print-config'], mcpClients),
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
    media: values.media,
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
    toolOptions: toolOptionsOf(values),
    voice: values.voice === undefined ? undefined : oneOf('voice', values.voice, ['on', 'off'] as const) === 'on',
    voicePort: values['voice-port'] === undefined ? undefined : integer('voice-port', values['voice-port'], 1, 65_535),
    iceServers: iceServersOf(values['ice-servers']),
    logLevel
  }
}

function toolOptionsOf(values: ReturnType<typeof parse>['values']): ToolOptions {
  return {
    workspace: values.workspace,
    tools: values.tools,
    confirm: values.confirm === undefined ? undefined : oneOf('confirm', values.confirm, confirmations),
    redact: values.redact ?? false,
    hideCustomerText: values['hide-customer-text'] ?? false
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

function phoneOf(
  [, address]: readonly string[],
  { whatsapp, messenger, to, name, url: at }: ReturnType<typeof parse>['values'],
  data: string
): PhoneArguments {
  if (address === undefined) throw new BadArguments('ringdown phone needs the NUMBER that it has.')
  if (whatsapp && messenger) throw new BadArguments('A phone is on one channel: --whatsapp or --messenger.')
  const prefix = whatsapp ? 'whatsapp:' : messenger ? 'messenger:' : ''
  const on = (text: string) => (text.includes(':') ? text : prefix + text)
  return {
    command: 'phone',
    address: on(address),
    to: to === undefined ? undefined : on(to),
    name,
    url: at === undefined ? undefined : url('url', at),
    data
  }
}

function tlsOf(values: ReturnType<typeof parse>['values']): StartArguments['tls'] {
  const { 'tls-cert': cert, 'tls-key': key } = values
  if (cert === undefined && key === undefined) return undefined
  if (cert === undefined || key === undefined) throw new BadArguments('--tls-cert and --tls-key belong together.')
  return { cert, key }
}

function iceServersOf(text: string | undefined): readonly string[] {
  const servers = text === undefined ? [] : text.split(',')
  for (const server of servers)
    if (!/^(?:stun|turns?):[^\s,]+$/.test(server))
      throw new BadArguments(`--ice-servers are stun:host:port or turn:name:password@host:port, not '${server}'.`)
  return servers
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
