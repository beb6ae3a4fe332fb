import { InvalidRequest } from '@ringdown/contract/form'
import type { Settings } from '@ringdown/engine/settings'
import type { Ledger } from '../../commit/ledger.ts'
import type { Context } from '../handler.ts'

/** What Twilio limits by requests a second, each on its own (reference taskrouter 2.6, 7.6, 10; studio 7). */
type Limited =
  | 'EvaluateTaskAttributes'
  | 'TargetWorkersExpression'
  | 'EvaluateWorkerAttributes'
  | 'TaskQueues/RealTimeStatistics'
  | 'Executions'

/** Instants of the last requests by account, in milliseconds of its clock: as many as may come in a second. */
const recent = new WeakMap<Ledger, Map<Limited, number[]>>()

/** Counts a request; refuses it (429/20429) when as many as the account's settings allow came within the last second. */
export function checkRate({ ledger, state, now }: Context, rate: keyof Settings['rates'], what: Limited): void {
  const most = state.settings.rates[rate]
  if (most === null) return
  const byWhat = recent.get(ledger) ?? new Map<Limited, number[]>()
  recent.set(ledger, byWhat)
  const at = now()
  const since = (byWhat.get(what) ?? []).filter((instant) => at - instant < 1000)
  if (since.length >= most) {
    throw new InvalidRequest(`Too Many Requests: ${what} may be asked for ${most} times a second`, null, {
      code: 20429,
      status: 429
    })
  }
  byWhat.set(what, [...since, at])
}
