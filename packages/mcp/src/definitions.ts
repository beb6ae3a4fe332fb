import type { Action, Argument, Field, Fields, Hints, Tool } from './tool.ts'

/** A JSON Schema as we publish it: types, enums, items and descriptions, and nothing that some client refuses. */
export type Schema = Readonly<Record<string, unknown>>

/** A tool as `tools/list` shows it. */
export interface Definition {
  readonly name: string
  readonly title: string
  readonly description: string
  readonly inputSchema: Schema
  readonly outputSchema: Schema
  readonly annotations: Hints
}

/**
 * What a client sees of a tool; `readOnly` leaves the actions that read and their arguments.
 * Bounds and unions are checked when the tool is called (arguments.ts), never published: one keyword such as
 * `oneOf` makes some client refuse all tools.
 *
 * Undefined when nothing of the tool remains.
 */
export function definitionOf(tool: Tool, readOnly = false): Definition | undefined {
  const known = readOnly ? reading : whole
  if (!known.has(tool)) known.set(tool, madeDefinition(tool, readOnly))
  return known.get(tool)
}

/** Each is made once: every session lists the same ones. */
const whole = new WeakMap<Tool, Definition | undefined>()
const reading = new WeakMap<Tool, Definition | undefined>()

function madeDefinition(tool: Tool, readOnly: boolean): Definition | undefined {
  const actions = Object.entries(tool.actions).filter(([, action]) => !readOnly || !action.write)
  if (actions.length === 0) return undefined
  const used = new Set(actions.flatMap(([, action]) => [...(action.required ?? []), ...(action.optional ?? [])]))
  const shown = Object.entries(tool.arguments).filter(
    ([name]) => !readOnly || used.has(name) || usableEverywhere.has(name)
  )
  const properties = shown.map(([name, argument]) => {
    const spec = name === 'action' ? { ...argument, enum: actions.map(([action]) => action) } : argument
    return [name, propertyOf(spec)] as const
  })
  const required = shown.flatMap(([name]) => (isRequired(name, actions) ? [name] : []))
  return {
    name: tool.name,
    title: tool.title,
    description: tool.description,
    inputSchema: {
      type: 'object',
      properties: Object.fromEntries(properties),
      ...(required.length > 0 ? { required } : {})
    },
    outputSchema: fieldSchema({
      ...tool.output,
      ...('pageToken' in tool.arguments ? { nextPageToken: 'string' } : {})
    }),
    annotations: readOnly ? readActions : tool.hints
  }
}

const readActions: Hints = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false }
const usableEverywhere = new Set(['action', 'workspaceSid', 'pageSize', 'pageToken', 'fields'])

function isRequired(name: string, actions: readonly (readonly [string, Action])[]): boolean {
  return name === 'action' || actions.every(([, action]) => action.required?.includes(name))
}

function propertyOf(argument: Argument): Schema {
  const described = argument.description ? { description: argument.description } : {}
  if (argument.type === 'strings') return { type: 'array', items: { type: 'string' }, ...described }
  if (argument.type === 'objects') return { type: 'array', items: { type: 'object' }, ...described }
  return { type: argument.type, ...(argument.enum ? { enum: [...argument.enum] } : {}), ...described }
}

function fieldSchema(field: Field): Schema {
  if (field === 'strings') return { type: 'array', items: { type: 'string' } }
  if (typeof field === 'string') return { type: field }
  if (isRows(field)) return { type: 'array', items: fieldSchema(field[0]) }
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(field).map(([name, of]) => [name, fieldSchema(of)]))
  }
}

function isRows(field: Fields | readonly [Fields]): field is readonly [Fields] {
  return Array.isArray(field)
}
