import type { State } from '../center.ts'
import type { WorkerEntry } from '../matching/entry.ts'
import { inTurn, OfferOrder, workFor } from '../matching/match.ts'
import { offer } from './offer.ts'
import type { TaskRow } from './rows.ts'

/**
 * Offers what waits to everybody for whom something has changed, until nothing more can be offered. The task that is first
 * in turn among all that these workers can take is offered first, to whoever is its first choice.
 *
 * For a few workers it looks what each can take; when there are more than `few` of them, at all that waits, in turn.
 */
export function offerWaiting(state: State, few = 16): void {
  const freed = state.matcher.takeFreed()
  if (freed.length > 0) offerToFreed(state, freed, few)
}

function offerToFreed(state: State, first_freed: readonly WorkerEntry[], few: number): void {
  const choices = new Choices(state)
  let order: OfferOrder | undefined
  for (let freed = first_freed; ; freed = state.matcher.takeFreed()) {
    if (freed.length > 0 && freed.length + choices.size > few) {
      const workers = [...freed, ...choices.clear()]
      order = new OfferOrder(state, new Set(workers.map((worker) => worker.floor.workspace_sid)))
      // What waits for one worker alone stands in no bucket.
      for (const worker of workers) if (worker.direct) choices.look(worker)
    } else for (const worker of freed) choices.look(worker)
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

  /** Looks what the worker can take now. */
  look(worker: WorkerEntry): void {
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
      // A row that is another one now has changed since: somebody else may have the task.
      if (this.#state.find('task', chosen.sid) !== chosen) this.look(worker)
      const task = this.#tasks?.get(worker)
      if (task && (first === undefined || inTurn(this.#state, task, first) < 0)) first = task
    }
    return first
  }
}
