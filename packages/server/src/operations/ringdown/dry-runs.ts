import { InvalidRequest } from '@ringdown/contract/form'
import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { isoMilliseconds } from '@ringdown/contract/instant'
import { Unfinished } from '@ringdown/engine/matching/long-answers'
import { parseWorkflowDocument } from '@ringdown/engine/matching/workflow-document'
import {
  type Compared,
  dryRun,
  type Route,
  type TriedTask,
  triedFilters,
  warningsOf
} from '@ringdown/engine/routing/dry-run'
import { checkAttributes, inWorkspace } from '@ringdown/engine/routing/lookup'
import { charactersAtOnce, turn } from '../../commit/pieces.ts'
import { taskOf } from '../../commit/put-away.ts'
import { EventSearch } from '../../log/event-search.ts'
import { lookBackMs } from '../../log/retention.ts'
import type { Context, Handlers } from '../handler.ts'

type DryRun = OperationTypes['ringdown_v1.CreateWorkflowDryRun']

/** Tasks that are tried where nothing says which. */
const lastByDefault = 100

/** Tasks that are routed before others have a turn, however short the workflow. */
const maxAtOnce = 50

/** Characters of expressions that are compiled before others have a turn: some ten milliseconds. */
const compiledAtOnce = 50_000

/** Where tasks would go along a workflow that is edited, before it is saved. The router's own code answers. */
export const dryRunHandlers = {
  async 'ringdown_v1.CreateWorkflowDryRun'({ path: { workspace_sid, workflow_sid: sid }, params }, context) {
    const { configuration } = params
    const at = Math.max(context.state.at, context.now())
    const plan = { workspace_sid, sid, configuration, at }
    const before = inWorkspace(context.state, 'workflow', workspace_sid, sid)
    if (configuration !== undefined) await compileInPieces(configuration)
    const warnings = warningsOf(context.state, plan)
    const tasks = await tasksOf(context, workspace_sid, sid, params)
    const length = before.configuration.length + (configuration?.length ?? 0)
    const piece = Math.max(1, Math.min(maxAtOnce, Math.floor(charactersAtOnce / length)))
    const compared: Compared[] = []
    for (let first = 0; first < tasks.length; first += piece) {
      if (first > 0) await turn()
      compared.push(...dryRun(context.state, plan, tasks.slice(first, first + piece)))
    }
    const [single] = params.last === undefined && tasks.length === 1 ? tasks : []
    const filters = single ? [...triedFilters(context.state, plan, single)] : null
    // What was read may not be durable yet, and this is no fetch, which http would let wait.
    await context.ledger.settled()
    return {
      workflow_sid: sid,
      at,
      total: compared.length,
      moved: compared.filter(isMoved).length,
      differing: compared.filter(({ differs }) => differs.length > 0).length,
      warnings,
      tasks: compared.map(({ today, planned, ...one }) => ({
        ...one,
        today: shownRoute(today),
        planned: shownRoute(planned)
      })),
      filters
    }
  }
} satisfies Handlers

/**
 * Others have their turn while a long configuration is compiled, which is known then by whoever reads it next. What is wrong
 * with it is said there.
 */
async function compileInPieces(configuration: string): Promise<void> {
  for (;;) {
    let left = compiledAtOnce
    const compiling = (length: number) => {
      if (left <= 0) throw new Unfinished('there is more to compile')
      left -= length
    }
    try {
      return void parseWorkflowDocument(configuration, compiling)
    } catch (error) {
      if (!(error instanceof Unfinished)) return
      await turn()
    }
  }
}

/** The tasks to be tried, the newest first. Refuses more than one way of naming them. */
async function tasksOf(
  context: Context,
  workspace_sid: string,
  workflow_sid: string,
  { task_sid, attributes, last, priority, task_channel }: DryRun['params']
): Promise<readonly TriedTask[]> {
  if ([task_sid, attributes, last].filter((one) => one !== undefined).length > 1)
    throw new InvalidRequest('At most one of TaskSid, Attributes and Last is expected')
  if (attributes === undefined && (priority !== undefined || task_channel !== undefined))
    throw new InvalidRequest('Priority and TaskChannel are those of a task that is made up: they need Attributes')
  if (task_sid !== undefined) {
    const task = await taskOf(context.ledger, workspace_sid, task_sid)
    const { attributes, priority, task_channel_sid: task_channel } = task
    return [{ task_sid, attributes, priority, task_channel }]
  }
  if (attributes === undefined) return lastTasks(context, { workspace_sid, workflow_sid }, last ?? lastByDefault)
  checkAttributes(attributes)
  return [
    {
      task_sid: null,
      attributes,
      ...(priority !== undefined && { priority }),
      ...(task_channel !== undefined && { task_channel })
    }
  ]
}

/** The last tasks that have entered a workflow, as they did. Most of them are over, and known by the log alone. */
async function lastTasks(
  { ledger, now }: Context,
  where: { readonly workspace_sid: string; readonly workflow_sid: string },
  limit: number
): Promise<readonly TriedTask[]> {
  const until = now()
  const events = await ledger.reading((log, account_sid) =>
    new EventSearch(log).page({
      account_sid,
      where: { ...where, type: 'workflow.entered' },
      from: until - lookBackMs,
      until,
      descending: true,
      limit
    })
  )
  return events.map(({ data: text }) => {
    const { data }: { readonly data: Entered } = JSON.parse(text) // as the batch wrote it
    const { task_sid, task_attributes: attributes, task_priority: priority, task_channel_sid: task_channel } = data
    return { task_sid, attributes, priority, task_channel }
  })
}

/** What an event tells of a task that has entered a workflow. */
interface Entered {
  readonly task_sid: string
  readonly task_attributes: string
  readonly task_priority: number
  readonly task_channel_sid: string
}

function isMoved({ differs }: Compared): boolean {
  return differs.includes('task_queue_sid')
}

function shownRoute({ ends_at, ...route }: Route) {
  return { ...route, ends_at: ends_at === null ? null : isoMilliseconds(ends_at) }
}
