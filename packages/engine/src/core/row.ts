/** What every row has. Instants are integer milliseconds since the epoch, here and in every other column. */
export interface Row {
  readonly sid: string
  /** Place in the account's order of creation; unique over all kinds, never reused. Lists and ties end in it. */
  readonly seq: number
  /** 0 when inserted, then one more for each decision that changed the row: what the API shows as ETag. */
  readonly version: number
  readonly date_created: number
  readonly date_updated: number
}

/** What a row has in a column of which only the name is known; undefined where its kind has no such column. */
export function fieldOf(row: object, column: string): unknown {
  return (row as Readonly<Record<string, unknown>>)[column] // of any object it may be asked
}
