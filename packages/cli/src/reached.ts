import { type AccountCredentials, knownCredentials } from '@ringdown/server/credentials'
import { type Running, start } from '@ringdown/server/start'
import { FolderTaken } from '@ringdown/server/store/folder-lock'
import { CannotOpen } from '@ringdown/server/store/store'
import type { pino } from 'pino'
import { sortBeside } from './sorting.ts'
import type { Stoppable } from './stopping.ts'

/** What others run is not ours to stop. */
export const nothing: Stoppable = { close: async () => {}, hangUp: () => {} }

/** A server, and what the account calls it by. */
export interface ReachedServer extends Stoppable {
  readonly url: string
  readonly credentials: Pick<AccountCredentials, 'account_sid' | 'auth_token'>
  /** Where the server is in this process. */
  readonly exchange?: Running['exchange']
}

/** The server at `--url`; else the one that has the data folder; else one of its own in this process. */
export async function reachedServer(
  { url, data }: { readonly url: string | undefined; readonly data: string },
  version: string,
  log: pino.Logger
): Promise<ReachedServer> {
  if (url !== undefined) return at(url, data)
  sortBeside(data)
  try {
    const running = await start({ port: 0, host: '127.0.0.1', data, env: process.env, log, version })
    const { exchange, close, hangUp } = running
    return { ...(await at(running.url, data)), exchange, close, hangUp }
  } catch (error) {
    const owner = error instanceof FolderTaken ? error.owner?.url : undefined
    if (!owner) throw error
    return at(owner, data)
  }
}

async function at(url: string, data: string): Promise<ReachedServer> {
  const credentials = await knownCredentials(data, process.env)
  if (credentials) return { url, credentials, ...nothing }
  throw new CannotOpen(
    `No credentials for ${url}: set RINGDOWN_ACCOUNT_SID and RINGDOWN_AUTH_TOKEN, or give its --data folder.`
  )
}
