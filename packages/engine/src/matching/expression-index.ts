import type { Eligibility } from './eligibility.ts'
import type { WorkerLookup } from './expression/compile.ts'
import type { WorkerPath, WorkerView } from './expression/environment.ts'
import { equalityKey, type ValueKey } from './expression/value.ts'

/**
 * Which eligibilities a worker may have, found by a value that their expressions require (`team == "red"`,
 * `skills HAS "x"`). Evaluating 5,000 different expressions for each of 15,000 workers takes seconds at every start.
 *
 * Invariants: only WorkspaceIndex adds and removes, once each. An eligibility stands under each of its lookups, or among
 * those without lookups. Nothing here depends on a worker, so nothing goes stale. What is found must still be evaluated,
 * since values that are not quite equal share a key; what is not found need not be.
 */
export class ExpressionIndex {
  /** Eligibilities whose expression requires no value that could be looked up. */
  readonly #others = new Set<Eligibility>()
  /** By the text of the path where the value, or a list with the value, must be. */
  readonly #values = new Map<string, PathIndex>()
  readonly #lists = new Map<string, PathIndex>()

  add(eligibility: Eligibility): void {
    const { lookups } = eligibility
    if (!lookups) this.#others.add(eligibility)
    for (const lookup of lookups ?? []) this.#pathIndex(lookup).add(lookup.key, eligibility)
  }

  remove(eligibility: Eligibility): void {
    this.#others.delete(eligibility)
    for (const lookup of eligibility.lookups ?? []) {
      const paths = this.#pathsFor(lookup)
      const pathIndex = paths.get(lookup.path.text)
      if (pathIndex?.remove(lookup.key, eligibility)) paths.delete(lookup.path.text)
    }
  }

  /** Visits every eligibility that may accept the worker, some of them more than once. */
  visit(worker: WorkerView, visitor: (eligibility: Eligibility) => void): void {
    for (const eligibility of this.#others) visitor(eligibility)
    for (const pathIndex of this.#values.values()) pathIndex.visit(pathIndex.path.read(worker), visitor)
    for (const pathIndex of this.#lists.values()) {
      const read = pathIndex.path.read(worker)
      const list: readonly unknown[] = Array.isArray(read) ? read : []
      for (const value of list) pathIndex.visit(value, visitor)
    }
  }

  #pathIndex(lookup: WorkerLookup): PathIndex {
    const paths = this.#pathsFor(lookup)
    let pathIndex = paths.get(lookup.path.text)
    if (!pathIndex) {
      pathIndex = new PathIndex(lookup.path)
      paths.set(lookup.path.text, pathIndex)
    }
    return pathIndex
  }

  #pathsFor(lookup: WorkerLookup): Map<string, PathIndex> {
    return lookup.isList ? this.#lists : this.#values
  }
}

/** The eligibilities that require a value at one path, by the value's key. */
class PathIndex {
  readonly path: WorkerPath
  readonly #byKey = new Map<ValueKey, Set<Eligibility>>()

  constructor(path: WorkerPath) {
    this.path = path
  }

  add(key: ValueKey, eligibility: Eligibility): void {
    const eligibilities = this.#byKey.get(key)
    if (eligibilities) eligibilities.add(eligibility)
    else this.#byKey.set(key, new Set([eligibility]))
  }

  /** True when nothing is left here. */
  remove(key: ValueKey, eligibility: Eligibility): boolean {
    const eligibilities = this.#byKey.get(key)
    eligibilities?.delete(eligibility)
    if (eligibilities?.size === 0) this.#byKey.delete(key)
    return this.#byKey.size === 0
  }

  visit(value: unknown, visitor: (eligibility: Eligibility) => void): void {
    const key = equalityKey(value)
    if (key === undefined) return
    for (const eligibility of this.#byKey.get(key) ?? []) visitor(eligibility)
  }
}
