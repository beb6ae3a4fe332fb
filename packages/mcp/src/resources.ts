import {
  type CallToolResult,
  type McpServer,
  ProtocolError,
  ProtocolErrorCode,
  ResourceTemplate,
  type ServerContext
} from '@modelcontextprotocol/server'
import type { Backend } from './backend.ts'
import type { Answer } from './call.ts'
import { Fault } from './errors.ts'
import { objectIn } from './json.ts'
import type { Named } from './names.ts'
import type { Row } from './results.ts'
import { isSid } from './sids.ts'
import type { RefKind } from './tool.ts'

/** Calls a tool for a resource: what tools may show, and how, holds for resources as well. */
export type Reading = (tool: string, args: Row, context: ServerContext) => Promise<Answer>

interface Source {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly uri: string
  readonly mimeType: 'application/json' | 'text/markdown'
  /** What a variable names, for completion. */
  readonly refs: Readonly<Record<string, RefKind>>
  /** SID prefixes of the variables. */
  readonly sids: Readonly<Record<string, string>>
  text(values: Readonly<Record<string, string>>, read: (tool: string, args: Row) => Promise<Row>): Promise<string>
}

const json = (value: unknown): string => JSON.stringify(value)
const inWorkspace = { ws: 'WS' }
const workspaceRef = { ws: 'workspace' } as const

const sources: readonly Source[] = [
  {
    name: 'floor',
    title: 'The floor',
    description: 'All queues with what waits, and workers by activity.',
    uri: 'ringdown://workspaces/{ws}/floor',
    mimeType: 'application/json',
    refs: workspaceRef,
    sids: inWorkspace,
    async text({ ws }, read) {
      const statistics = { workspaceSid: ws, view: 'realtime' }
      const [queues, all] = await Promise.all([
        read('get_workspace_statistics', { ...statistics, scope: 'task_queue' }),
        read('get_workspace_statistics', { ...statistics, scope: 'workspace' })
      ])
      const { activity_statistics, activityStatistics = activity_statistics } = objectIn(all.realtime)
      return json({ summary: all.summary, queues: queues.rows, workers: activityStatistics })
    }
  },
  {
    name: 'task_queue',
    title: 'A queue',
    description: 'Real-time figures, and the ten that wait longest.',
    uri: 'ringdown://workspaces/{ws}/task-queues/{wq}',
    mimeType: 'application/json',
    refs: { ...workspaceRef, wq: 'task_queue' },
    sids: { ...inWorkspace, wq: 'WQ' },
    async text({ ws: workspaceSid, wq: taskQueueSid }, read) {
      const [figures, waiting] = await Promise.all([
        read('get_workspace_statistics', { workspaceSid, scope: 'task_queue', taskQueueSid, view: 'realtime' }),
        read('manage_tasks', { action: 'list', workspaceSid, taskQueueSid, assignmentStatus: 'pending', pageSize: 10 })
      ])
      return json({ summary: figures.summary, realtime: figures.realtime, waiting: waiting.tasks })
    }
  },
  {
    name: 'task',
    title: 'A task',
    description: 'The task with its reservations.',
    uri: 'ringdown://workspaces/{ws}/tasks/{wt}',
    mimeType: 'application/json',
    refs: workspaceRef,
    sids: { ...inWorkspace, wt: 'WT' },
    text: async ({ ws: workspaceSid, wt: taskSid }, read) =>
      json(await read('manage_tasks', { action: 'get', workspaceSid, taskSid }))
  },
  {
    name: 'worker',
    title: 'A worker',
    description: 'The worker with activity, attributes and channels.',
    uri: 'ringdown://workspaces/{ws}/workers/{wk}',
    mimeType: 'application/json',
    refs: { ...workspaceRef, wk: 'worker' },
    sids: { ...inWorkspace, wk: 'WK' },
    text: async ({ ws: workspaceSid, wk: workerSid }, read) =>
      json(await read('manage_workers', { action: 'get', workspaceSid, workerSid }))
  },
  {
    name: 'conversation',
    title: 'A conversation',
    description: 'Its state and who is in it.',
    uri: 'ringdown://conversations/{ch}',
    mimeType: 'application/json',
    refs: {},
    sids: { ch: 'CH' },
    async text({ ch: conversationSid }, read) {
      const [conversation, participants] = await Promise.all([
        read('manage_conversations', { action: 'get', conversationSid }),
        read('manage_conversation_participants', { action: 'list', conversationSid })
      ])
      return json({ ...conversation, ...participants })
    }
  },
  {
    name: 'transcript',
    title: 'A transcript',
    description: 'What was written, as Markdown; the last line says where the next part begins.',
    uri: 'ringdown://conversations/{ch}/transcript',
    mimeType: 'text/markdown',
    refs: {},
    sids: { ch: 'CH' },
    text: transcript
  },
  {
    name: 'transcript_part',
    title: 'A part of a transcript',
    description: 'What was written after the message with this index.',
    uri: 'ringdown://conversations/{ch}/transcript/{after}',
    mimeType: 'text/markdown',
    refs: {},
    sids: { ch: 'CH' },
    text: transcript
  },
  {
    name: 'interaction',
    title: 'An interaction',
    description: 'Its channels and their participants.',
    uri: 'ringdown://interactions/{kd}',
    mimeType: 'application/json',
    refs: {},
    sids: { kd: 'KD' },
    async text({ kd: interactionSid }, read) {
      const { channels } = await read('manage_interaction_channel', { action: 'list', interactionSid })
      const list = Array.isArray(channels) ? channels.map(objectIn) : []
      const all = list.map(async ({ channelSid }) => {
        const { participants } = await read('manage_interaction_participants', {
          action: 'list',
          interactionSid,
          channelSid
        })
        return { channelSid, participants }
      })
      return json({ channels, participants: await Promise.all(all) })
    }
  }
]

