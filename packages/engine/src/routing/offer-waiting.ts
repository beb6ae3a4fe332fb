import type { State } from '../center.ts'
import type { WorkerEntry } from '../matching/entry.ts'
import { inTurn, OfferOrder, workFor } from '../matching/match.ts'
import { offer } from './offer.ts'
import type { TaskRow } from './rows.ts'

/**
 * Offers what waits to all workers who are marked because something changed for them, until nothing more can be offered. The task that is first
 * in turn among all that these workers can take is offered first, to whoever is its first choice.
 *
 * For a few workers it searches what each can take; for more than `few` it goes through all that waits, in turn.
 */
export function offerWaiting(state: State, few = 16): void {
  const marked = state.matcher.takeMarkedForOffer()
  if (marked.length > 0) offerToMarked(state, marked, few)
}

function offerToMarked(state: State, first_marked: readonly WorkerEntry[], few: number): void {
  const choices = new Choices(state)
  let order: OfferOrder | undefined
  for (let marked = first_marked; ; marked = state.matcher.takeMarkedForOffer()) {
    if (marked.length > 0 && marked.length + choices.size > few) {
      const workers = [...marked, ...choices.clear()]
      order = new OfferOrder(state, new Set(workers.map((worker) => worker.workspaceIndex.workspace_sid)))
      // What waits for one worker alone is in no bucket.
      for (const worker of workers) if (worker.direct) choices.search(worker)
    } else for (const worker of marked) choices.search(worker)
    const inOrder = order?.first
    const first = choices.firstWith(inOrder)
    if (first === undefined) return
    if (offer(state, first.sid)) continue
    if (first !== inOrder) throw new Error(`invariant: task ${first.sid}, chosen for a worker, can be offered`)
    order?.drop()
  }
}

/** What each of a few workers would take. */
class Choices {
  readonly #state: State
  /** Made when there is the first: most decisions free workers for whom nothing waits. */
  #tasks: Map<WorkerEntry, TaskRow> | undefined

  constructor(state: State) {
    this.#state = state
  }

  get size(): number {
    return this.#tasks?.size ?? 0
  }

  /** Searches what the worker can take now. */
  search(worker: WorkerEntry): void {
    const task = workFor(this.#state, worker)
    if (task) {
      this.#tasks ??= new Map()
      this.#tasks.set(worker, task)
    } else this.#tasks?.delete(worker)
  }

  /** Forgets all choices; the workers who had one. */
  clear(): WorkerEntry[] {
    const workers = [...(this.#tasks?.keys() ?? [])]
    this.#tasks = undefined
    return workers
  }

  /** The first in turn of what was chosen and of one task more. */
  firstWith(other: TaskRow | undefined): TaskRow | undefined {
    let first = other
    for (const [worker, chosen] of this.#tasks ?? []) {
      // The task's row has changed since it was chosen, so somebody else may have the task.
      if (this.#state.tables.task.find(chosen.sid) !== chosen) this.search(worker)
      const task = this.#tasks?.get(worker)
      if (task && (first === undefined || inTurn(this.#state, task, first) < 0)) first = task
    }
    return first
  }
}
