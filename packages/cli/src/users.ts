import { CannotOpen } from '@ringdown/server/store/store'
import { pino } from 'pino'
import type { UsersArguments } from './arguments.ts'
import { type ReachedServer, reachedServer } from './reached.ts'

/** A user as the API shows it, as far as it is told here. */
interface User {
  readonly sid: string
  readonly username: string
  readonly roles: readonly string[]
  readonly worker_sid: string | null
  readonly has_password: boolean
  readonly is_signed_in: boolean
}

/**
 * `ringdown users`: who may sign in, for whoever runs the server. A client of the API like any other, by the account's own
 * credentials: so it lets in who has locked himself out.
 */
export async function runUsers(args: UsersArguments, version: string): Promise<void> {
  const server = await reachedServer(args, version, pino({ level: 'warn' }, pino.destination(2)))
  try {
    for (const line of await linesOf(args, server)) process.stdout.write(`${line}\n`)
  } finally {
    await server.close()
  }
}

async function linesOf({ action, name, roles, worker }: UsersArguments, server: ReachedServer): Promise<string[]> {
  const ask = asking(server)
  const users = async () => ((await ask('GET', 'Users?PageSize=1000')) as { users: readonly User[] }).users
  if (action === 'list') return (await users()).map(lineOf)
  if (action === 'add') {
    const made = await ask('POST', 'Users', { Username: name, Roles: roles, ...(worker && { WorkerSid: worker }) })
    return [lineOf(made as User), ...(await linkOf(made as User, server))]
  }
  const user = (await users()).find(({ username }) => username.toLowerCase() === name.toLowerCase())
  if (!user) throw new CannotOpen(`There is no user ${name}.`)
  if (action === 'remove') {
    await ask('DELETE', `Users/${user.sid}`)
    return [`${user.username} may not sign in any more`]
  }
  if (action === 'link') return linkOf(user, server)
  return [lineOf((await ask('POST', `Users/${user.sid}`, { Roles: roles })) as User)]
}

function lineOf({ sid, username, roles, worker_sid, has_password, is_signed_in }: User): string {
  const state = is_signed_in ? 'signed in' : has_password ? 'signed out' : 'has no password yet'
  return [sid, username, roles.join(','), worker_sid ?? '-', state].join('\t')
}

/** What the user chooses a password by, once. */
async function linkOf({ sid, username }: User, server: ReachedServer): Promise<string[]> {
  const { secret } = (await asking(server)('POST', `Users/${sid}/SetupLinks`)) as { readonly secret: string }
  return linkLines({ username, secret, url: server.url })
}

/** What the terminal says of a secret by which somebody chooses a password; pages of one's own send it as docs/access.md says. */
export function linkLines({
  username,
  secret,
  url
}: {
  readonly username: string
  readonly secret: string
  readonly url: string
}): string[] {
  return [`${username} chooses a password by this link, once, within half an hour:`, `  ${url}/desk/setup#${secret}`]
}

function asking({ url, credentials: { account_sid, auth_token } }: ReachedServer) {
  const authorization = `Basic ${Buffer.from(`${account_sid}:${auth_token}`).toString('base64')}`
  return async (
    method: string,
    path: string,
    form?: Readonly<Record<string, string | readonly string[]>>
  ): Promise<unknown> => {
    const pairs = Object.entries(form ?? {}).flatMap(([key, value]) =>
      [value].flat().map((one): [string, string] => [key, String(one)])
    )
    const body = form && new URLSearchParams(pairs)
    const response = await fetch(`${url}/ringdown/v1/${path}`, {
      method,
      headers: { authorization },
      ...(body && { body })
    })
    const text = await response.text()
    const answer: unknown = text === '' ? {} : JSON.parse(text)
    if (!response.ok)
      throw new CannotOpen(`Ringdown refuses: ${(answer as { message?: string }).message ?? response.status}.`)
    return answer
  }
}
