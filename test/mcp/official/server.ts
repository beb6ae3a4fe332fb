import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ringdownBackend } from '@ringdown/mcp/backend'
import { mcpHttpHandler } from '@ringdown/mcp/http'
import { world } from '../../support/world.ts'
import { suiteFixture } from './fixture.ts'

/** A Ringdown's tools behind the HTTP handler that the product mounts, without credentials: the official suite has none. */
export async function officialServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const here = await world()
  const { account_sid: username, auth_token: password } = here.running.credentials
  const credentials = { username, password }
  const handler = mcpHttpHandler({
    backend: () => ringdownBackend({ url: here.running.url, credentials }),
    version: '0.0.0-test',
    extend: suiteFixture,
    onerror: (error) => process.stderr.write(`${String(error)}\n`)
  })
  const server = createServer((request, response) => void handler(request, response, { credentials }))
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo // it listens on a port
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    async close() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
      await here.close()
    }
  }
}