/** What ends a line in Markdown, or in what shows it. */
const lineEnd = /\r\n|[\n\r\u2028\u2029]/

/** Each message is a quotation: nothing in it can be taken for a heading of ours. */
async function transcript(
  { ch: conversationSid, after }: Readonly<Record<string, string>>,
  read: (tool: string, args: Row) => Promise<Row>
): Promise<string> {
  const afterIndex = after === undefined ? {} : { afterIndex: Number(after) }
  const page = await read('list_conversation_messages', {
    conversationSid,
    order: 'asc',
    pageSize: 100,
    ...afterIndex
  })
  const messages = Array.isArray(page.messages) ? page.messages.map(objectIn) : []
  const parts = messages.map(({ author, role, dateCreated, body = '', media }) => {
    const files = Array.isArray(media) ? `\n(${media.length} files)` : ''
    const words = `${body}${files}`.split(lineEnd).map((line) => `> ${line}`)
    return `**${String(role ?? 'unknown')}** ${String(dateCreated ?? '')}\n> — ${String(author ?? '')
      .split(lineEnd)
      .join(' ')}\n${words.join('\n')}`
  })
  const last = messages.at(-1)?.index
  const more =
    page.nextPageToken === undefined
      ? ''
      : `\n\nContinues: ringdown://conversations/${conversationSid}/transcript/${last}`
  return `${String(page.notice ?? 'Nobody has written yet.')}\n\n${parts.join('\n\n')}${more}`
}

const invalid = (message: string) => new ProtocolError(ProtocolErrorCode.InvalidParams, message)

/** Reads by tools: whatever they refuse is an error of the protocol here. */
function readerOf(reading: Reading, context: ServerContext) {
  return async (tool: string, args: Row): Promise<Row> => {
    const answer = await reading(tool, args, context)
    if (!('content' in answer)) throw new Error(`invariant: ${tool} only reads here, and has nothing to ask`)
    if (!answer.isError) return objectIn(answer.structuredContent)
    const [first] = answer.content as CallToolResult['content'] // what has content is a result
    throw invalid(first?.type === 'text' ? first.text : `${tool} failed`)
  }
}

/** How many queues are listed. */
const maxListed = 200

