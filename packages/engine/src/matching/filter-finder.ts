import type { PlainConjunct } from './expression/compile.ts'
import type { TaskPath, TaskView } from './expression/environment.ts'
import { equalityKey, type ValueKey } from './expression/value.ts'
import type { WorkflowFilter } from './workflow-document.ts'

/**
 * Finds the first filter of a workflow that matches a task. Filters are tried from the top. Neighbours that each compare the
 * same path with a literal, as filters by topic do, are looked up by the task's value instead, since a document may have
 * thousands.
 *
 * Invariant: it never changes, like the document it belongs to. Groups, and the filters in each, are in the document's order.
 */
export class FilterFinder {
  readonly #groups: readonly FilterGroup[]

  constructor(filters: readonly WorkflowFilter[]) {
    const groups: FilterGroup[] = []
    for (const filter of filters) {
      const lookup = lookupOf(filter)
      const last = groups.at(-1)
      const group = last && last.path?.text === lookup?.path.text ? last : new FilterGroup(lookup?.path)
      if (group !== last) groups.push(group)
      group.add(filter, lookup?.key)
    }
    this.#groups = groups
  }

  /** The first filter that matches the task, beginning with the one at index `start`. */
  first(task: TaskView, start: number): WorkflowFilter | undefined {
    for (const group of this.#groups) {
      for (const filter of group.candidates(task)) {
        if (filter.index >= start && filter.expression.matches(task)) return filter
      }
    }
    return undefined
  }
}

/** Neighbours that compare the same path with a literal, or that compare none. */
class FilterGroup {
  readonly path: TaskPath | undefined
  readonly #filters: WorkflowFilter[] = []
  readonly #byKey = new Map<ValueKey, WorkflowFilter[]>()

  constructor(path: TaskPath | undefined) {
    this.path = path
  }

  add(filter: WorkflowFilter, key: ValueKey | undefined): void {
    this.#filters.push(filter)
    if (key === undefined) return
    const filters = this.#byKey.get(key)
    if (filters) filters.push(filter)
    else this.#byKey.set(key, [filter])
  }

  /** The filters that may match, in order. */
  candidates(task: TaskView): readonly WorkflowFilter[] {
    if (this.path === undefined) return this.#filters
    const key = equalityKey(this.path.read(task))
    return (key === undefined ? undefined : this.#byKey.get(key)) ?? none
  }
}

/** The value that the filter's expression requires at one path, whatever else it requires. */
function lookupOf({ expression }: WorkflowFilter): PlainConjunct['task_lookup'] {
  for (const part of expression.conjuncts) if (part.kind === 'task' && part.task_lookup) return part.task_lookup
  return undefined
}

const none: readonly WorkflowFilter[] = []
