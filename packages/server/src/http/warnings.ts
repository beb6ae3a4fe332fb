import { type EngineEvent, render } from '@ringdown/engine/events'

/** What one answer says of warnings: so many, each so long. The events have all of them. */
const maxWarnings = 4
const maxCharacters = 200

/** A warning as the header has it: its code, and its sentence. */
interface HeaderWarning {
  readonly warning: unknown
  readonly message: string
}

/**
 * The header `Ringdown-Warnings` of the answer to a request that caused these events: JSON in ASCII, a list of `{ warning,
 * message }`; undefined without any.
 */
export function warningsText(events: readonly EngineEvent[]): string | undefined {
  const found = events.filter(({ type }) => type === 'ringdown.warning')
  if (found.length === 0) return undefined
  const warnings = found.slice(0, maxWarnings).map((event): HeaderWarning => {
    const { data, description } = render(event)
    const isLong = description.length > maxCharacters
    return { warning: data.warning, message: isLong ? `${description.slice(0, maxCharacters - 1)}…` : description }
  })
  const more = found.length - warnings.length
  if (more > 0)
    warnings.push({ warning: 'more', message: `${more} more warnings are events of the type ringdown.warning` })
  return ascii(JSON.stringify(warnings))
}

/** JSON without a character that a header cannot hold. */
function ascii(json: string): string {
  return json.replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
