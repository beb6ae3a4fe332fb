import type { McpHttpHandler } from '@ringdown/mcp/http'
import type { StartOptions } from '@ringdown/server/start'

/**
 * The tools at `/mcp` and `/mcp/read-only` of the server: clients of its own public API, with the caller's credentials.
 * Loaded at the first call: the SDKs that they bring take longer to start than the server itself, and a third of its memory.
 */
export function mountMcp(version: string): NonNullable<StartOptions['mcp']> {
  return ({ url, hosts }) => {
    let handlers: Promise<{ full: McpHttpHandler; readOnly: McpHttpHandler }> | undefined
    const load = async () => {
      const [{ ringdownBackend }, { mcpHttpHandler }] = await Promise.all([
        import('@ringdown/mcp/backend'),
        import('@ringdown/mcp/http')
      ])
      const backend = (credentials: { username: string; password: string }) => ringdownBackend({ url, credentials })
      const options = { backend, version, hosts }
      return { full: mcpHttpHandler(options), readOnly: mcpHttpHandler({ ...options, readOnly: true }) }
    }
    return async (request, response, { credentials, readOnly, exchange }) => {
      handlers ??= load()
      const { full, readOnly: reading } = await handlers
      await (readOnly ? reading : full)(request, response, { credentials, exchange })
    }
  }
}
