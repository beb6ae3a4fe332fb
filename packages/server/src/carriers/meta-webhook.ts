import { createHmac, timingSafeEqual } from 'node:crypto'
import { isJsonObject } from '@ringdown/contract/json-text'
import type { CarrierWebhook } from './carrier.ts'
import { wholeText } from './whole-text.ts'

/** What the webhooks of all of Meta's networks have in common (reference messaging 11). */
export const metaDoor: Pick<CarrierWebhook, 'longestBody' | 'reply' | 'repeats' | 'confirm' | 'isSigned'> = {
  // Meta's own limit is 3 MB.
  longestBody: 4 * 1024 * 1024,
  repeats: true,
  // Exactly 200, or it is sent again.
  reply: { type: 'text/plain', body: 'EVENT_RECEIVED' },

  confirm(text, { secrets }) {
    const query = new URLSearchParams(text)
    const { verify_token } = secrets
    const given = query.get('hub.verify_token') ?? ''
    const isRight = query.get('hub.mode') === 'subscribe' && verify_token && isSameText(given, verify_token)
    return isRight ? (query.get('hub.challenge') ?? '').slice(0, 1_024) : undefined
  },

  isSigned({ headers, body }, { secrets }) {
    const { app_secret } = secrets
    const [, hex = ''] = /^sha256=([0-9a-f]{64})$/i.exec(String(headers['x-hub-signature-256'] ?? '')) ?? []
    if (!app_secret || hex === '') return false
    return timingSafeEqual(Buffer.from(hex, 'hex'), createHmac('sha256', app_secret).update(body).digest())
  }
}

function isSameText(given: string, right: string): boolean {
  const [a, b] = [given, right].map((text) => createHmac('sha256', 'compare').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
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
export function wordsIn(value: unknown, longest = 8_192): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined
  return wholeText(value.slice(0, longest)) || undefined
}

/** Texts by their names; those that are not there are left out. */
export function toldOf(told: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  const found = Object.entries(told).flatMap(([name, value]) => {
    const text = typeof value === 'number' || value === true ? String(value) : wordsIn(value, 1_024)
    return text === undefined ? [] : [[name, text] as const]
  })
  return Object.fromEntries(found)
}
