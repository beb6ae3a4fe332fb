import type { TaskPath, TaskView } from './expression/environment.ts'
import { equalityKey, type IndexKey } from './expression/value.ts'
import type { WorkflowFilter } from './workflow-document.ts'

/**
 * Finds the first filter that matches a task. Filters are tried from the top, but neighbours that compare the same path
 * with a literal each, as those that route by topic do, are looked up by the task's value: a document may have thousands.
 */
export class FilterFinder {
  readonly #runs: readonly Run[]

  constructor(filters: readonly WorkflowFilter[]) {
    const runs: Run[] = []
    for (const filter of filters) {
      const asks = asksOf(filter)
      const last = runs.at(-1)
      const run = last && last.path?.text === asks?.path.text ? last : new Run(asks?.path)
      if (run !== last) runs.push(run)
      run.add(filter, asks?.key)
    }
    this.#runs = runs
  }

  /** The first that matches, beginning with the one at an index. */
  first(task: TaskView, start: number): WorkflowFilter | undefined {
    for (const run of this.#runs) {
      for (const filter of run.candidates(task)) {
        if (filter.index >= start && filter.expression.matches(task)) return filter
      }
    }
    return undefined
  }
}

/** Neighbours that compare the same path, or none. */
class Run {
  readonly path: TaskPath | undefined
  readonly #filters: WorkflowFilter[] = []
  readonly #byKey = new Map<IndexKey, WorkflowFilter[]>()

  constructor(path: TaskPath | undefined) {
    this.path = path
  }

  add(filter: WorkflowFilter, key: IndexKey | undefined): void {
    this.#filters.push(filter)
    if (key === undefined) return
    const filters = this.#byKey.get(key)
    if (filters) filters.push(filter)
    else this.#byKey.set(key, [filter])
  }

  /** Those that may match, in order. */
  candidates(task: TaskView): readonly WorkflowFilter[] {
    if (this.path === undefined) return this.#filters
    const key = equalityKey(this.path.read(task))
    return (key === undefined ? undefined : this.#byKey.get(key)) ?? none
  }
}

/** What the filter's expression asks of one path, whatever else it asks. */
function asksOf({ expression }: WorkflowFilter): { readonly path: TaskPath; readonly key: IndexKey } | undefined {
  for (const part of expression.conjuncts) if (part.kind === 'task' && part.asks) return part.asks
  return undefined
}

const none: readonly WorkflowFilter[] = []
