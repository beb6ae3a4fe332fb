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
  if (freed.length > 0) offerTo(state, freed, few)
}

function offerTo(state: State, first_freed: readonly WorkerEntry[], few: number): void {
  let freed = first_freed
  let choices: Map<WorkerEntry, TaskRow> | undefined
  let turns: OfferOrder | undefined
  const look = (worker: WorkerEntry) => {
    const task = workFor(state, worker)
    if (task) {
      choices ??= new Map()
      choices.set(worker, task)
    } else choices?.delete(worker)
  }
  for (; ; freed = state.matcher.takeFreed()) {
    if (freed.length > 0 && freed.length + (choices?.size ?? 0) > few) {
      const workers = [...freed, ...(choices?.keys() ?? [])]
      choices = undefined
      turns = new OfferOrder(state, new Set(workers.map((worker) => worker.floor.workspace_sid)))
      // What waits for one worker alone stands in no bucket.
      for (const worker of workers) if (worker.direct) look(worker)
    } else for (const worker of freed) look(worker)
    let first = turns?.first
    const fromTurns = first
    for (const [worker, chosen] of choices ?? []) {
      // A row that is another one now has changed since: somebody else may have the task.
      if (state.find('task', chosen.sid) !== chosen) look(worker)
      const task = choices?.get(worker)
      if (task && (first === undefined || inTurn(state, task, first) < 0)) first = task
    }
    if (first === undefined) return
    if (offer(state, first.sid)) continue
    if (first !== fromTurns) throw new Error(`invariant: task ${first.sid}, chosen for a worker, can be offered`)
    turns?.drop()
  }
}
