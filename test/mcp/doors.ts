import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PassThrough } from 'node:stream'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { mcpHttpHandler } from '@ringdown/mcp/http'
import { serveMcpStdio } from '@ringdown/mcp/stdio'
import type { ToolAgent } from './acting.ts'
import { calling } from './agent.ts'
import type { Center } from './center.ts'
import { Wire } from './wire.ts'

/** Both eras of the protocol, and how a client says that it speaks one. */
export const eras = [
  ['2025-11-25', undefined],
  ['2026-07-28', { mode: { pin: '2026-07-28' } }]
] as const
export type Negotiation = (typeof eras)[number][1]

export const clientOf = (negotiation: Negotiation) =>
  new Client({ name: 'test', version: '0.0.0' }, negotiation ? { versionNegotiation: negotiation } : {})

/** Ways of an agent to the tools of a center. From their list on, the client checks each result against its schema. */
export const doors: readonly { readonly name: string; open(center: Center): Promise<ToolAgent> }[] = eras.flatMap(
  ([version, negotiation]) => [
    { name: `standard input, ${version}`, open: (center) => overStdio(center, negotiation) },
    { name: `HTTP, ${version}`, open: (center) => overHttp(center, negotiation) }
  ]
)

async function overStdio(center: Center, negotiation: Negotiation): Promise<ToolAgent> {
  const defects: unknown[] = []
  const [up, down] = [new PassThrough(), new PassThrough()]
  const handle = serveMcpStdio({
    backend: center.backend(new Wire(center.world.running.url)),
    version: '0.0.0',
    transport: new StdioServerTransport(up, down),
    onerror: (error) => defects.push(error)
  })
  const client = clientOf(negotiation)
  await client.connect(new StdioServerTransport(down, up)) // the same framing, seen from the other end
  await client.listTools()
  const close = async () => {
    await client.close()
    await handle.close()
  }
  return { call: calling(client), defects, close }
}

async function overHttp(center: Center, negotiation: Negotiation): Promise<ToolAgent> {
  const defects: unknown[] = []
  const { account_sid: username, auth_token: password } = center.world.running.credentials
  const handler = mcpHttpHandler({
    backend: () => center.backend(new Wire(center.world.running.url)),
    version: '0.0.0',
    onerror: (error) => defects.push(error)
  })
  const server = createServer((request, response) => {
    void handler(request, response, { credentials: { username, password } })
  })
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo // it listens on a port
  const client = clientOf(negotiation)
  await client.connect(new StreamableHTTPClientTransport(new URL(`http://127.0.0.1:${port}/mcp`)))
  await client.listTools()
  const close = async () => {
    await client.close()
    server.closeAllConnections()
    await new Promise((closed) => server.close(closed))
  }
  return { call: calling(client), defects, close }
}
