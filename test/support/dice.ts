import { Ids, type Seed } from '@ringdown/engine/core/ids'

/** Numbers that a seed gives, for choosing what happens next. */
export class Dice {
  readonly #ids = new Ids()

  constructor(seed: Seed) {
    this.#ids.reseed(seed, 0)
  }

  /** 0 to n - 1. */
  roll(n: number): number {
    return this.#ids.next() % n
  }

  chance(percent: number): boolean {
    return this.roll(100) < percent
  }

  of<T>(members: readonly T[]): T {
    const member = members[this.roll(members.length)]
    if (member === undefined) throw new Error('there is nothing to choose from')
    return member
  }
}
