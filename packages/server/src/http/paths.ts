import { memberAt } from '@ringdown/engine/core/member-at'

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
    const end = path.endsWith('/') ? path.length - 1 : path.length
    const values: string[] = []
    const node = walk(this.#root, path, 1, Math.max(end, 1), values)
    if (!node) {
      if (path.includes('%')) decodeURIComponent(path)
      return undefined
    }
    const leaf = node.methods.get(method)
    const params: Record<string, string> = {}
    if (leaf) for (let i = 0; i < values.length; i++) params[memberAt(leaf.names, i)] = memberAt(values, i)
    return { value: leaf?.value, params }
  }
}

function nodeOf<T>(): Node<T> {
  return { named: new Map(), any: undefined, methods: new Map() }
}

/**
 * From the segment that begins at `at`; one that begins behind the end is none. It calls itself for each segment of each
 * request, so its arguments are no object.
 */
function walk<T>(node: Node<T>, path: string, at: number, end: number, values: string[]): Node<T> | undefined {
  if (at > end) return node.methods.size > 0 ? node : undefined
  const slash = path.indexOf('/', at)
  const next = slash < 0 || slash > end ? end : slash
  const text = path.slice(at, next)
  const segment = text.includes('%') ? decodeURIComponent(text) : text
  const named = node.named.get(segment)
  const found = named && walk(named, path, next + 1, end, values)
  if (found) return found
  if (!node.any || segment === '') return undefined
  const { length } = values
  values.push(segment)
  const other = walk(node.any, path, next + 1, end, values)
  if (!other) values.length = length
  return other
}
