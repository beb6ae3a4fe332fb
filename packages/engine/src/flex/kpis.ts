import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '../core/json.ts'

/** What `attributes` hold under `kpis`, by name: attributes are JSON text where somebody has written them. */
export function kpisIn(attributes: unknown): Readonly<Record<string, unknown>> {
  const root = typeof attributes === 'string' ? valueIn(attributes) : attributes
  return isJsonObject(root) && isJsonObject(root.kpis) ? root.kpis : {}
}

/** What is left out of attributes that take the place of others: names of KPIs. */
export function lostKpis(before: unknown, after: unknown): string[] {
  const kept = kpisIn(after)
  return Object.keys(kpisIn(before)).filter((name) => !Object.hasOwn(kept, name))
}
