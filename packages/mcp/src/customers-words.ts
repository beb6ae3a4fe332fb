import { customersNotice, isOurs, masked, type Privacy } from '@ringdown/contract/masking'
import { StoredJson } from './json.ts'
import type { Outcome } from './results.ts'

/** Members of results that hold what customers wrote or are called, by tool. */
const wordsOf: Readonly<Record<string, ReadonlySet<string>>> = {
  create_interaction: new Set(['attributes', 'customerName']),
  manage_interaction_channel: new Set(['attributes']),
  manage_interaction_participants: new Set(['attributes']),
  manage_tasks: new Set(['attributes', 'addons', 'reason']),
  manage_conversations: new Set(['attributes', 'friendlyName', 'uniqueName']),
  manage_conversation_participants: new Set(['attributes', 'identity', 'messagingBinding', 'messagingBindingAddress']),
  send_conversation_message: new Set(['body', 'attributes', 'subject']),
  list_conversation_messages: new Set(['body', 'attributes', 'subject', 'author', 'filename']),
  manage_studio_flows: new Set(['context', 'contactChannelAddress']),
  wait_for_events: new Set(['summary', 'data']),
  explain_routing: new Set(['values']),
  query_insights: new Set(['outcome', 'label'])
}
/** A column of what attributes hold: `attributes.customer.name`. */
const isAttribute = (key: string): boolean => key.startsWith('attributes.')

/** Those that are long enough to be taken for instructions: a result that carries one says what it is. */
const fenced = new Set([
  ...['body', 'attributes', 'context', 'subject', 'summary', 'data', 'values', 'filename'],
  ...['outcome', 'label']
])

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (value instanceof StoredJson && /^\{\s*\}$/.test(value.text))

/** A result with customers' words told to be data, and shown as far as they may be. */
export function fencedOutcome(tool: string, outcome: Outcome, { redact, hideCustomerText }: Privacy): Outcome {
  const words = wordsOf[tool]
  if (!words && !redact) return outcome
  let carries = false
  const shown = (value: unknown, key: string): unknown => {
    if (words && (words.has(key) || isAttribute(key)) && !isEmpty(value)) {
      carries ||= fenced.has(key) || isAttribute(key)
      if (hideCustomerText) return hidden(value)
      if (redact && isAttribute(key)) return maskedValue(value)
    }
    if (value instanceof StoredJson) return redact ? maskedValue(value.value()) : value
    if (Array.isArray(value)) return value.map((item) => shown(item, key))
    if (typeof value === 'string') return redact && !isOurs(key) ? masked(value) : value
    if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(member, name)]))
  }
  const told = Object.fromEntries(Object.entries(outcome).map(([name, value]) => [name, shown(value, name)]))
  // What waits quote they have told by themselves.
  const isTold = tool === 'wait_for_events' || outcome.notice !== undefined
  return carries && !isTold ? { ...told, notice: customersNotice } : told
}

/** What a document holds, masked: in there a number may be somebody's, too. */
function maskedValue(value: unknown): unknown {
  if (typeof value === 'string') return masked(value)
  if (typeof value === 'number') return Number.isInteger(value) && value >= 1_000_000 ? masked(String(value)) : value
  if (Array.isArray(value)) return value.map(maskedValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [masked(name), maskedValue(member)]))
}

function hidden(value: unknown): string {
  const text = value instanceof StoredJson ? value.text : typeof value === 'string' ? value : JSON.stringify(value)
  return `(${text.length} characters)`
}

/** The text of an error with numbers and addresses masked; it stays JSON, and what a caller needs to go on stays as it is. */
export function maskedError(text: string): string {
  return JSON.stringify(JSON.parse(text), (key, value) =>
    typeof value === 'string' && !isOurs(key) ? masked(value) : value
  )
}
