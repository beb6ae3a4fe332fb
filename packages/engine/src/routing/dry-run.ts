import type { State } from '../center.ts'
import { memberAt } from '../core/member-at.ts'
import { Refusal } from '../core/refusals.ts'
import { type ExplainedFilter, type ExplainedTarget, explainFilters, explainTarget } from './explain.ts'
import { inWorkspace } from './lookup.ts'
import type { TaskRow } from './rows.ts'
import { addTask } from './task.ts'
import { updateWorkflow } from './workflow.ts'

/*
 * Where tasks would go if they came now, along a workflow as it is and as it is planned. The router itself routes them, in
 * a decision that is undone: so whatever is said here is what would happen.
 */

/** What decides where a task goes. */
export interface TriedTask {
  /** Null for one that was made up. */
  readonly task_sid: string | null
  /** JSON text. */
  readonly attributes: string
  readonly priority?: number
  readonly task_channel?: string
}

/** Where a task would be, having been taken by nobody but whom it is offered to at once. */
export interface Route
  extends Pick<
    ExplainedTarget,
    | 'filter_index'
    | 'target_index'
    | 'is_default_filter'
    | 'task_queue_sid'
    | 'task_queue_friendly_name'
    | 'ends_at'
    | 'afterwards'
  > {
  readonly outcome: 'offered' | 'waits' | 'refused'
  /** The same in one sentence. */
  readonly verdict: string
  readonly filter_friendly_name: string | null
  readonly priority: number
  /** Whom it would be offered to at once. */
  readonly worker_sids: readonly string[]
  /** Workers whom the queue's expression accepts. */
  readonly eligible_workers: number
  readonly target_expression: string | null
}

export interface Compared {
  readonly task_sid: string | null
  readonly today: Route
  readonly planned: Route
  /** Names of what differs; of `filter_index`, which moves with every insertion, nothing is said. */
  readonly differs: readonly (typeof compared)[number][]
}

const compared = [
  'outcome',
  'task_queue_sid',
  'priority',
  'worker_sids',
  'target_expression',
  'ends_at',
  'afterwards'
] as const satisfies readonly (keyof Route)[]

interface Planned {
  readonly workspace_sid: string
  readonly sid: string
  /** The instant at which they would come, in milliseconds. */
  readonly at: number
  /** What the workflow would be; without it, what it is. */
  readonly configuration?: string | undefined
}

/** Routes each task as if it came now and alone, today and as planned. Refuses what an update and a create would refuse. */
export function dryRun(state: State, plan: Planned, tasks: readonly TriedTask[]): Compared[] {
  const route = (configuration: string | undefined) => tasks.map((task) => routed(state, plan, configuration, task))
  const today = route(undefined)
  const planned = plan.configuration === undefined ? today : route(plan.configuration)
  return tasks.map(({ task_sid }, n) => {
    const [now, then] = [memberAt(today, n), memberAt(planned, n)] // one for each task
    return { task_sid, today: now, planned: then, differs: compared.filter((name) => !isSame(now[name], then[name])) }
  })
}

/** Warnings that the planned configuration would cause. Refuses one that an update would refuse. */
export function warningsOf(
  state: State,
  { at, configuration, ...path }: Planned
): { readonly warning: string; readonly message: string }[] {
  if (configuration === undefined) return []
  return state.rehearsed(at, () => {
    updateWorkflow(state, { ...path, configuration })
    return state.events.flatMap(({ type, refs: { extra } }) =>
      type === 'ringdown.warning' ? [{ warning: String(extra?.warning), message: String(extra?.message) }] : []
    )
  })
}

/** The filters that a task would try along a configuration, from the top, with what their clauses read. */
export function triedFilters(state: State, plan: Planned, task: TriedTask): readonly ExplainedFilter[] {
  return rehearsedTask(
    state,
    { ...plan, task },
    (row) => explainFilters(state, row),
    () => []
  )
}

function routed(state: State, plan: Planned, configuration: string | undefined, task: TriedTask): Route {
  return rehearsedTask(
    state,
    { ...plan, configuration, task },
    (row) => routeOf(state, row),
    ({ message }) => ({ ...nowhere, verdict: message, priority: task.priority ?? 0 })
  )
}

/** What is read of a task that has come, or of why it is refused, before everything is undone. */
function rehearsedTask<T>(
  state: State,
  { workspace_sid, sid, at, configuration, task }: Planned & { readonly task: TriedTask },
  read: (row: TaskRow) => T,
  refused: (refusal: Refusal) => T
): T {
  const { attributes, priority, task_channel } = task
  inWorkspace(state, 'workflow', workspace_sid, sid)
  return state.rehearsed(at, () => {
    if (configuration !== undefined) {
      const document = state.insert('workflow_document', {
        workspace_sid,
        workflow_sid: sid,
        configuration,
        re_evaluate_at: null
      })
      state.change('workflow', sid, { workflow_document_sid: document.sid })
    }
    const params = { workspace_sid, workflow_sid: sid, attributes }
    try {
      const asked = { ...(priority !== undefined && { priority }), ...(task_channel !== undefined && { task_channel }) }
      return read(addTask(state, { ...params, ...asked }))
    } catch (error) {
      if (error instanceof Refusal) return refused(error)
      throw error
    }
  })
}

const nowhere = {
  outcome: 'refused',
  filter_index: null,
  filter_friendly_name: null,
  is_default_filter: false,
  target_index: null,
  task_queue_sid: null,
  task_queue_friendly_name: null,
  worker_sids: [],
  eligible_workers: 0,
  target_expression: null,
  ends_at: null,
  afterwards: null
} as const

function routeOf(state: State, task: TaskRow): Route {
  const target = explainTarget(state, task)
  const { filter_index, target_index, is_default_filter, task_queue_sid, task_queue_friendly_name } = target
  const document = state.matcher.documentOf(task)
  const worker_sids = [...state.tables.reservation.by('task_sid', task.sid)].map(({ worker_sid }) => worker_sid)
  const names = worker_sids.map((sid) => state.tables.worker.need(sid).friendly_name)
  const eligible_workers = state.matcher.members(task_queue_sid ?? '').size
  return {
    outcome: names.length > 0 ? 'offered' : 'waits',
    verdict:
      names.length > 0
        ? `It would be offered to ${names.join(', ')} at once.`
        : `It would wait in queue ${task_queue_friendly_name}, with ${eligible_workers} eligible workers.`,
    filter_index,
    filter_friendly_name: (filter_index === null ? undefined : document.filters[filter_index]?.friendly_name) ?? null,
    is_default_filter,
    target_index,
    task_queue_sid,
    task_queue_friendly_name,
    priority: task.priority,
    worker_sids,
    eligible_workers,
    target_expression: target.expression,
    ends_at: target.ends_at,
    afterwards: target.afterwards
  }
}

function isSame(a: Route[keyof Route], b: Route[keyof Route]): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
