import type { McpHttpHandler } from '@ringdown/mcp/http'
import type { StartOptions } from '@ringdown/server/start'
import { BadArguments, reasonOf, type ToolOptions } from './arguments.ts'

/**
 * The tools at `/mcp` and `/mcp/read-only` of the server: clients of its own public API, with the caller's credentials.
 * Loaded at the first call: the SDKs that they bring take longer to start than the server itself, and a third of its memory.
 */
export function mountMcp(
  version: string,
  toolOptions: Partial<ToolOptions> = {},
  onerror?: (error: unknown) => void
): NonNullable<StartOptions['mcp']> {
  return ({ url, hosts }) => {
    let handlers: Promise<{ full: McpHttpHandler; readOnly: McpHttpHandler }> | undefined
    const load = async () => {
      const [{ ringdownBackend }, { mcpHttpHandler }] = await Promise.all([
        import('@ringdown/mcp/backend'),
        import('@ringdown/mcp/http')
      ])
      const backend = (credentials: { username: string; password: string }) => ringdownBackend({ url, credentials })
      const options = { ...toolOptions, backend, version, hosts, onerror }
      return { full: mcpHttpHandler(options), readOnly: mcpHttpHandler({ ...options, readOnly: true }) }
    }
    return async (request, response, { readOnly, ...asked }) => {
      handlers ??= load()
      const { full, readOnly: reading } = await handlers
      await (readOnly ? reading : full)(request, response, asked)
    }
  }
}

/** Throws BadArguments where a tool is named that there is not: a server that serves no tools is not to be started. */
export async function checkTools({ tools }: ToolOptions): Promise<void> {
  if (tools === undefined) return
  const { chosenNames } = await import('@ringdown/mcp/server')
  try {
    chosenNames(tools)
  } catch (error) {
    throw new BadArguments(`--tools: ${reasonOf(error)}.`)
  }
}
