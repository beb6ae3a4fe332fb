import { Client } from '@modelcontextprotocol/client'
import { InMemoryTransport } from '@modelcontextprotocol/server'
import { parseJson } from '@ringdown/contract/json-text'
import type { Backend } from '@ringdown/mcp/backend'
import { createMcpServer, type McpServerOptions } from '@ringdown/mcp/server'

/** What a tool answered: its structured content, or its error. */
export interface Told {
  readonly isError: boolean
  // biome-ignore lint/suspicious/noExplicitAny: a result's shape is what tests look at
  readonly content: any
  readonly text: string
  // The shapes are the tools' own; tests look at the members they are about.
  readonly error: {
    readonly code: unknown
    readonly message: string
    readonly argument?: string
    readonly next?: string
    readonly [more: string]: unknown
  }
}

export type CallTool = (name: string, args?: Record<string, unknown>) => Promise<Told>

/** An official client of the tools on a backend, in this process. `defects` are what the tools would hide. */
export async function connected(backend: Backend, options: Omit<Partial<McpServerOptions>, 'backend'> = {}) {
  const defects: unknown[] = []
  const server = createMcpServer({ backend, version: '0.0.0', onerror: (error) => defects.push(error), ...options })
  const [near, far] = InMemoryTransport.createLinkedPair()
  const client = new Client({ name: 'test', version: '0.0.0' })
  await Promise.all([server.connect(far), client.connect(near)])
  return { client, call: calling(client), defects, close: () => client.close() }
}

/** Calls tools by a client, and reads what they answer. */
export function calling(client: Client): CallTool {
  const call: CallTool = async (name, args = {}) => {
    const answer = told(await client.callTool({ name, arguments: args }))
    // Whoever is told that it calls too often waits, as an agent does.
    if (!answer.isError || !/call tools more than/.test(answer.error.message)) return answer
    await new Promise((resolve) => setTimeout(resolve, 1000))
    return call(name, args)
  }
  return call
}

/** Reads a tool's result as both kinds of client would, and checks that they see the same. */
export function told(result: unknown): Told {
  const { isError = false, content, structuredContent } = result as ToolResult // what a client answers
  const text = content[0]?.text ?? ''
  const parsed = JSON.parse(text)
  // What stored documents spell in their own way (`1.0`) is the same as a value.
  const shown = JSON.stringify(sorted(parseJson(text, (source) => source)))
  if (isError ? structuredContent !== undefined : JSON.stringify(sorted(structuredContent)) !== shown)
    throw new Error(`text and structuredContent differ: ${text}`)
  return { isError, content: structuredContent ?? {}, text, error: parsed.error }
}

interface ToolResult {
  readonly isError?: boolean
  readonly content: readonly { readonly text: string }[]
  readonly structuredContent?: Record<string, unknown>
}

/** A value whose keys stand in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([key, member]) => [key, sorted(member)] as const)
  return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)))
}
