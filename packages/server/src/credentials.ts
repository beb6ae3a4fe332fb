import { randomBytes } from 'node:crypto'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { keepPrivate } from './store/permissions.ts'
import { CannotOpen } from './store/store.ts'
import { messageOf } from './store/thrown.ts'

export interface AccountCredentials {
  /** `AC` and 32 hex digits. */
  readonly account_sid: string
  readonly auth_token: string
  /** Made just now, so whoever starts the server should be told. */
  readonly isNew: boolean
  /** The file that holds them; undefined where they come from the environment. */
  readonly path: string | undefined
}

const file = 'credentials.json'

/**
 * The account that this server serves: what `knownCredentials` finds, else one made from a secure random source and kept
 * in the data folder, readable by its owner only. There is no default password. Throws CannotOpen with one clear line.
 */
export async function credentialsFor(folder: string, env: NodeJS.ProcessEnv): Promise<AccountCredentials> {
  const known = await knownCredentials(folder, env)
  if (known) return known
  const path = join(folder, file)
  const made = { account_sid: `AC${randomBytes(16).toString('hex')}`, auth_token: randomBytes(16).toString('hex') }
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await writeFile(path, `${JSON.stringify(made, null, 2)}\n`, { mode: 0o600, flag: 'wx' })
  } catch (error) {
    throw new CannotOpen(`Cannot write ${path}: ${messageOf(error)}.`, { cause: error })
  }
  return { ...made, isNew: true, path }
}

/** Credentials from RINGDOWN_ACCOUNT_SID and RINGDOWN_AUTH_TOKEN, else from the data folder; undefined where there are none. */
export async function knownCredentials(
  folder: string,
  env: NodeJS.ProcessEnv
): Promise<AccountCredentials | undefined> {
  const fromEnv = ofEnvironment(env)
  if (fromEnv) return fromEnv
  const path = join(folder, file)
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw new CannotOpen(`Cannot read ${path}: ${error.message}.`, { cause: error })
  })
  keepPrivate(path)
  return text === undefined ? undefined : parse(path, text)
}

function ofEnvironment(env: NodeJS.ProcessEnv): AccountCredentials | undefined {
  const { RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token } = env
  if (!account_sid && !auth_token) return undefined
  if (!account_sid || !auth_token)
    throw new CannotOpen('RINGDOWN_ACCOUNT_SID and RINGDOWN_AUTH_TOKEN belong together: one of them is missing.')
  if (!/^AC[0-9a-f]{32}$/.test(account_sid))
    throw new CannotOpen('RINGDOWN_ACCOUNT_SID must be AC and 32 lower-case hex digits.')
  if (auth_token.length < 16) throw new CannotOpen('RINGDOWN_AUTH_TOKEN must have at least 16 characters.')
  return { account_sid, auth_token, isNew: false, path: undefined }
}

function parse(path: string, text: string): AccountCredentials {
  try {
    const { account_sid, auth_token }: Readonly<Record<string, unknown>> = JSON.parse(text)
    if (
      typeof account_sid === 'string' &&
      /^AC[0-9a-f]{32}$/.test(account_sid) &&
      typeof auth_token === 'string' &&
      auth_token
    ) {
      return { account_sid, auth_token, isNew: false, path }
    }
  } catch {
    // said below
  }
  throw new CannotOpen(
    `${path} does not hold an account_sid and an auth_token. Put it right, or move it away for a new account.`
  )
}
