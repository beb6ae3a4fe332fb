import { spelled } from './enumeration.ts'

/*
 * Whoever subscribes to a name that no event has gets nothing, and no answer would say why. The names are stored as they
 * are, since Twilio stores them; so an event `ringdown.warning` says it.
 */

/** Warnings of one command, and how much of a name they show. */
const maxWarnings = 20
const maxName = 80

type Warning = Readonly<Record<string, string>>

interface Given {
  /** The parameter that the names stood in. */
  readonly parameter: string
  readonly names: readonly string[]
  readonly known: readonly string[]
}

/** Tells of each name that is no event's; `rows` are what the names were given for. Names count as they are spelled. */
export function warnOfUnknownEvents<R extends object>(
  state: { emit(type: 'ringdown.warning', refs: R & { readonly extra: Warning }): void },
  rows: R,
  { parameter, names, known }: Given
): void {
  const unknown = [...new Set(names)].filter((name) => name !== '' && !known.includes(name))
  for (const name of unknown.slice(0, maxWarnings))
    state.emit('ringdown.warning', { ...rows, extra: warningOf(parameter, name, known) })
}

function warningOf(parameter: string, name: string, known: readonly string[]): Warning {
  const event = name.length > maxName ? `${name.slice(0, maxName).replace(/[\ud800-\udbff]$/, '')}…` : name
  const meant = spelled(known, name)
  const hint = meant === undefined ? '' : `: '${meant}' is spelled so`
  return { warning: 'unknown_event', message: `${parameter} names '${event}', and no event is called so${hint}`, event }
}
