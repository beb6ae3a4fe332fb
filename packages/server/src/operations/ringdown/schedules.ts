import { scheduleOf } from '@ringdown/engine/schedules/schedule'
import { statusOf } from '@ringdown/engine/schedules/status'
import { type Noun, noun } from '../derived.ts'
import type { Handlers } from '../handler.ts'

/** Opening hours (reference studio 5). */
export const scheduleNouns: Readonly<Record<string, Noun>> = {
  schedule: noun({
    kind: 'schedule',
    find: ({ state }, { name }: { readonly name: string }) => scheduleOf(state, name),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid })
  })
}

export const scheduleHandlers = {
  'ringdown_v1.FetchScheduleStatus'({ path: { name }, params }, { state, now }) {
    const at = params.at ?? now()
    const row = scheduleOf(state, name)
    const status = statusOf(state, row, at)
    return {
      name: row.name,
      ...status,
      at,
      is_open: status.open,
      closed_reason: status.open ? null : (status.label ?? status.reason)
    }
  }
} satisfies Handlers
