import { spelled } from './enumeration.ts'
import type { EventRefs } from './events.ts'
import type { Warning } from './routing/warnings.ts'
import type { State } from './state/state.ts'

/*
 * Whoever asks for events by a name that none has is told nothing, and never why: the names are stored as they are, since
 * Twilio stores them, and an event `ringdown.warning` says it.
 */

/** Warnings of one command, and how much of a name they show. */
const mostWarnings = 20
const longestName = 80

/** Tells of each name that is no event's; `rows` are what the names were given for. Names count as they are spelled. */
export function warnOfUnknownEvents(
  state: State,
  rows: EventRefs,
  parameter: string,
  names: readonly string[],
  known: readonly string[]
): void {
  const unknown = [...new Set(names)].filter((name) => name !== '' && !known.includes(name))
  for (const name of unknown.slice(0, mostWarnings))
    state.emit('ringdown.warning', { ...rows, extra: warningOf(parameter, name, known) })
}

function warningOf(parameter: string, name: string, known: readonly string[]): Warning {
  const event = name.length > longestName ? `${name.slice(0, longestName).replace(/[\ud800-\udbff]$/, '')}…` : name
  const meant = spelled(known, name)
  const hint = meant === undefined ? '' : `: '${meant}' is spelled so`
  return { warning: 'unknown_event', message: `${parameter} names '${event}', and no event is called so${hint}`, event }
}
