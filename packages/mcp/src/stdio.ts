import type { Transport } from '@modelcontextprotocol/server'
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio'
import { ResourceChanges } from './resource-changes.ts'
import { createMcpServer, type McpServerOptions } from './server.ts'

/**
 * Serves the tools on standard input and output, to clients of both protocol eras, until the client closes its end.
 * Nothing else may write to standard output meanwhile.
 */
export function serveMcpStdio(options: McpServerOptions & { readonly transport?: Transport }): StdioServerHandle {
  const { transport, ...rest } = options
  const { ringdown } = options.backend
  const changes = ringdown && new ResourceChanges(ringdown, (error) => options.onerror?.(error))
  return serveStdio(({ era }) => createMcpServer({ ...rest, ...(era === 'legacy' && { lasting: { changes } }) }), {
    ...(transport ? { transport } : {}),
    onerror: (error) => options.onerror?.(error)
  })
}
