import { InvalidRequest } from '@ringdown/contract/form'
import { orderingOf, type Sorted } from '@ringdown/contract/ordering'
import type { State } from '@ringdown/engine/center'
import { foldedName, isSameName, nameKey } from '@ringdown/engine/core/names'
import type { Row } from '@ringdown/engine/core/row'
import type { Table } from '@ringdown/engine/core/table'
import { readJson } from '@ringdown/engine/matching/expression/decimal'
import type { WorkerView } from '@ringdown/engine/matching/expression/environment'
import { MAX_LENGTH } from '@ringdown/engine/matching/expression/lexer'
import { workspaceOf } from '@ringdown/engine/routing/lookup'
import type { TaskQueueRow, TaskRow, WorkerRow } from '@ringdown/engine/routing/rows'
import { askedInPieces, charactersAtOnce, type Question } from '../../commit/pieces.ts'
import type { Handlers } from '../handler.ts'
import { emptyPage, type Group, joinedPage, mappedPage, pageOf, type Sorting, sortedPage } from '../listing.ts'
import { expressionOf } from './expressions.ts'
import { checkRate } from './rates.ts'
import { representTask, representTaskQueue, representWorker } from './representation.ts'

/*
 * Lists with filters of their own (reference taskrouter 1.5, 1.7, 1.9, 1.10). Filters combine with AND; a name or SID
 * that nothing has gives an empty list.
 */
export const lists = {
  async 'taskrouter_v1.ListTaskQueue'({ path: { workspace_sid }, params, page }, context) {
    const { state } = context
    workspaceOf(state, workspace_sid)
    const { friendly_name, evaluate_worker_attributes, worker_sid, ordering } = params
    if (evaluate_worker_attributes !== undefined) checkRate(context, 'expression_lists', 'EvaluateWorkerAttributes')
    const worker =
      evaluate_worker_attributes === undefined ? undefined : unknownWorker(readJson(evaluate_worker_attributes))
    const queues = worker_sid === undefined ? undefined : state.matcher.queuesOf(worker_sid)
    const group = inGroup(state.tables.task_queue, 'workspace_sid', workspace_sid)
    const isMeant = (row: TaskQueueRow) =>
      (friendly_name === undefined || isSameName(row.friendly_name, friendly_name)) &&
      (queues === undefined || queues.has(row.sid))
    const keep = worker
      ? await kept(group, isMeant, {
          // Each of them may have to be compiled, which takes longer than asking it.
          length: (row) => compiling * row.target_workers.length,
          longest: compiling * MAX_LENGTH,
          test: (row) => accepts(row.target_workers, worker)
        })
      : isMeant
    const sort = sortingBy(ordering, { DateUpdated: 'date_updated' })
    const listed = sort ? sortedPage(group, page, { keep, sort }) : pageOf(group, page, { keep })
    return mappedPage(listed, (row) => representTaskQueue(state, row))
  },

  async 'taskrouter_v1.ListWorker'({ path: { workspace_sid }, params, page }, context) {
    const { state } = context
    workspaceOf(state, workspace_sid)
    const { available, ordering } = params
    // Names of workers are one whatever their case (reference taskrouter 1.7).
    const name = params.friendly_name === undefined ? undefined : foldedName(params.friendly_name)
    if (params.target_workers_expression) checkRate(context, 'expression_lists', 'TargetWorkersExpression')
    const activity_sid = bothSids(params.activity_sid, sidOf(state, 'activity', workspace_sid, params.activity_name))
    const task_queue_sid = bothSids(
      params.task_queue_sid,
      sidOf(state, 'task_queue', workspace_sid, params.task_queue_name)
    )
    if (activity_sid === null || task_queue_sid === null) return emptyPage
    const expression = expressionOf(params.target_workers_expression, 'worker', 'TargetWorkersExpression')
    const members = task_queue_sid === undefined ? undefined : state.matcher.members(task_queue_sid)
    const { worker } = state.tables
    const group =
      activity_sid === undefined
        ? inGroup(worker, 'workspace_sid', workspace_sid)
        : inGroup(worker, 'activity_sid', activity_sid)
    const isMeant = (row: WorkerRow) =>
      row.workspace_sid === workspace_sid &&
      (name === undefined || foldedName(row.friendly_name) === name) &&
      (available === undefined || (state.find('activity', row.activity_sid)?.available ?? false) === available) &&
      (members === undefined || members.has(row.sid))
    const keep = expression
      ? await kept(group, isMeant, {
          length: () => expression.source.length,
          longest: expression.source.length,
          test: (row) => expression.matches(undefined, state.matcher.worker(row.sid))
        })
      : isMeant
    const sort = sortingBy(ordering, { DateStatusChanged: 'date_status_changed' })
    const listed = sort ? sortedPage(group, page, { keep, sort }) : pageOf(group, page, { keep })
    return mappedPage(listed, (row) => representWorker(state, row))
  },

  async 'taskrouter_v1.ListTask'({ path: { workspace_sid }, params, page }, context) {
    const { state, now, sight } = context
    workspaceOf(state, workspace_sid)
    const { assignment_status, priority, routing_target, has_addons } = params
    if (params.evaluate_task_attributes) checkRate(context, 'expression_lists', 'EvaluateTaskAttributes')
    const workflow_sid = bothSids(params.workflow_sid, sidOf(state, 'workflow', workspace_sid, params.workflow_name))
    const task_queue_sid = bothSids(
      params.task_queue_sid,
      sidOf(state, 'task_queue', workspace_sid, params.task_queue_name)
    )
    if (workflow_sid === null || task_queue_sid === null) return emptyPage
    const expression = expressionOf(params.evaluate_task_attributes, 'task', 'EvaluateTaskAttributes')
    const [index, key] =
      task_queue_sid !== undefined
        ? (['task_queue_sid', task_queue_sid] as const)
        : workflow_sid !== undefined
          ? (['workflow_sid', workflow_sid] as const)
          : (['workspace_sid', workspace_sid] as const)
    const group = inGroup(state.tables.task, index, key)
    const isMeant = (row: TaskRow) =>
      row.workspace_sid === workspace_sid &&
      (sight === undefined || sight.openTask(row.sid, row)) &&
      (workflow_sid === undefined || row.workflow_sid === workflow_sid) &&
      (assignment_status === undefined || assignment_status.includes(row.assignment_status)) &&
      (priority === undefined || row.priority === priority) &&
      (routing_target === undefined || row.routing_target === routing_target) &&
      (has_addons === undefined || (row.addons !== '{}') === has_addons)
    const keep = expression
      ? await kept(group, isMeant, {
          length: () => expression.source.length,
          longest: expression.source.length,
          test: (row) => expression.matches(state.matcher.task(row))
        })
      : isMeant
    const sort = taskSorting(params.ordering)
    const isOfLiving = assignment_status !== undefined && !assignment_status.some(isOver)
    const at_once = expression && Math.ceil(charactersAtOnce / expression.source.length)
    const listed = isOfLiving
      ? sort
        ? sortedPage(group, page, { keep, sort })
        : pageOf(group, page, { keep })
      : await joinedPage(
          context.ledger,
          {
            kind: 'task',
            index,
            key,
            where: [
              ['workspace_sid', '=', workspace_sid],
              [index, '=', key]
            ]
          },
          page,
          {
            keep,
            sort,
            at_once
          }
        )
    const at = now()
    return mappedPage(listed, (row) => representTask(state, row, at))
  }
} satisfies Handlers

