import { isJsonObject } from '@ringdown/contract/json-text'
import type { CarrierWebhook } from './carrier.ts'
import { isSameText, isSignedBody } from './webhook-proof.ts'
import { wholeText } from './whole-text.ts'

/** What the webhooks of all of Meta's networks have in common (reference messaging 11). */
export const metaWebhook: Pick<CarrierWebhook, 'max_body_bytes' | 'reply' | 'repeats' | 'confirm' | 'isSigned'> = {
  // Meta's own limit is 3 MB.
  max_body_bytes: 4 * 1024 * 1024,
  repeats: true,
  // Exactly 200, or it is sent again.
  reply: { type: 'text/plain', body: 'EVENT_RECEIVED' },

  confirm(text, { secrets }) {
    const query = new URLSearchParams(text)
    const { verify_token } = secrets
    const token = query.get('hub.verify_token') ?? ''
    const isOurs = query.get('hub.mode') === 'subscribe' && verify_token && isSameText(token, verify_token)
    return isOurs ? (query.get('hub.challenge') ?? '').slice(0, 1_024) : undefined
  },

  isSigned(request, { secrets: { app_secret } }) {
    return (app_secret && isSignedBody(request, app_secret)) || false
  }
}

/** The entries of a body of JSON about one kind of thing; undefined for all else. */
export function entriesIn(body: Buffer, objects: readonly string[]): readonly Json[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(body.toString('utf8'))
  } catch {
    return undefined
  }
  if (!isJsonObject(value) || !objects.includes(String(value.object))) return undefined
  return itemsIn(value.entry)
}

export type Json = Readonly<Record<string, unknown>>

export function itemsIn(value: unknown): readonly Json[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

export function partOf(value: unknown): Json {
  return isJsonObject(value) ? value : {}
}

/** A text that is not empty, without what cannot be kept. */
export function wordsIn(value: unknown, maxLength = 8_192): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return wholeText(value.slice(0, maxLength)) || undefined
}

/** Values as texts by their names; those that are missing, or no texts, are left out. */
export function keptTexts(values: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const found = Object.entries(values).flatMap(([name, value]) => {
    const text = typeof value === 'number' || value === true ? String(value) : wordsIn(value, 1_024)
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(found)
}
