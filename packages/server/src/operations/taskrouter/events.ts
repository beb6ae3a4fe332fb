import type { TaskrouterV1EventRow } from '@ringdown/contract/generated/taskrouter-v1'
import { decodeToken } from '@ringdown/contract/paging'
import { notFound } from '@ringdown/engine/core/parameters'
import { namedChannel, workspaceOf } from '@ringdown/engine/routing/lookup'
import { windowOf } from '../../analytics/window.ts'
import type { Ledger } from '../../commit/ledger.ts'
import { EventSearch } from '../../log/event-search.ts'
import { lookBackMs } from '../../log/retention.ts'
import type { StoredEvent } from '../../store/store.ts'
import type { Handlers } from '../handler.ts'
import { badToken, cut, mappedPage, wholePage } from '../listing.ts'

/** What happened in a workspace, newest first, for 30 days (reference taskrouter 8.4). */
export const events = {
  async 'taskrouter_v1.ListEvent'({ path: { workspace_sid }, params, page }, { ledger, state, now }) {
    workspaceOf(state, workspace_sid)
    const { start_date, end_date, minutes, event_type, task_channel, ...sids } = params
    const window = windowOf(params, now())
    const { page_size, page_token } = page ?? wholePage
    const cursor = page_token === null ? null : decodeToken(page_token)
    const after = cursor ? await seqOf(ledger, workspace_sid, cursor.key) : undefined
    const isBack = cursor?.direction === 'before'
    await ledger.settled()
    const rows = await ledger.reading((log, account_sid) =>
      new EventSearch(log).page({
        account_sid,
        where: {
          ...sids,
          workspace_sid,
          type: event_type && (olderTypes[event_type] ?? event_type),
          task_channel_sid: task_channel ? namedChannel(state, workspace_sid, task_channel).sid : undefined
        },
        from: window.start,
        until: window.end,
        ...(after !== undefined && { after }),
        descending: !isBack,
        limit: page_size + 1
      })
    )
    const listed = cut(rows, page_size, cursor, ({ seq, sid }) => [seq, sid])
    return mappedPage(listed, (row) => representEvent(state.account_sid, workspace_sid, row))
  },

  async 'taskrouter_v1.FetchEvent'({ path: { workspace_sid, sid } }, { ledger, state, now }) {
    workspaceOf(state, workspace_sid)
    await ledger.settled()
    const row = await ledger.reading((log, account_sid) => new EventSearch(log).find(account_sid, sid))
    const isKnown = row && textOf(row).data.workspace_sid === workspace_sid && row.at >= now() - lookBackMs
    if (!isKnown) return notFound(`/Workspaces/${workspace_sid}/Events/${sid}`)
    return representEvent(state.account_sid, workspace_sid, row)
  }
} satisfies Handlers

/** Names of types in older samples. */
const olderTypes: Readonly<Record<string, string>> = { 'worker.activity': 'worker.activity.update' }

/** An event's text beside its columns, as `commit/batch` writes it. */
interface EventText {
  readonly description: string
  readonly resource_type: string
  readonly resource_sid: string
  readonly actor_type?: string
  readonly actor_sid?: string
  readonly data: Readonly<Record<string, string | number | boolean | null>>
}

function textOf(row: StoredEvent): EventText {
  return JSON.parse(row.data) // as the batch wrote it
}

/** A worker is named who did it itself; what programs do is the workspace's, as the original has it. */
function representEvent(account_sid: string, workspace_sid: string, row: StoredEvent): TaskrouterV1EventRow {
  const { description, resource_type, resource_sid, actor_type, actor_sid, data } = textOf(row)
  const workspace = `/v1/Workspaces/${workspace_sid}`
  const isWorker = actor_type === 'worker' && actor_sid !== undefined
  return {
    sid: row.sid,
    account_sid,
    workspace_sid,
    event_type: row.type,
    event_date: row.at,
    event_date_ms: row.at,
    description,
    event_data: Object.fromEntries(
      Object.entries(data).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]]))
    ),
    resource_type,
    resource_sid,
    resource_url: resourcePath(workspace, resource_type, resource_sid, data.task_sid),
    actor_type: isWorker ? 'worker' : 'workspace',
    actor_sid: isWorker ? actor_sid : workspace_sid,
    actor_url: isWorker ? `${workspace}/Workers/${actor_sid}` : workspace,
    source: 'twilio',
    source_ip_address: null
  }
}

const segments: Readonly<Record<string, string>> = {
  task: 'Tasks',
  worker: 'Workers',
  activity: 'Activities',
  'task-queue': 'TaskQueues',
  workflow: 'Workflows',
  'task-channel': 'TaskChannels'
}

function resourcePath(workspace: string, type: string, sid: string, task_sid: unknown): string | null {
  if (type === 'workspace') return workspace
  if (type === 'reservation') return `${workspace}/Tasks/${task_sid}/Reservations/${sid}`
  const segment = segments[type]
  return segment === undefined ? null : `${workspace}/${segment}/${sid}`
}

/** Where a page begins: a token holds the event's seq, one of the older form its SID alone. */
async function seqOf(ledger: Ledger, workspace_sid: string, key: readonly (string | number | null)[]): Promise<number> {
  const [first, second] = key
  if (key.length === 2 && typeof first === 'number' && typeof second === 'string') return first
  if (key.length !== 1 || typeof first !== 'string') return badToken()
  const event = await ledger.reading((log, account_sid) => new EventSearch(log).find(account_sid, first))
  return event && textOf(event).data.workspace_sid === workspace_sid ? event.seq : badToken()
}
