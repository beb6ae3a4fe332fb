import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { openSqlite } from './sqlite.ts'
import { CannotOpen, type Store } from './store.ts'
import type { Schema } from './tables.ts'

/** The name of the store's file in a data folder. */
const storeFile = 'ringdown.sqlite'

interface Places {
  readonly data?: string
  readonly database?: string
  /** What is kept there. */
  readonly schema: Schema
  /** Whether a folder that does not hold what it should is opened all the same. */
  readonly acceptDataLoss?: boolean
  /** Given a line now and then while something takes long. */
  readonly tell?: (line: string) => void
}

type How = Omit<Places, 'data' | 'database'>

/**
 * Opens the store that the settings name, with its tables made or upgraded: PostgreSQL for `database`, else SQLite in
 * the folder `data`, which the caller has taken (`takeFolder`). Throws CannotOpen.
 */
export async function openStore({ data, database, ...how }: Places): Promise<Store> {
  const store = database !== undefined ? await openDatabase(database, how) : await openFolder(data, how)
  try {
    await store.migrate()
    return store
  } catch (error) {
    await store.close()
    if (error instanceof CannotOpen) throw error
    const place = database === undefined ? `the data folder ${data}` : 'the database'
    throw new CannotOpen(`Cannot use ${place}: ${oneLine(error)}.`, { cause: error })
  }
}

/** Its driver is loaded only where it is wanted: a start on a folder does not wait for it. */
async function openDatabase(url: string, { schema, tell }: How): Promise<Store> {
  const { openPostgres } = await import('./postgres.ts')
  return openPostgres({ url, schema, ...(tell && { tell }) })
}

async function openFolder(data: string | undefined, how: How): Promise<Store> {
  if (data === undefined) throw new CannotOpen('There is no place to keep anything: give --data or --database.')
  await mkdir(data, { recursive: true, mode: 0o700 }).catch((error: Error) => {
    throw new CannotOpen(`Cannot use the data folder ${data}: ${error.message}.`, { cause: error })
  })
  return openSqlite({ path: join(data, storeFile), ...how })
}

function oneLine(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return message.replace(/\s*\n\s*/g, ' ').replace(/\.$/, '')
}
