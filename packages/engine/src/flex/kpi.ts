import { holdsObject, isJsonObject, setAt, valueAt } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { valueIn } from '../core/json.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { setupFlex } from './configuration.ts'
import { kpisIn } from './kpis.ts'
import type { FlexConfigurationRow } from './rows.ts'

/*
 * KPIs live in the configuration's `attributes.kpis` and nowhere else: whoever writes the configuration writes them. What an
 * expression means is not known here; whoever executes these commands has read it.
 */

export interface KpiParams {
  /** JSON text. */
  readonly expression?: string
  /** "" clears it. */
  readonly format?: string
  /** Null clears it. */
  readonly target?: number | null
}

const maxKpis = 200
const maxExpression = 8_192

export function createKpi(
  state: State,
  { name, expression, ...params }: { readonly name: string; readonly expression: string } & KpiParams
): { flex_configuration: FlexConfigurationRow } {
  if (!/^[a-z][a-z0-9_]{0,63}$/.test(name))
    refuse(
      'invalid',
      `Value '${name}' provided for name must begin with a letter from a to z, and hold letters, digits and _`
    )
  const before = setupFlex(state).flex_configuration
  const known = kpisIn(before.attributes)
  if (Object.hasOwn(known, name)) refuse('conflict', `There is a KPI ${name} already`)
  if (Object.keys(known).length >= maxKpis) refuse('invalid', `At most ${maxKpis} KPIs are possible`)
  return written(state, before, name, kpiText({}, { expression, ...params }))
}

export function updateKpi(
  state: State,
  { name, ...params }: { readonly name: string } & KpiParams
): { flex_configuration: FlexConfigurationRow } {
  const before = setupFlex(state).flex_configuration
  const known = kpiOf(before, name)
  // Written by hand, a KPI may be the expression alone.
  const whole = isJsonObject(known) && 'expression' in known ? known : { expression: known }
  return written(state, before, name, kpiText(whole, params))
}

export function deleteKpi(state: State, { name }: { readonly name: string }): Record<string, never> {
  const before = setupFlex(state).flex_configuration
  kpiOf(before, name)
  const left = Object.entries(kpisIn(before.attributes)).filter(([other]) => other !== name)
  change(state, before, JSON.stringify(Object.fromEntries(left)))
  return {}
}

function kpiOf({ attributes }: FlexConfigurationRow, name: string): unknown {
  const known = kpisIn(attributes)
  return Object.hasOwn(known, name) ? known[name] : notFound(`/Insights/Kpis/${name}`)
}

function kpiText(before: Readonly<Record<string, unknown>>, { expression, format, target }: KpiParams): string {
  checkLength(expression, 'expression', maxExpression)
  checkLength(format, 'format', 64)
  const kpi: Record<string, unknown> = { ...before }
  if (expression !== undefined) kpi.expression = valueIn(expression)
  if (format !== undefined) kpi.format = format === '' ? undefined : format
  if (target !== undefined) kpi.target = target === null ? undefined : target
  return JSON.stringify(kpi)
}

function written(state: State, before: FlexConfigurationRow, name: string, kpi: string) {
  const text = textOf(before)
  const kpis = valueAt(text, ['kpis'])
  const own = kpis !== undefined && holdsObject(kpis) ? kpis : '{}'
  return { flex_configuration: change(state, before, setAt(own, [name], kpi)) }
}

/** The rest of the attributes stays as it was written. */
function change(state: State, before: FlexConfigurationRow, kpis: string): FlexConfigurationRow {
  const attributes = setAt(textOf(before), ['kpis'], kpis)
  return state.change('flex_configuration', before.sid, { attributes })
}

function textOf({ attributes }: FlexConfigurationRow): string {
  if (typeof attributes === 'string') return holdsObject(attributes) ? attributes : '{}'
  return JSON.stringify(attributes ?? {})
}
