import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { basic, Client } from '@ringdown/client/client'
import type { Place } from './demo.ts'

/** Where the builds of what browsers load are; undefined where a package is not installed or was not built. */
export function pageFolders(): { readonly desk: string | undefined; readonly webchat: string | undefined } {
  return {
    desk: buildOf(() => import.meta.resolve('@ringdown/desk/package.json')),
    webchat: buildOf(() => import.meta.resolve('@ringdown/webchat/package.json'))
  }
}

function buildOf(place: () => string): string | undefined {
  try {
    const found = join(dirname(fileURLToPath(place())), 'dist')
    return existsSync(found) ? found : undefined
  } catch {
    return undefined
  }
}

/** Who plays whom in the demo: Amelie works, Nora leads. */
const players = [
  ['amelie', 'agent', 'Amelie Laurent'],
  ['nora', 'supervisor', 'Nora Berg']
] as const

/**
 * Links that let somebody in as one of the demo's people, each once and within half an hour: there is no password that
 * everybody knows.
 */
export async function deskLinks({ url, account_sid, auth_token }: Place, workspace_sid: string): Promise<string> {
  const client = new Client({ url, authorization: basic(account_sid, auth_token) })
  const path = { workspace_sid }
  const { users } = await client.call('ringdown_v1.ListUser', {})
  const lines: string[] = []
  for (const [name, role, full_name] of players) {
    const { workers } = await client.call('taskrouter_v1.ListWorker', { path, params: { friendly_name: name } })
    const worker_sid = workers[0]?.sid
    const params = { username: name, roles: [role], full_name, ...(worker_sid && { worker_sid }) }
    const user =
      users.find(({ username }) => username === name) ?? (await client.call('ringdown_v1.CreateUser', { params }))
    const { secret } = await client.call('ringdown_v1.CreateUserSetupLink', { path: { user_sid: String(user.sid) } })
    lines.push(`  ${full_name.padEnd(16)} ${url}/desk/setup#${secret}`)
  }
  return `\nIn a browser (each link once, within 30 minutes: choose any password of 12 characters or more):\n${lines.join('\n')}\n`
}
