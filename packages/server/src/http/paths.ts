/** Where a request's path leads. */
export interface Found<T> {
  /** What was added for the method; undefined when the path has others only. */
  readonly value: T | undefined
  readonly params: Readonly<Record<string, string>>
}

interface Leaf<T> {
  readonly value: T
  /** Of the parameters on the way to it. */
  readonly names: readonly string[]
}

interface Node<T> {
  readonly named: Map<string, Node<T>>
  any: Node<T> | undefined
  readonly methods: Map<string, Leaf<T>>
}

/**
 * Paths of an API as a tree of their segments. One that is spelled out goes before one that is a parameter. The router
 * that serves the few other routes would take a third of the server's start, and as many megabytes, for some hundred
 * operations; what these need of it is here.
 */
export class Paths<T> {
  readonly #root: Node<T> = nodeOf()

  /** `/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}`. */
  add(template: string, method: string, value: T): void {
    const names: string[] = []
    let node = this.#root
    for (const segment of template.slice(1).split('/')) {
      if (segment.startsWith('{')) {
        names.push(segment.slice(1, -1))
        node.any ??= nodeOf()
        node = node.any
      } else {
        const next: Node<T> = node.named.get(segment) ?? nodeOf()
        node.named.set(segment, next)
        node = next
      }
    }
    node.methods.set(method, { value, names })
  }

  /** `path` begins with a slash and may end in one. Throws URIError for malformed percent-encoding. */
  find(path: string, method: string): Found<T> | undefined {
    const segments = (path.endsWith('/') ? path.slice(1, -1) : path.slice(1)).split('/')
    const read = path.includes('%') ? segments.map(decodeURIComponent) : segments
    const values: string[] = []
    const node = walk(this.#root, read, 0, values)
    if (!node) return undefined
    const leaf = node.methods.get(method)
    const params: Record<string, string> = {}
    for (const [i, name] of leaf?.names.entries() ?? []) params[name] = values[i] as string // one for each
    return { value: leaf?.value, params }
  }
}

function nodeOf<T>(): Node<T> {
  return { named: new Map(), any: undefined, methods: new Map() }
}

function walk<T>(node: Node<T>, segments: readonly string[], at: number, values: string[]): Node<T> | undefined {
  const segment = segments[at]
  if (segment === undefined) return node.methods.size > 0 ? node : undefined
  const named = node.named.get(segment)
  const found = named && walk(named, segments, at + 1, values)
  if (found) return found
  if (!node.any || segment === '') return undefined
  const { length } = values
  values.push(segment)
  const other = walk(node.any, segments, at + 1, values)
  if (!other) values.length = length
  return other
}
