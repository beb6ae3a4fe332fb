import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '@ringdown/engine/center'
import { kpisIn } from '@ringdown/engine/flex/kpis'
import type { Kpi } from './question.ts'

/** The KPIs of a Flex configuration, in the order of their names. What is no KPI is passed over. */
export function kpisOf(configuration: { readonly attributes: unknown } | undefined): Kpi[] {
  return Object.entries(kpisIn(configuration?.attributes))
    .flatMap(([name, value]) => kpiIn(name, value) ?? [])
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** Written by hand, a KPI may be the expression alone. */
function kpiIn(name: string, value: unknown): Kpi | undefined {
  if (!isJsonObject(value)) return undefined
  if (!('expression' in value)) return { name, expression: value }
  const { expression, format, target } = value
  return {
    name,
    expression,
    format: typeof format === 'string' ? format : undefined,
    target: typeof target === 'number' ? target : undefined
  }
}

/** Those of the account. */
export function accountKpis(state: State): Kpi[] {
  return kpisOf(state.find('flex_configuration', state.account_sid))
}
