import { operations } from '@ringdown/contract/generated/operations'
import type { Operation } from '@ringdown/contract/operation'
import { operationsAdded } from '@ringdown/contract/overlay-operations'

/** How the server does an operation; one that is not in the map answers 501. */
export interface Implementation {
  /** By the general rules for its verb, or by a handler of its own. */
  readonly how: 'derived' | 'written'
  /** The test that holds it to the reference. */
  readonly verified_by?: string
}

/**
 * The text of docs/parity.md: per API how many operations are derived, written and missing, then every operation.
 * `implemented` is keyed by operation id. Throws on an id that no operation has.
 */
export function parityTable(implemented: ReadonlyMap<string, Implementation>): string {
  const known = new Set(operations.map(({ id }) => id))
  const unknown = [...implemented.keys()].filter((id) => !known.has(id))
  if (unknown.length > 0) throw new Error(`No such operation: ${unknown.join(', ')}`)
  const apis = [...new Set(operations.map(({ api }) => api))]
  return [
    '# Parity',
    'Generated from the contract and the server; a test fails when it is stale. Every operation of the APIs is here, those of our own (ringdown_v1) too: *derived* ones\nfollow the general rules for their verb, *written* ones have a handler of their own, *missing* ones answer 501.',
    countsTable(apis, implemented),
    ...apis.map((api) => `## ${api}\n\n${operationsTable(ofApi(api), implemented)}`),
    ''
  ].join('\n\n')
}

function countsTable(apis: readonly string[], implemented: ReadonlyMap<string, Implementation>): string {
  const row = (name: string, of: readonly Operation[]) => {
    const count = (how: string) => of.filter(({ id }) => (implemented.get(id)?.how ?? 'missing') === how).length
    return `| ${name} | ${of.length} | ${count('derived')} | ${count('written')} | ${count('missing')} |`
  }
  return [
    '| API | operations | derived | written | missing |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...apis.map((api) => row(api, ofApi(api))),
    row('all', operations)
  ].join('\n')
}

function operationsTable(of: readonly Operation[], implemented: ReadonlyMap<string, Implementation>): string {
  const fromOverlay = new Set(operationsAdded.map(({ operation }) => operation.id))
  const rows = of.map(({ id, api, method, path }) => {
    const { how = 'missing', verified_by = '' } = implemented.get(id) ?? {}
    const origin = fromOverlay.has(id) ? " (documented, not in Twilio's file)" : ''
    return `| ${id.slice(api.length + 1)} | ${method} \`${path}\`${origin} | ${how} | ${verified_by && `\`${verified_by}\``} |`
  })
  return ['| operation | route | how | verified by |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

function ofApi(api: string): Operation[] {
  return operations.filter((operation) => operation.api === api)
}
