import { isoSeconds } from '@ringdown/contract/instant'
import { refuse } from '@ringdown/engine/refusals'
import { lookBackMs } from '../../readers/retention.ts'

/** A span of time that is asked for. Instants, both inclusive. */
export interface Window {
  readonly start: number
  readonly end: number
  /** It reaches to now, or beyond. */
  readonly isOpen: boolean
}

const usual_minutes = 15

/**
 * The span that `StartDate`, `EndDate` and `Minutes` name (reference taskrouter 7.1): the last 15 minutes unless said
 * otherwise; `Minutes` is ignored beside a `StartDate`. Refuses what lies more than 30 days back (14241).
 */
export function windowOf(
  params: { readonly start_date?: number; readonly end_date?: number; readonly minutes?: number },
  now: number
): Window {
  const { start_date, end_date, minutes = usual_minutes } = params
  if (start_date === undefined && minutes < 1) refuse('invalid', `Minutes must be at least 1, not ${minutes}`)
  const end = end_date ?? now
  const start = start_date ?? end - minutes * 60_000
  if (start > end) refuse('invalid', `StartDate ${isoSeconds(start)} must not be after EndDate ${isoSeconds(end)}`)
  if (start < now - lookBackMs) refuse('too_far_back', 'StartDate must not be more than 30 days in the past')
  return { start, end, isOpen: end >= now }
}