/** Tasks with these statuses may have been put away. */
function isOver(assignment_status: string): boolean {
  return assignment_status === 'completed' || assignment_status === 'canceled'
}

/** A filter's quick part and its expression, which is asked in pieces where that takes long. */
async function kept<R extends Row>(
  group: Group<R>,
  isMeant: (row: R) => boolean,
  { length, test, longest }: Pick<Question<R>, 'length' | 'test'> & { readonly longest: number }
): Promise<(row: R) => boolean> {
  // Most lists are quick, and end with the page.
  if (group.table.count(group.index, group.key) * longest <= charactersAtOnce) return (row) => isMeant(row) && test(row)
  const rows = [...group.table.by(group.index, group.key)].filter(isMeant)
  const suits = await askedInPieces({ table: group.table, rows, length, test })
  return (row) => isMeant(row) && suits(row)
}

/** How many times longer it takes to compile an expression than to ask it. */
const compiling = 50

function inGroup<R extends Row>(table: Table<R>, index: string, key: string): Group<R> {
  return { table, index, key }
}

/** The SID behind a name: undefined where no name is given, null where nothing has it. */
function sidOf(
  state: State,
  kind: 'activity' | 'task_queue' | 'workflow',
  workspace_sid: string,
  name: string | undefined
): string | null | undefined {
  if (name === undefined) return undefined
  return state.tables[kind].firstBy('name', nameKey(workspace_sid, name))?.sid ?? null
}

/** A filter by SID and one by name together: null where they contradict each other. */
function bothSids(sid: string | undefined, named: string | null | undefined): string | null | undefined {
  if (named === undefined || sid === undefined) return named ?? (named === null ? null : sid)
  return named === sid ? sid : null
}

/** How a list is sorted; undefined where nothing is asked for, and the order of creation will do. */
function sortingBy<C extends string>(
  ordering: string | undefined,
  columns: Readonly<Record<string, C>>
): readonly Sorted<C>[] | undefined {
  const sort = orderingOf(ordering, columns)
  return sort.length === 0 ? undefined : sort
}

const taskColumns = {
  DateCreated: 'date_created',
  Priority: 'priority',
  VirtualStartTime: 'virtual_start_time'
} as const satisfies Record<string, keyof TaskRow>

/** `Priority:desc,DateCreated:asc`; undefined where the order of creation will do (reference taskrouter 1.9). */
function taskSorting(ordering: string | undefined): readonly Sorting<TaskRow>[] | undefined {
  const sort = orderingOf(ordering, taskColumns)
  const columns = sort.map(({ column }) => column)
  if (columns.includes('date_created') && columns.includes('virtual_start_time')) {
    throw new InvalidRequest(
      'Parameter Ordering is invalid: DateCreated and VirtualStartTime cannot be combined',
      'Ordering'
    )
  }
  const [only] = sort
  const isCreation = sort.length === 1 && only?.column === 'date_created' && !only.descending
  return sort.length === 0 || isCreation ? undefined : sort
}

/** A worker of whom only attributes are known. */
function unknownWorker(attributes: unknown): WorkerView {
  return { sid: '', friendly_name: '', activity_sid: '', activity_name: '', attributes, channel: () => undefined }
}

/** An empty expression matches nobody (reference taskrouter 1.5). */
function accepts(target_workers: string, worker: WorkerView): boolean {
  return expressionOf(target_workers, 'worker', 'TargetWorkers')?.matches(undefined, worker) ?? false
}
