import type { FlexFlowRow } from '@ringdown/engine/flex/rows'
import { notFound } from '@ringdown/engine/routing/lookup'
import type { Noun } from '../derived.ts'

/** Resources of Flex whose operations follow the general rules. */
export const flexNouns: Readonly<Record<string, Noun>> = {
  flex_flow: {
    kind: 'flex_flow',
    find: (state, { sid }) => state.find('flex_flow', String(sid)) ?? notFound(`/FlexFlows/${sid}`),
    group: (state) => ['account_sid', state.account_sid],
    shown: (_state, row) => row
  } satisfies Noun<FlexFlowRow> as unknown as Noun // it only ever sees rows of its own kind
}
