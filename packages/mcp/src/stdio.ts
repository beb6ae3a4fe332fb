import type { McpServer, Transport } from '@modelcontextprotocol/server'
import { type StdioServerHandle, StdioServerTransport, serveStdio } from '@modelcontextprotocol/server/stdio'
import { ResourceChanges } from './resource-changes.ts'
import { createMcpServer, type McpServerOptions } from './server.ts'

/**
 * Serves the tools on standard input and output, to clients of both protocol eras, until the client closes its end.
 * Nothing else may write to standard output meanwhile.
 */
export function serveMcpStdio(options: McpServerOptions & { readonly transport?: Transport }): StdioServerHandle {
  const { transport = new StdioServerTransport(), ...rest } = options
  const { onerror } = options
  const { ringdown } = options.backend
  const changes = ringdown && new ResourceChanges(ringdown, (error) => onerror?.(error))
  /** The server that a client of 2026-07-28 talks to: what it tells goes to those subscriptions that want it. */
  let listening: McpServer | undefined
  const handle = serveStdio(
    ({ era }) => {
      if (era === 'legacy') return createMcpServer({ ...rest, lasting: { changes } })
      listening = createMcpServer({ ...rest, listens: changes !== undefined })
      return listening
    },
    { transport, onerror: (error) => onerror?.(error) }
  )
  if (!changes) return handle
  let stop: (() => void) | undefined
  const follow = () => {
    stop ??= changes.subscribe((event) => {
      if (event.kind !== 'resource_updated') return
      listening?.server.sendResourceUpdated({ uri: event.uri }).catch((error) => onerror?.(error))
    })
  }
  const [receive, closed] = [transport.onmessage, transport.onclose]
  transport.onmessage = (message, extra) => {
    if ('method' in message && message.method === 'subscriptions/listen') follow()
    receive?.(message, extra)
  }
  transport.onclose = () => {
    stop?.()
    closed?.()
  }
  return handle
}
