import { ownPrefix, type StreamType, streamTypes } from '@ringdown/engine/event-streams/catalogue'
import { type CloudEvent, cloudEventOf } from '@ringdown/server/delivery/cloud-event'
import type { LoggedEvent } from '@ringdown/server/delivery/delivery'

/*
 * The parts of docs/events.md that follow from the catalogue of event types: its table, and an example of every type that
 * is told, taken from a story in which all of them happen.
 */

/** The document with its generated parts made anew. Each stands between `<!-- name -->` and `<!-- end of name -->`. */
export function filled(document: string, parts: Readonly<Record<string, string>>): string {
  let text = document
  for (const [name, part] of Object.entries(parts)) {
    const marks = new RegExp(`(<!-- ${name} -->\\n)[\\s\\S]*?(<!-- end of ${name} -->)`)
    if (!marks.test(text)) throw new Error(`docs/events.md has no place for its ${name}`)
    text = text.replace(marks, (_, begin: string, end: string) => `${begin}\n${part}\n\n${end}`)
  }
  return text
}

/** One table a family of types: whether Ringdown ever tells it, its schema, and when it happens. */
export function typesTables(): string {
  return [...families()].map(([name, types]) => `### ${name}\n\n${tableOf(types)}`).join('\n\n')
}

function families(): Map<string, StreamType[]> {
  const families = new Map<string, StreamType[]>()
  for (const one of streamTypes) {
    const isOurs = one.type.startsWith(ownPrefix)
    const [product = ''] = one.type.slice(isOurs ? ownPrefix.length : 'com.twilio.'.length).split('.')
    const name = `${titles[product] ?? product}${isOurs ? ': ours' : ''}`
    const known = families.get(name)
    if (known) known.push(one)
    else families.set(name, [one])
  }
  return families
}

const titles: Readonly<Record<string, string>> = {
  taskrouter: 'TaskRouter',
  apiusage: 'API usage',
  conversations: 'Conversations',
  studio: 'Studio',
  messaging: 'Messaging',
  voice: 'Voice',
  'error-logs': 'Error logs',
  eventstreams: 'Event Streams',
  flex: 'Flex'
}

function tableOf(types: readonly StreamType[]): string {
  const rows = types.map(({ type, schema_id, latest_version, description, status, from }) => {
    const note = status === 'available' ? '' : ` *${status}*`
    return `| \`${type}\`${note} | ${from === null ? 'no' : 'yes'} | ${schema_id} ${latest_version} | ${description} |`
  })
  return ['| type | told | schema | when |', '| --- | --- | --- | --- |', ...rows].join('\n')
}

/** The first event of every type that is told, as a webhook sink gets it, with SIDs that count up. */
export function examples(events: readonly LoggedEvent[], account_sid: string): string {
  const told = streamTypes.flatMap((type) => {
    const event = events.find((one) => one.type === type.from)
    return event ? [cloudEventOf(event, type, type.latest_version, account_sid)] : []
  })
  return withCountedSids(told.map(exampleOf).join('\n\n'))
}

function exampleOf(event: CloudEvent): string {
  return `#### ${event.type}\n\n\`\`\`json\n[${laidOut(event, 0)}]\n\`\`\``
}

const width = 120

/** JSON whose members share lines as far as they fit. What is undefined is left out, as JSON does. */
function laidOut(value: unknown, depth: number): string {
  const short = JSON.stringify(value)
  const indent = '  '.repeat(depth + 1)
  if (
    typeof value !== 'object' ||
    value === null ||
    Array.isArray(value) ||
    short.length + indent.length <= width / 2
  ) {
    return short
  }
  const lines: string[] = []
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue
    const text = `"${name}": ${laidOut(member, depth + 1)}`
    const last = lines.at(-1)
    const joined = `${last}, ${text}`
    const fits = last !== undefined && !joined.includes('\n') && joined.length + indent.length <= width
    if (fits) lines[lines.length - 1] = joined
    else lines.push(text)
  }
  return `{\n${lines.map((line) => indent + line).join(',\n')}\n${indent.slice(2)}}`
}

/** The same SID the same number, so that a change elsewhere does not change all examples. */
function withCountedSids(text: string): string {
  const numbers = new Map<string, string>()
  const counts = new Map<string, number>()
  return text.replaceAll(/\b([A-Z]{2})([0-9a-f]{32})\b/g, (_, prefix: string, digits: string) => {
    // A CloudEvent's id is its event's SID, but for the prefix.
    const kind = prefix === 'EZ' ? 'EV' : prefix
    const known = numbers.get(kind + digits)
    const count = (counts.get(kind) ?? 0) + (known === undefined ? 1 : 0)
    counts.set(kind, count)
    const number = known ?? String(count).padStart(32, '0')
    numbers.set(kind + digits, number)
    return prefix + number
  })
}
