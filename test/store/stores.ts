import { findPostgres, type Place, type PostgresPlace, postgresPlace, sqlitePlace } from './places.ts'

/** A kind of store, for stories that are told on each. */
interface StoreKind<P> {
  readonly name: string
  /** Whether there is one here. */
  readonly available: boolean
  /** A place of its own for a story. */
  readonly place: () => Promise<P>
}

const database = await findPostgres()
// as: asked for only where a database was found
const onPostgres = {
  name: 'PostgreSQL',
  available: database !== undefined,
  place: () => postgresPlace(database as string)
}

/** Both stores by themselves. */
export const stores: readonly StoreKind<Place>[] = [{ name: 'SQLite', available: true, place: sqlitePlace }, onPostgres]

/** What a server is told to keep everything in: nothing, which means SQLite in its folder, or a place on PostgreSQL. */
export const databases: readonly StoreKind<PostgresPlace | undefined>[] = [
  { name: 'SQLite', available: true, place: async () => undefined },
  onPostgres
]
