import { ringdownBackend } from '@ringdown/mcp/backend'
import { mcpHttpHandler } from '@ringdown/mcp/http'
import type { StartOptions } from '@ringdown/server/start'

/** The tools at `/mcp` and `/mcp/read-only` of the server: clients of its own public API, with the caller's credentials. */
export function mountMcp(version: string): NonNullable<StartOptions['mcp']> {
  return ({ url, hosts }) => {
    const options = {
      backend: (credentials: { username: string; password: string }) => ringdownBackend({ url, credentials }),
      version,
      hosts
    }
    const full = mcpHttpHandler(options)
    const readOnly = mcpHttpHandler({ ...options, readOnly: true })
    return (request, response, { credentials, readOnly: isReadOnly }) =>
      (isReadOnly ? readOnly : full)(request, response, { credentials })
  }
}
