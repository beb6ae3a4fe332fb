import { basic, Client } from '@ringdown/client/client'
import type { Place } from './demo.ts'
import { ownFetch } from './own-fetch.ts'
import { linkLines } from './users.ts'

/** Somebody who is let in at the first start. */
interface FirstUser {
  readonly username: string
  readonly roles: readonly ('agent' | 'supervisor' | 'admin')[]
  /** The name of the worker whose work it does. */
  readonly worker?: string
}

const administrator: FirstUser = { username: 'admin', roles: ['admin'] }

/** The demo's people who sit at a desk: one who answers, and one who is responsible for all. */
const demoPeople: readonly FirstUser[] = [
  { username: 'amelie', roles: ['agent'], worker: 'amelie' },
  { username: 'nora', roles: ['supervisor'] }
]

/**
 * Lets in the first administrator, and the demo's people, where nobody may sign in yet. Answers lines for the terminal with
 * the secrets by which they choose their passwords; none where somebody is there already: secrets are told once.
 */
export async function firstUsers(place: Place, demo_workspace_sid?: string): Promise<string[]> {
  const client = new Client({
    url: place.url,
    authorization: basic(place.account_sid, place.auth_token),
    fetch: ownFetch
  })
  const { users } = await client.call('ringdown_v1.ListUser', {})
  if (users.length > 0) return []
  const lines: string[] = []
  const all = demo_workspace_sid === undefined ? [administrator] : [administrator, ...demoPeople]
  for (const { username, roles, worker } of all) {
    const worker_sid = worker && (await workerOf(client, demo_workspace_sid, worker))
    const params = { username, roles, ...(worker_sid && { worker_sid }) }
    const user = await client.call('ringdown_v1.CreateUser', { params })
    const user_sid = String(user.sid)
    const { secret } = await client.call('ringdown_v1.CreateUserSetupLink', { path: { user_sid } })
    lines.push(...linkLines({ username, secret: String(secret), url: place.url }))
  }
  return lines
}

async function workerOf(
  client: Client,
  workspace_sid: string | undefined,
  friendly_name: string
): Promise<string | undefined> {
  if (workspace_sid === undefined) return undefined
  const path = { workspace_sid }
  const { workers } = await client.call('taskrouter_v1.ListWorker', { path, params: { friendly_name } })
  return workers[0]?.sid ?? undefined
}
