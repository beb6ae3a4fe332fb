import { notFound } from '@ringdown/engine/core/parameters'
import { checkInstance, interactionWebhookOf } from '@ringdown/engine/flex/interaction-webhook'
import type { FlexFlowRow, InteractionWebhookRow } from '@ringdown/engine/flex/rows'
import type { Noun } from '../derived.ts'

/** Resources of Flex whose operations follow the general rules. */
export const flexNouns: Readonly<Record<string, Noun>> = {
  flex_flow: {
    kind: 'flex_flow',
    find: (state, { sid }) => state.find('flex_flow', String(sid)) ?? notFound(`/FlexFlows/${sid}`),
    group: (state) => ['account_sid', state.account_sid],
    shown: (_state, row) => row
  } satisfies Noun<FlexFlowRow> as unknown as Noun, // it only ever sees rows of its own kind
  interaction_webhook: {
    kind: 'interaction_webhook',
    find: (state, { instance_sid, ttid }) => interactionWebhookOf(state, String(instance_sid), String(ttid)),
    group: (state, { instance_sid }) => {
      checkInstance(state, String(instance_sid))
      return ['instance_sid', String(instance_sid)]
    },
    shown: (_state, row) => shownInteractionWebhook(row)
  } satisfies Noun<InteractionWebhookRow> as unknown as Noun // as above
}

/** What is a SID here is a ttid there. */
export function shownInteractionWebhook(row: InteractionWebhookRow) {
  return { ...row, ttid: row.sid }
}
