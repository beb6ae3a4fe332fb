import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '@ringdown/engine/core/json'
import { settingOf } from '@ringdown/engine/messaging/lookup'
import type { CarrierContext } from './carrier.ts'
import type { PartOutcome } from './giving.ts'
import { errorIn, type GraphError, meaningOf } from './graph-errors.ts'
import { askNetwork, basePlace, retryAfter, type WebRequest } from './web.ts'

/** Meta's Graph API, as WhatsApp, Messenger and Instagram are spoken to (reference messaging 11 and 12). */

/** The version that is spoken unless the configuration has another one. */
const usualVersion = 'v23.0'
/** Milliseconds before a customer who was sent too much may be sent more. */
const pairLimit_ms = 10_000

/** An answer; or why there is none. `isSure`: the request was not carried out. */
export type GraphAnswer =
  | { readonly answer: Readonly<Record<string, unknown>> }
  | { readonly error: GraphError; readonly retry_ms: number | undefined }
  | { readonly failed: string; readonly isSure: boolean; readonly retry_ms: number | undefined }

/** Asks the API for a path below its version, with the access token. */
export async function askGraph(
  context: CarrierContext,
  path: string,
  { headers, ...request }: Omit<WebRequest, 'url'> = { method: 'GET' }
): Promise<GraphAnswer> {
  const { carrier, secrets } = context
  const version = settingOf(carrier, 'version')
  const base = basePlace(settingOf(carrier, 'base_url'), 'https://graph.facebook.com')
  const place = `${base}/${typeof version === 'string' && /^v\d+\.\d+$/.test(version) ? version : usualVersion}`
  const outcome = await askNetwork(
    {
      ...request,
      url: `${place}/${path}`,
      headers: { Authorization: `Bearer ${secrets.access_token ?? ''}`, ...headers }
    },
    context
  )
  if ('failed' in outcome) return { ...outcome, retry_ms: undefined }
  const retry_ms = retryAfter(outcome.headers)
  const answer = valueIn(outcome.body)
  const error = errorIn(answer)
  if (error) return { error, retry_ms }
  if (outcome.status === 200 && isJsonObject(answer)) return { answer }
  // Rate limits are checked before anything is carried out.
  const isSure = outcome.status === 429
  return { failed: `Meta answered ${outcome.status}${isSure ? '' : ' with nonsense'}`, isSure, retry_ms }
}

/** Gives one message to the API; `named` finds its name in the answer. */
export async function giveToGraph(
  context: CarrierContext,
  path: string,
  body: object,
  named: (answer: Readonly<Record<string, unknown>>) => unknown
): Promise<PartOutcome> {
  const asked = await askGraph(context, path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body)
  })
  if ('answer' in asked) {
    const name = named(asked.answer)
    if (typeof name === 'string' && name !== '') return { taken: name }
    return { away: 'Meta answered with nonsense', isUnsure: true }
  }
  if ('failed' in asked) {
    const { failed, isSure, retry_ms } = asked
    return { away: failed, isUnsure: !isSure, ...(retry_ms !== undefined && { after_ms: retry_ms }) }
  }
  return outcomeOf(asked.error, asked.retry_ms)
}

/** What an error of the API means for a message that it was given. */
export function outcomeOf(error: GraphError, retry_ms: number | undefined): PartOutcome {
  const { meaning, code } = meaningOf(error)
  if (meaning === 'wait') return { wait: error.text, after_ms: retry_ms ?? pairLimit_ms }
  if (meaning === 'away') return { away: error.text, ...(retry_ms !== undefined && { after_ms: retry_ms }) }
  return { error_code: code, error_message: error.text, ...(meaning === 'trouble' && { trouble: true }) }
}

/** Tries a connection by asking for something of ours; resolves with what is wrong, null where it is well. */
export async function testGraph(
  context: CarrierContext,
  path: string,
  needed: readonly string[]
): Promise<string | null> {
  const missing = needed.filter((name) => !context.secrets[name])
  if (missing.length > 0) return `Secrets has no ${missing.join(', ')}`
  const asked = await askGraph(context, path)
  if ('answer' in asked) return null
  return 'failed' in asked ? `Meta cannot be reached: ${asked.failed}` : asked.error.text
}
