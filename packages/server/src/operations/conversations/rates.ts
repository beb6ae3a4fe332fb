import { InvalidRequest } from '@ringdown/contract/form'
import type { Command } from '@ringdown/engine/commands'
import { defaultServiceSid } from '@ringdown/engine/conversations/lookup'
import { fieldOf } from '@ringdown/engine/core/row'
import type { Ledger } from '../../commit/ledger.ts'
import type { Context } from '../handler.ts'

/** Instants of the changes of the last second by what they are of, in milliseconds of the account's clock. */
const recent = new WeakMap<Ledger, Map<string, number[]>>()

/** So many places are remembered before those that are quiet are forgotten. */
const maxPlaces = 10_000

/**
 * Counts a change over REST; refuses it (429/20429) when as many as the account's settings allow were made within the last
 * second. What is made or removed in a service counts for the service, all else for its conversation (reference
 * conversations 20).
 */
export function checkChanges(
  { ledger, state, now }: Pick<Context, 'ledger' | 'state' | 'now'>,
  command: Command
): void {
  const most = state.settings.rates.conversation_changes
  if (most === null) return
  const at = now()
  const places = placesOf(ledger, at)
  const place = placeOf(command, defaultServiceSid(state))
  const since = (places.get(place) ?? []).filter((instant) => at - instant < 1000)
  if (since.length >= most) {
    throw new InvalidRequest(`Too Many Requests: ${place} may be changed ${most} times a second`, null, {
      code: 20429,
      status: 429
    })
  }
  places.set(place, [...since, at])
}

function placesOf(ledger: Ledger, at: number): Map<string, number[]> {
  const places = recent.get(ledger) ?? new Map<string, number[]>()
  recent.set(ledger, places)
  if (places.size > maxPlaces)
    for (const [place, instants] of places) if (at - (instants.at(-1) ?? 0) >= 1000) places.delete(place)
  return places
}

/** As the path names it: the same conversation by two names is two places. */
function placeOf(command: Command, ownService: string | undefined): string {
  const conversation = fieldOf(command, 'conversation_sid')
  if (typeof conversation === 'string') return `Conversation ${conversation}`
  if (command.type === 'conversation.update') return `Conversation ${command.sid}`
  return `Service ${fieldOf(command, 'chat_service_sid') ?? ownService ?? ''}`
}
