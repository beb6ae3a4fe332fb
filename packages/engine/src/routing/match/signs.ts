import type { Finding } from '../expression/compile.ts'
import type { WorkerPath, WorkerView } from '../expression/environment.ts'
import { equalityKey, type IndexKey } from '../expression/value.ts'
import type { Pool } from './pool.ts'

/**
 * Which pools a worker may be in, by what their expressions demand of one attribute (`team == "red"`, `skills HAS "x"`).
 * With 5,000 different queues, asking each of them about each of 15,000 workers takes seconds at every start.
 * What is found must still be asked: values that are not quite equal share a key.
 */
export class Signs {
  /** Pools that say nothing that could be looked up. */
  readonly #others = new Set<Pool>()
  /** By the path's text; those for lists apart. */
  readonly #values = new Map<string, Sign>()
  readonly #lists = new Map<string, Sign>()

  add(pool: Pool): void {
    const { finds } = pool
    if (!finds) this.#others.add(pool)
    for (const finding of finds ?? []) this.#sign(finding).add(finding.key, pool)
  }

  remove(pool: Pool): void {
    this.#others.delete(pool)
    for (const finding of pool.finds ?? []) {
      const signs = this.#signsOf(finding)
      const sign = signs.get(finding.path.text)
      if (sign?.remove(finding.key, pool)) signs.delete(finding.path.text)
    }
  }

  /** Visits every pool that may accept the worker, some of them more than once. */
  visit(worker: WorkerView, visitor: (pool: Pool) => void): void {
    for (const pool of this.#others) visitor(pool)
    for (const sign of this.#values.values()) sign.visit(sign.path.read(worker), visitor)
    for (const sign of this.#lists.values()) {
      const list = sign.path.read(worker)
      if (Array.isArray(list)) for (const value of list as readonly unknown[]) sign.visit(value, visitor) // as: of whatever
    }
  }

  #sign(finding: Finding): Sign {
    const signs = this.#signsOf(finding)
    let sign = signs.get(finding.path.text)
    if (!sign) {
      sign = new Sign(finding.path)
      signs.set(finding.path.text, sign)
    }
    return sign
  }

  #signsOf(finding: Finding): Map<string, Sign> {
    return finding.isList ? this.#lists : this.#values
  }
}

/** The pools that ask for a value at a path, by the value's key. */
class Sign {
  readonly path: WorkerPath
  readonly #pools = new Map<IndexKey, Set<Pool>>()

  constructor(path: WorkerPath) {
    this.path = path
  }

  add(key: IndexKey, pool: Pool): void {
    const pools = this.#pools.get(key)
    if (pools) pools.add(pool)
    else this.#pools.set(key, new Set([pool]))
  }

  /** True when nobody asks for anything there any more. */
  remove(key: IndexKey, pool: Pool): boolean {
    const pools = this.#pools.get(key)
    pools?.delete(pool)
    if (pools?.size === 0) this.#pools.delete(key)
    return this.#pools.size === 0
  }

  visit(value: unknown, visitor: (pool: Pool) => void): void {
    const key = equalityKey(value)
    if (key === undefined) return
    for (const pool of this.#pools.get(key) ?? []) visitor(pool)
  }
}
