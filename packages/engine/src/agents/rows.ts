import type { SituationArguments } from '@ringdown/contract/situations'
import { flag, integer, json, kind, type RowOf, text } from '../core/kind.ts'
import { nameKey } from '../core/names.ts'

/**
 * What has to be watched because somebody wants to be told of it and no event tells of it by itself
 * (docs/decisions/058-rules-and-subscriptions-are-rows.md).
 */
const situationRuleColumns = {
  account_sid: text(),
  situation: text(),
  arguments: json<SituationArguments>(),
  /** Situation and arguments in one text: who wants the same has the same rule. */
  wanted: text(),
  /** Null: all queues. */
  task_queue_sid: text<string | null>(),
  /** When it is looked at next; null until something happens in its queue. */
  check_at: integer<number | null>(),
  /** Whoever wants it to go on says so before. */
  ends_at: integer(),
  /** Waits that have become too long up to then have been told. */
  looked_at: integer(),
  /** Of a threshold: since when its figure is beyond it, and whether that was told. */
  beyond_since: integer<number | null>(),
  is_told: flag()
} as const
export type SituationRuleRow = RowOf<typeof situationRuleColumns>

/** An address to which a situation is sent, for as long as somebody says that it is wanted. */
const situationSubscriptionColumns = {
  account_sid: text(),
  /** `sub_…`: of who wants it, the address, the situation and its arguments; a subscriber knows it by this. */
  subscription_id: text(),
  situation: text(),
  arguments: json<SituationArguments>(),
  /** SID of the API key, or of the account, that wants it. */
  owner_sid: text(),
  url: text(),
  sealed_secret: text(),
  /** The secret before, which signs as well until an instant. */
  former_secret: text<string | null>(),
  former_until: integer<number | null>(),
  /** Events with a greater seq are sent. */
  begins_after: integer(),
  rule_sid: text<string | null>(),
  redact: flag(),
  hide_customer_text: flag(),
  ends_at: integer(),
  /** When its owner lost the right to it; nothing is sent since, but that. */
  terminated_at: integer<number | null>(),
  /** Since when its address has missed something without knowing it. */
  gap_since: integer<number | null>()
} as const
export type SituationSubscriptionRow = RowOf<typeof situationSubscriptionColumns>

/** Writes that an agent has planned, and what they have written: it may be taken back as long as the row is there. */
const changePlanColumns = {
  account_sid: text(),
  state: text<ChangePlanState>(),
  /** JSON text of whoever planned: nothing here reads it. */
  content: text(),
  ends_at: integer()
} as const
export type ChangePlanRow = RowOf<typeof changePlanColumns>

export const changePlanStates = ['planned', 'applying', 'applied', 'undone'] as const
export type ChangePlanState = (typeof changePlanStates)[number]

export const agentKinds = {
  change_plan: kind(changePlanColumns, {
    prefix: 'PL',
    indexes: { account_sid: (row) => row.account_sid },
    timers: { ends_at: 'timer.change_plan' }
  }),
  situation_rule: kind(situationRuleColumns, {
    prefix: 'RU',
    indexes: {
      account_sid: (row) => row.account_sid,
      wanted: (row) => row.wanted,
      /** Rules by what they watch: a queue, or `*` for all of them. */
      watched: (row) => nameKey(row.situation, row.task_queue_sid ?? '*')
    },
    timers: { check_at: 'timer.situation_rule', ends_at: 'timer.situation_rule_ends' }
  }),
  situation_subscription: kind(situationSubscriptionColumns, {
    prefix: 'SB',
    indexes: {
      account_sid: (row) => row.account_sid,
      subscription_id: (row) => row.subscription_id,
      situation: (row) => row.situation,
      owner_sid: (row) => row.owner_sid,
      /** Who has shown that an address is theirs need not show it again. */
      place: (row) => nameKey(row.owner_sid, row.url)
    },
    timers: { ends_at: 'timer.situation_subscription' }
  })
}
