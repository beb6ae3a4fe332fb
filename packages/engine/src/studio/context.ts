import { isJsonObject } from '@ringdown/contract/json-text'
import type { Json } from '../core/json.ts'
import type { ContextChange, ContextData } from './rows.ts'

/*
 * The context of an execution: an object of which rows, steps and templates see one state after another, so that what is
 * changed is copied along the way to it (reference studio 5).
 */

/** Names that would reach what every object has. */
const forbidden: ReadonlySet<string> = new Set(['__proto__', 'constructor', 'prototype'])

/** The context with these members set, one after the other. What stands in the way of a path is replaced by an object. */
export function withChanges(context: ContextData, changes: readonly ContextChange[]): ContextData {
  const made = new Set<Json>()
  return changes.reduce((before, [path, value]) => fieldsOfContext(set(made, before, path, value)), context)
}

/** `made` are objects that nobody has seen yet: what many changes have in common is copied once. */
function set(made: Set<Json>, holder: Json, path: readonly string[], value: Json): Json {
  const [name, ...rest] = path
  if (name === undefined) return value
  if (forbidden.has(name)) return holder
  const members = fieldsOfContext(holder)
  const copy: { [name: string]: Json } = made.has(members) ? members : { ...members }
  made.add(copy)
  copy[name] = set(made, members[name] ?? {}, rest, value)
  return copy
}

/** The members of what may be an object. */
export function fieldsOfContext(value: Json | undefined): ContextData {
  return isJsonObject(value) ? (value as ContextData) : {} // a value of JSON that is an object
}

/** What stands at a path; undefined where nothing does. */
export function memberOfContext(context: ContextData, ...path: readonly string[]): Json | undefined {
  let value: Json | undefined = context
  for (const name of path) {
    const members: ContextData = fieldsOfContext(value)
    value = Object.hasOwn(members, name) ? members[name] : undefined
  }
  return value
}

/** Characters of what is set, as JSON. */
export function sizeOf(changes: readonly ContextChange[]): number {
  return changes.reduce((sum, [, value]) => sum + JSON.stringify(value).length, 0)
}
