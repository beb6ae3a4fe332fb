import type { WorkspaceContext } from 'twilio/lib/rest/taskrouter/v1/workspace.js'
import { fault } from '../errors.ts'
import type { Named } from '../names.ts'
import { argumentsOf, type Call } from '../tool.ts'

/** Arguments that many tools have, said once. */
export const workspaceArgument = argumentsOf({
  workspaceSid: { type: 'string', ref: 'workspace', description: 'default: the Flex workspace' }
})

export const pageArguments = argumentsOf({
  pageSize: { type: 'integer', min: 1, max: 100, cut: true, description: '1-100, default 20' },
  pageToken: { type: 'string', description: 'nextPageToken' }
})

export const fieldsArgument = argumentsOf({ fields: { type: 'strings' } })

export const pagingNames = ['pageSize', 'pageToken'] as const

/** The most that TaskRouter takes for attributes, and the bounds it documents (reference taskrouter 10). */
export const maxSeconds = 1_209_600
export const maxPriority = 2_147_483_647

/** The workspace of a call, as the SDK's context. */
export async function workspaceOf(call: Call): Promise<WorkspaceContext> {
  return call.backend.client.taskrouter.v1.workspaces(await call.workspace())
}

/** Up to `most` names for a sentence: "Default, Night and 3 more". */
export function sentence(entries: readonly Named[], most = 10): string {
  const names = entries.map((entry) => entry.names[0] ?? entry.sid)
  const more = names.length - most
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ')
}

/** A date-time argument. Throws Fault where it is none. */
export function instant(argument: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined
  const date = new Date(text)
  if (Number.isNaN(date.getTime())) {
    throw fault('bad_value', `${argument} must be an ISO 8601 instant`, {
      argument,
      found: text,
      next: `give ${argument} like 2026-01-31T09:00:00Z`
    })
  }
  return date
}

/** Whether there is exactly one of two rows with a plural: "1 task", "3 tasks". */
export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`

/** What the API answered to a delete: nothing; the result names what is gone. */
export const deleted = (sidName: string, sid: string) => ({ [sidName]: sid, deleted: true })
