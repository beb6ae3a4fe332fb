import { readFile, stat } from 'node:fs/promises'
import { homedir, platform } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'

/**
 * The URL of a database with the password that belongs to it, as PostgreSQL's own programs find it: in the URL, in
 * PGPASSWORD (which `pg` takes by itself), or in the file PGPASSFILE, `~/.pgpass` by default. The first line of the file
 * that fits host, port, database and user counts. A file that others may read is not used, and a warning says so.
 */
export async function withPassword(url: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const wanted = wantedBy(url)
  if (wanted === undefined || wanted.password || env.PGPASSWORD) return url
  const path = env.PGPASSFILE || defaultPath()
  const text = await readFile(path, 'utf8').catch(() => undefined) // most people have none
  if (text === undefined) return url
  if (platform() !== 'win32' && ((await stat(path)).mode & 0o077) !== 0) {
    process.emitWarning(`The password file ${path} is not used, because others may read it: chmod 600 it.`)
    return url
  }
  const password = passwordFor(wanted, text)
  if (password === undefined) return url
  const complete = new URL(url)
  // As pg reads it: a password needs a user before it.
  if (complete.username === '') complete.username = encodeURIComponent(wanted.user)
  complete.password = encodeURIComponent(password)
  return complete.href
}

interface Wanted {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  readonly password?: unknown
}

/** What pg makes of the URL and the environment; undefined for a text that is no URL, which connecting will tell. */
function wantedBy(url: string): Wanted | undefined {
  if (!URL.canParse(url)) return undefined
  const { host, port, database, user, password } = new pg.Client({ connectionString: url })
  return { host, port, database: database ?? '', user: user ?? '', password }
}

/** Fields are separated by colons; a backslash stands before a colon or backslash that is meant; `*` is anything. */
function passwordFor({ host, port, database, user }: Wanted, text: string): string | undefined {
  const names = [host.startsWith('/') ? [host, 'localhost'] : [host], [String(port)], [database], [user]]
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith('#')) continue
    const fields = [...line.matchAll(/((?:\\.|[^:\\])*)(?::|$)/g)].map(([, field = '']) =>
      field.replace(/\\(.)/g, '$1')
    )
    if (fields.length < 5) continue
    const isMeant = names.every((accepted, at) => fields[at] === '*' || accepted.includes(fields[at] ?? ''))
    if (isMeant) return fields[4]
  }
  return undefined
}

function defaultPath(): string {
  if (platform() === 'win32') return join(process.env.APPDATA ?? '', 'postgresql', 'pgpass.conf')
  return join(homedir(), '.pgpass')
}
