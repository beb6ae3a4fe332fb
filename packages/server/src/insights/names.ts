import { InvalidRequest, shown } from '@ringdown/contract/form'
import type { State } from '@ringdown/engine/center'
import { foldedName } from '@ringdown/engine/core/names'
import { calledTable } from '../analytics/segments.ts'
import { binding } from '../store/query.ts'
import type { Store } from '../store/store.ts'
import { quote } from '../store/tables.ts'
import type { Node } from './expression.ts'
import { fields, type Named, namesIn, type RowFilter } from './fields.ts'
import { nearWords } from './near.ts'
import type { InsightQuestion } from './question.ts'
import type { RecentRows } from './recent-rows.ts'

/** Names of queues, workers, workflows and workspaces: those of now, and of what is gone the last ones. */
export class CalledNames {
  readonly #store: Pick<Store, 'dialect' | 'query'>
  readonly #account_sid: string
  readonly #state: State
  readonly #recent: RecentRows
  readonly #byName = new Map<Named, ReadonlyMap<string, readonly string[]>>()

  constructor(from: {
    readonly store: Pick<Store, 'dialect' | 'query'>
    readonly account_sid: string
    readonly state: State
    readonly recent: RecentRows
  }) {
    this.#store = from.store
    this.#account_sid = from.account_sid
    this.#state = from.state
    this.#recent = from.recent
  }

  /** What some SIDs are called; one that nobody has heard of is not in the answer. */
  async of(sids: Iterable<string>): Promise<ReadonlyMap<string, string>> {
    const names = new Map<string, string>()
    const unknown: string[] = []
    for (const sid of new Set(sids)) {
      const name = this.#now(sid) ?? this.#recent.name(sid)
      if (name === undefined) unknown.push(sid)
      else names.set(sid, name)
    }
    if (unknown.length === 0) return names
    const { values, bind, among } = binding(this.#store.dialect)
    const sql = `select sid, name from ${quote(calledTable.name)} where account_sid = ${bind(this.#account_sid)} and ${among('sid', 'text', unknown)}`
    for (const { sid, name } of await this.#store.query<{ readonly sid: string; readonly name: string }>({
      sql,
      values
    }))
      names.set(sid, name)
    return names
  }

  /**
   * A question whose names have become SIDs, in its filter and in what its columns are made of. Throws InvalidRequest for a
   * name that nobody has, with those that are near.
   */
  async resolved(question: InsightQuestion): Promise<InsightQuestion> {
    const columns = await Promise.all(
      question.columns.map(async (column) => ({
        ...column,
        node: await this.#node(column.node, `${column.name}.where`)
      }))
    )
    return { ...question, columns, filter: await this.#filter(question.filter, 'where') }
  }

  /** Throws InvalidRequest where an expression names what nobody is called, with those that are near. */
  async check(node: Node, place: string): Promise<void> {
    await this.#node(node, place)
  }

  async #node(node: Node, place: string): Promise<Node> {
    if (node.op === 'number') return node
    if (node.op === 'aggregate') {
      // Most have no names; as they are, they are known already.
      if (!namesIn(node.filter).some((name) => fields[name]?.named)) return node
      return { ...node, filter: await this.#filter(node.filter, place) }
    }
    return { ...node, of: await Promise.all(node.of.map((one) => this.#node(one, place))) }
  }

  async #filter(filter: RowFilter, place: string): Promise<RowFilter> {
    if ('all' in filter) return { all: await this.#all(filter.all, place) }
    if ('any' in filter) return { any: await this.#all(filter.any, place) }
    if ('none' in filter) return { none: await this.#all(filter.none, place) }
    const kind = fields[filter.field]?.named
    if (!kind) return filter
    const values = await Promise.all(
      filter.values.map((value) => (typeof value === 'string' ? this.#sidsOf(kind, value, place) : [value]))
    )
    return { ...filter, values: values.flat() }
  }

  #all(filters: readonly RowFilter[], place: string): Promise<RowFilter[]> {
    return Promise.all(filters.map((one) => this.#filter(one, place)))
  }

  /** Several may be called so, in several workspaces or one after the other. */
  async #sidsOf(kind: Named, text: string, place: string): Promise<readonly string[]> {
    if (new RegExp(`^${prefixes[kind]}[0-9a-f]{32}$`).test(text)) return [text]
    const found = this.#sidsByName(kind).get(foldedName(text))
    if (found) return found
    const gone = await this.#goneSids(kind, text)
    if (gone.length > 0) return gone
    const rows: readonly { readonly friendly_name: string }[] = this.#state.tables[kind].all()
    const names = rows.map(({ friendly_name }) => friendly_name)
    const why = `no ${kind.replace('_', ' ')} is called '${shown(text)}'${nearWords(text, names)}`
    throw new InvalidRequest(`Parameter ${place}.${kind} is invalid: ${why}`, place.split('.')[0] ?? place)
  }

  /** Made once for all names of a question. */
  #sidsByName(kind: Named): ReadonlyMap<string, readonly string[]> {
    const known = this.#byName.get(kind)
    if (known) return known
    const byName = new Map<string, string[]>()
    const rows: readonly { readonly sid: string; readonly friendly_name: string }[] = this.#state.tables[kind].all()
    for (const { sid, friendly_name } of rows) {
      const name = foldedName(friendly_name)
      const sids = byName.get(name)
      if (sids) sids.push(sid)
      else byName.set(name, [sid])
    }
    this.#byName.set(kind, byName)
    return byName
  }

  async #goneSids(kind: Named, text: string): Promise<string[]> {
    const { values, bind } = binding(this.#store.dialect)
    const sql = `select sid from ${quote(calledTable.name)} where account_sid = ${bind(this.#account_sid)}
      and name = ${bind(text)} and sid >= ${bind(prefixes[kind])} and sid < ${bind(`${prefixes[kind]}g`)}`
    return (await this.#store.query<{ readonly sid: string }>({ sql, values })).map(({ sid }) => sid)
  }

  #now(sid: string): string | undefined {
    for (const kind of kinds) {
      const row = sid.startsWith(prefixes[kind]) ? this.#state.find(kind, sid) : undefined
      if (row) return row.friendly_name
    }
    return undefined
  }
}

const prefixes = { task_queue: 'WQ', worker: 'WK', workflow: 'WW', workspace: 'WS' } as const satisfies Record<
  Named,
  string
>
const kinds = Object.keys(prefixes) as readonly Named[] // its own keys
