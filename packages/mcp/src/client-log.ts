import type { LoggingLevel, McpServer, ServerContext } from '@modelcontextprotocol/server'

const levels: readonly LoggingLevel[] = [
  'debug',
  'info',
  'notice',
  'warning',
  'error',
  'critical',
  'alert',
  'emergency'
]

/** What is told to a client that has not said what it wants to hear. */
const usual: LoggingLevel = 'warning'

/**
 * What clients before 2026-07-28 are told beside results, on a connection that lasts: calls that were refused are warnings,
 * defects errors, writes information, and what only reads is for debugging. Later clients declare no level, and are told
 * nothing.
 */
export class ClientLog {
  #level = levels.indexOf(usual)

  /** Takes over `logging/setLevel`. */
  register({ server }: McpServer): void {
    server.setRequestHandler('logging/setLevel', ({ params: { level } }) => {
      this.#level = levels.indexOf(level)
      return {}
    })
  }

  /** Tells what is of the level that the client wants, or above it; a client who has gone does not hear it. */
  tell({ mcpReq }: ServerContext, level: LoggingLevel, data: object): void {
    if (levels.indexOf(level) < this.#level) return
    mcpReq.notify({ method: 'notifications/message', params: { level, logger: 'ringdown', data } }).catch(() => {}) // see above
  }
}
