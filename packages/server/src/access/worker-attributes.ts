import { isDeepStrictEqual } from 'node:util'
import { isJsonObject } from '@ringdown/contract/json-text'

/**
 * Members of a worker's attributes by which it is decided what a worker is offered and what it may do. Who may do something
 * to its own worker does not change them.
 */
const guarded = ['contact_uri', 'disabled_skills', 'roles', 'routing', 'skills', 'team_id', 'team_name'] as const

/** Those that nobody but administrators may change of others: they decide who may see whom. */
const ofTeams: readonly string[] = ['contact_uri', 'roles', 'team_id', 'team_name']

/**
 * The first member that a change would touch and may not; both are JSON text of objects.
 *
 * @param isOwn - whether it is the worker itself who changes them, and not somebody who is responsible for it.
 */
export function forbiddenMember(before: string, after: string, isOwn: boolean): string | undefined {
  const [old, wanted] = [membersIn(before), membersIn(after)]
  const names = isOwn ? guarded : ofTeams
  return names.find((name) => !isDeepStrictEqual(old[name], wanted[name]))
}

function membersIn(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text) // the contract has parsed it
  return isJsonObject(value) ? value : {}
}
