import type { State } from '../center.ts'
import type { TaskQueueRow } from '../routing/rows.ts'
import type { Eligibility } from './eligibility.ts'
import type { WorkspaceIndex } from './workspace-index.ts'

/**
 * The eligibilities of each task queue: the one in force, and an upcoming one while workers are evaluated for it in pieces.
 *
 * Invariants: only `changed` writes here, after every change of a queue's row and of a `judging` row of the queue. For each
 * queue that exists there is one eligibility in force, acquired from its workspace once, and an upcoming one exactly while
 * a `judging` row says so. So this is never stale; the members of an eligibility may be.
 */
export class QueueEligibilities {
  readonly #state: State
  readonly #workspaceIndex: (workspace_sid: string) => WorkspaceIndex
  readonly #inForce = new Map<string, Eligibility>()
  readonly #upcoming = new Map<string, Eligibility>()

  constructor(state: State, workspaceIndex: (workspace_sid: string) => WorkspaceIndex) {
    this.#state = state
    this.#workspaceIndex = workspaceIndex
  }

  /** Of the expression that is in force in the queue; undefined when there is no such queue. */
  inForce(task_queue_sid: string): Eligibility | undefined {
    return this.#inForce.get(task_queue_sid)
  }

  /** Of the expression that is upcoming in the queue. Throws when there is none. */
  upcoming(task_queue_sid: string): Eligibility {
    const eligibility = this.#upcoming.get(task_queue_sid)
    if (!eligibility) throw new Error(`invariant: an expression is upcoming in ${task_queue_sid}`)
    return eligibility
  }

  /** The text of the expression in force: the queue's own, or the former one while its own is upcoming. */
  expressionInForce({ sid, target_workers }: TaskQueueRow): string {
    return this.#state.tables.judging.firstBy('task_queue_sid', sid)?.former ?? target_workers
  }

  /** The queue, or what is in force there, may have changed. Answers whether another expression is in force. */
  changed({ sid, workspace_sid }: TaskQueueRow, after: TaskQueueRow | undefined): boolean {
    const workspaceIndex = this.#workspaceIndex(workspace_sid)
    const source = after && this.expressionInForce(after)
    const upcomingSource = after && source !== after.target_workers ? after.target_workers : undefined
    const old = this.#inForce.get(sid)
    const upcoming = this.#upcoming.get(sid)
    const isOther = old?.expression.source !== source
    // What is acquired before the old one is released need not be evaluated again where both are the same.
    if (isOther) {
      if (source === undefined) this.#inForce.delete(sid)
      else this.#inForce.set(sid, workspaceIndex.acquire(source))
    }
    if (upcoming?.expression.source !== upcomingSource) {
      if (upcomingSource === undefined) this.#upcoming.delete(sid)
      else this.#upcoming.set(sid, workspaceIndex.acquireUpcoming(upcomingSource))
      if (upcoming) workspaceIndex.releaseUpcoming(upcoming)
    }
    if (isOther && old) workspaceIndex.release(old)
    return isOther
  }
}
