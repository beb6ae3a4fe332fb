import { flowOf } from '@ringdown/engine/studio/revisions'
import { type ColdQuery, type Noun, noun } from '../derived.ts'
import type { One } from '../handler.ts'
import { checkRate } from '../taskrouter/rates.ts'
import { executionOf, executionStepOf, type OfExecution, type OfFlow, revisionOf } from './cold-lookup.ts'
import {
  representExecution,
  representFlow,
  representListedRevision,
  representRevision,
  representStep
} from './representation.ts'

/** Resources of Studio whose operations follow the general rules (reference studio 1). */
export const studioNouns: Readonly<Record<string, Noun>> = {
  flow: noun({
    kind: 'flow',
    find: ({ state }, { sid }: One) => flowOf(state, sid),
    represent: representFlow
  }),
  flow_revision: (operation) => (operation.verb === 'list' ? listedRevision : revision)(operation),
  test_user: noun({
    kind: 'flow',
    find: ({ state }, { sid }: One) => flowOf(state, sid),
    commands: { update: 'test_user.update' }
  }),
  execution: noun({
    kind: 'execution',
    find: (context, { flow_sid, sid }: OfFlow & One) => executionOf(context, flow_sid, sid),
    rows: ({ state }, { flow_sid }: OfFlow, params) => ({
      where: [
        ['flow_sid', '=', flowOf(state, flow_sid).sid],
        ...executionFilters(params as ExecutionFilters) // as: they are the parameters of that list
      ],
      order: ['seq'],
      descending: true
    }),
    represent: representExecution,
    async agreed(context, command) {
      if (command.type === 'execution.create') checkRate(context, 'execution_starts', 'Executions')
      return command
    }
  }),
  execution_step: noun({
    kind: 'execution_step',
    find: (context, path: OfExecution & One) => executionStepOf(context, path, path.sid),
    rows: async (context, { flow_sid, execution_sid }: OfExecution) => ({
      where: [['execution_sid', '=', (await executionOf(context, flow_sid, execution_sid)).sid]],
      order: ['seq']
    }),
    represent: representStep
  })
}

const revision = noun({
  kind: 'flow_revision',
  find: (context, { sid, revision: name }: One & { readonly revision: string }) => revisionOf(context, sid, name),
  represent: (_state, row) => representRevision(row)
})

const listedRevision = noun({
  kind: 'flow_revision',
  rows: ({ state }, { sid }: One) => ({
    where: [['flow_sid', '=', flowOf(state, sid).sid]],
    order: ['seq'],
    descending: true
  }),
  represent: (_state, row) => representListedRevision(row)
})

interface ExecutionFilters {
  readonly status?: string
  /** Milliseconds; both ends are part of it. */
  readonly date_created_from?: number
  readonly date_created_to?: number
}

function executionFilters({ status, date_created_from, date_created_to }: ExecutionFilters): ColdQuery['where'] {
  return [
    ...(status === undefined ? [] : [['status', '=', status] as const]),
    ...(date_created_from === undefined ? [] : [['date_created', '>=', date_created_from] as const]),
    // To the end of its second: texts have no milliseconds.
    ...(date_created_to === undefined ? [] : [['date_created', '<', date_created_to + 1000] as const])
  ]
}
