import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { McpArguments, mcpClients } from './arguments.ts'

type McpClient = (typeof mcpClients)[number]

/** How a client reaches the tools: it starts this program, or it calls a server. */
type Entry =
  | { readonly command: string; readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> }
  | { readonly url: string; readonly headers: Readonly<Record<string, string>> }

/** What to paste into a client's configuration, for the server and the options that the other arguments name. */
export function configOf(client: McpClient, args: McpArguments, env: NodeJS.ProcessEnv = process.env): string {
  return texts[client](entryOf(client, args, env), args)
}

function entryOf(client: McpClient, args: McpArguments, env: NodeJS.ProcessEnv): Entry {
  const isRemote = args.backend === 'ringdown' && (args.url !== undefined || client === 'chatgpt')
  // Claude's desktop and programs of the SDK start a program; whoever speaks HTTP calls the server itself.
  if (isRemote && client !== 'claude') {
    const path = args.readOnly ? '/mcp/read-only' : '/mcp'
    const { RINGDOWN_ACCOUNT_SID: sid, RINGDOWN_AUTH_TOKEN: token } = env
    const basic = sid && token ? Buffer.from(`${sid}:${token}`).toString('base64') : 'BASE64_OF_KEY_SID_COLON_SECRET'
    const url = `${(args.url ?? 'https://YOUR-SERVER').replace(/\/+$/, '')}${path}`
    return { url, headers: { Authorization: `Basic ${basic}` } }
  }
  const program = fileURLToPath(new URL('../bin/ringdown.js', import.meta.url))
  const secrets =
    args.backend === 'twilio'
      ? { TWILIO_ACCOUNT_SID: 'AC…', TWILIO_API_KEY: 'SK…', TWILIO_API_SECRET: '…' }
      : args.url === undefined
        ? undefined
        : { RINGDOWN_ACCOUNT_SID: 'AC…', RINGDOWN_AUTH_TOKEN: '…' }
  return { command: process.execPath, args: [program, 'mcp', ...flagsOf(args)], ...(secrets && { env: secrets }) }
}

/** The options of `ringdown mcp` again, where they are not as they are by default. */
function flagsOf(args: McpArguments): readonly string[] {
  const flags: readonly (readonly [boolean, ...string[]])[] = [
    [args.backend === 'twilio', '--backend', 'twilio'],
    [args.url !== undefined, '--url', String(args.url)],
    [args.backend === 'ringdown' && args.url === undefined, '--data', resolve(args.data)],
    [args.readOnly, '--read-only'],
    [args.workspace !== undefined, '--workspace', String(args.workspace)],
    [args.tools !== undefined, '--tools', String(args.tools)],
    [args.confirm !== undefined, '--confirm', String(args.confirm)],
    [args.redact, '--redact'],
    [args.hideCustomerText, '--hide-customer-text']
  ]
  return flags.flatMap(([isGiven, ...words]) => (isGiven ? words : []))
}

const json = (value: unknown): string => JSON.stringify(value, null, 2)
const name = ({ readOnly }: McpArguments): string => (readOnly ? 'ringdown-read' : 'ringdown')
const servers = (entry: object, args: McpArguments): string => json({ mcpServers: { [name(args)]: entry } })
const typed = (entry: Entry): object => ({ type: 'url' in entry ? 'http' : 'stdio', ...entry })

/** By client: the file's text, as docs/connect.md says where it goes. */
const texts: Readonly<Record<McpClient, (entry: Entry, args: McpArguments) => string>> = {
  claude: servers,
  'claude-code': (entry, args) => servers(typed(entry), args),
  cursor: servers,
  vscode: (entry, args) => json({ servers: { [name(args)]: typed(entry) } }),
  gemini: (entry, args) => servers('url' in entry ? { httpUrl: entry.url, headers: entry.headers } : entry, args),
  chatgpt: (entry) =>
    'url' in entry
      ? `Server URL: ${entry.url}\nHeader: Authorization: ${entry.headers.Authorization}`
      : 'ChatGPT calls servers only: serve the tools with ringdown start, and give --url.',
  sdk: (entry) =>
    'url' in entry
      ? [
          "import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'",
          '',
          "const client = new Client({ name: 'mine', version: '1.0.0' })",
          `const requestInit = ${json({ headers: entry.headers })}`,
          `await client.connect(new StreamableHTTPClientTransport(new URL('${entry.url}'), { requestInit }))`
        ].join('\n')
      : [
          "import { Client } from '@modelcontextprotocol/client'",
          "import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'",
          '',
          "const client = new Client({ name: 'mine', version: '1.0.0' })",
          `await client.connect(new StdioClientTransport(${json(entry)}))`
        ].join('\n')
}