/** Registers what can be read by address: floors and queues are listed, everything else has a template. */
export function registerResources(server: McpServer, backend: Backend, reading: Reading): void {
  const workspaces = () => backend.names.entries('workspace')
  for (const source of sources) {
    const { name, title, description, mimeType, uri: template, refs } = source
    const complete = Object.fromEntries(
      Object.entries(refs).map(([variable, kind]) => [
        variable,
        async (typed: string, context?: { arguments?: Record<string, string> }) => {
          const place = context?.arguments?.ws ?? (await workspaces())[0]?.sid ?? ''
          return matching(typed, kind === 'workspace' ? await workspaces() : await backend.names.entries(kind, place))
        }
      ])
    )
    const listed = name === 'floor' || name === 'task_queue'
    const list = listed ? async () => ({ resources: await listedResources(source, backend) }) : undefined
    server.registerResource(
      name,
      new ResourceTemplate(template, { list, complete }),
      { title, description, mimeType },
      async (uri, variables, context) => {
        const text = await source.text(valuesOf(source, uri.href, variables), readerOf(reading, context))
        return { contents: [{ uri: uri.href, mimeType, text }] }
      }
    )
  }
}

/** What stands in the places of a template. Throws ProtocolError for what cannot be a SID where only SIDs do. */
function valuesOf(
  { refs, sids }: Source,
  uri: string,
  variables: Readonly<Record<string, string | readonly string[]>>
): Readonly<Record<string, string>> {
  const values = Object.fromEntries(
    Object.entries(variables).map(([key, value]) => [key, decodeURIComponent(String(value))])
  )
  for (const [variable, prefix] of Object.entries(sids)) {
    const value = values[variable] ?? ''
    if (!refs[variable] && !(isSid(value) && value.startsWith(prefix)))
      throw invalid(`${uri}: ${variable} must be a SID that begins with ${prefix}`)
  }
  return values
}

/**
 * The address under which changes of a resource are told (resource-changes.ts), with SIDs where names stand; undefined for an
 * address that is none of ours. Throws ProtocolError where the caller cannot read it.
 */
export async function changesAddress(
  uri: string,
  {
    backend,
    reading,
    context
  }: { readonly backend: Backend; readonly reading: Reading; readonly context: ServerContext }
): Promise<string | undefined> {
  for (const source of sources) {
    const variables = new ResourceTemplate(source.uri, { list: undefined }).uriTemplate.match(uri)
    if (!variables) continue
    const values: Record<string, string> = { ...valuesOf(source, uri, variables) }
    for (const [variable, kind] of Object.entries(source.refs))
      values[variable] = await sidOf(backend, kind, values, variable)
    await source.text(values, readerOf(reading, context))
    // A part changes with the whole.
    return source.uri.replace('/{after}', '').replace(/\{(\w+)\}/g, (_, variable) => String(values[variable]))
  }
  return undefined
}

async function sidOf(
  { names }: Backend,
  kind: RefKind,
  values: Readonly<Record<string, string>>,
  variable: string
): Promise<string> {
  try {
    const place = kind === 'workspace' ? '' : String(values.ws)
    return (await names.resolve(kind, String(values[variable]), variable, place)).sid
  } catch (error) {
    if (error instanceof Fault) throw invalid(error.bodies[0]?.message ?? String(values[variable]))
    throw error
  }
}

/** SIDs of what is called as it was begun to be typed. */
function matching(typed: string, entries: readonly Named[]): string[] {
  const key = typed.toLowerCase()
  const hits = entries.filter(
    ({ sid, names }) => sid.toLowerCase().startsWith(key) || names.some((name) => name?.toLowerCase().includes(key))
  )
  return hits.slice(0, 100).map(({ sid, names }) => names[0] ?? sid)
}

async function listedResources({ name, title, mimeType, uri }: Source, backend: Backend) {
  const workspaces = await backend.names.entries('workspace')
  const lists = workspaces.map(async ({ sid, names }) => {
    const at = uri.replace('{ws}', sid)
    if (name === 'floor') return [{ uri: at, name: `${title} of ${names[0]}`, mimeType }]
    const queues = await backend.names.entries('task_queue', sid)
    return queues.map((queue) => ({ uri: at.replace('{wq}', queue.sid), name: `Queue ${queue.names[0]}`, mimeType }))
  })
  return (await Promise.all(lists)).flat().slice(0, maxListed)
}
