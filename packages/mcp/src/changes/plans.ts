import { fault, isApi } from '../errors.ts'
import { objectIn } from '../json.ts'
import type { RingdownApi } from '../ringdown-api.ts'
import type { Snapshot, Target } from './objects.ts'

/** One write of a plan, as it was asked for, and the objects it writes as they were when it was planned. */
export interface Step {
  readonly tool: string
  readonly arguments: unknown
  readonly planned: readonly Written[]
}

/** An object before a change, and after it; not yet after it while it is being made. */
export interface Written {
  readonly target: Target
  readonly before?: Snapshot | undefined
  readonly after?: Snapshot | undefined
  /** What it is about, where it is not there yet: `manage_task_queues Night`. */
  readonly making?: string | undefined
}

export type PlanState = 'planned' | 'applying' | 'applied' | 'undone'

export interface Plan {
  readonly planId: string
  readonly steps: readonly Step[]
  readonly state: PlanState
  /** What was written, in that order; of a plan that was broken off, what perhaps was written comes last. */
  readonly written: readonly Written[]
}

const maxPlan = 1_000_000

/** Plans, kept by the server: they are there after a restart, for half an hour. */
export class Plans {
  readonly #api: RingdownApi
  readonly #signal: AbortSignal

  constructor(api: RingdownApi, signal: AbortSignal) {
    this.#api = api
    this.#signal = signal
  }

  async add(steps: readonly Step[]): Promise<Plan> {
    const row = await this.#api.post('ChangePlans', { Content: contentOf({ steps, written: [] }) }, this.#signal)
    return planIn(row)
  }

  /** A plan that has not ended; undefined when there is none. */
  async find(planId: string): Promise<Plan | undefined> {
    if (!/^PL[0-9a-f]{32}$/.test(planId)) return undefined
    try {
      return planIn(await this.#api.get(`ChangePlans/${planId}`, {}, this.#signal))
    } catch (error) {
      if (isApi(error, 404)) return undefined
      throw error
    }
  }

  /**
   * Keeps how far it has come. `from`: the state that it must be in. Throws Fault where somebody else was quicker.
   *
   * A caller who has gone is no reason to lose it.
   */
  async keep({ planId, steps }: Plan, state: PlanState, written: readonly Written[], from?: PlanState): Promise<void> {
    const form = { State: state, Content: contentOf({ steps, written }), ...(from && { From: from }) }
    try {
      await this.#api.post(`ChangePlans/${planId}`, form, AbortSignal.timeout(keep_ms))
    } catch (error) {
      if (!isApi(error, 409)) throw error
      throw fault('bad_value', 'somebody else is at this plan', { argument: 'planId', next: 'look again in a moment' })
    }
  }
}

const keep_ms = 10_000

function contentOf(content: Pick<Plan, 'steps' | 'written'>): string {
  const text = JSON.stringify(content)
  if (text.length <= maxPlan) return text
  throw fault('bad_value', 'the objects of these changes are too large for one plan', {
    argument: 'changes',
    next: 'plan fewer changes at once'
  })
}

function planIn(row: unknown): Plan {
  const { sid, state, content } = objectIn(row)
  const { steps, written }: Pick<Plan, 'steps' | 'written'> = JSON.parse(String(content)) // as contentOf wrote it
  return { planId: String(sid), state: state as PlanState, steps, written } // one of those that updatePlan takes
}
