import type { Store } from '@ringdown/server/store/store'
import { afterAll, beforeEach, describe, onTestFinished } from 'vitest'
import { sid } from './batches.ts'
import type { Place } from './places.ts'
import { stores } from './stores.ts'

/** A store that all stories of a file share; each of them has accounts of its own. */
class SharedStore {
  readonly name: string
  readonly #newPlace: () => Promise<Place>
  #opened: { readonly place: Place; readonly store: Store } | undefined
  #stories = 0

  constructor(name: string, newPlace: () => Promise<Place>) {
    this.name = name
    this.#newPlace = newPlace
  }

  get place(): Place {
    return this.#known.place
  }

  get store(): Store {
    return this.#known.store
  }

  get account(): string {
    return sid('AC', this.#stories * 10)
  }

  get other(): string {
    return sid('AC', this.#stories * 10 + 1)
  }

  /** A story that closed the store leaves the next one a new one. */
  async begin(): Promise<void> {
    this.#stories += 1
    if (!this.#opened?.store.healthy()) await this.#open(this.#opened?.place ?? (await this.#newPlace()))
  }

  /** Everything in memory is gone: another process opens the same place. */
  async reopen(): Promise<void> {
    await this.store.close()
    await this.#open(this.place)
  }

  /** For stories that change the tables themselves. */
  async elsewhere(): Promise<{ place: Place; store: Store }> {
    const place = await this.#newPlace()
    onTestFinished(() => place.clear())
    return { place, store: await place.open() }
  }

  async clear(): Promise<void> {
    await this.#opened?.place.clear()
  }

  async #open(place: Place): Promise<void> {
    const store = await place.open()
    await store.migrate()
    this.#opened = { place, store }
  }

  get #known() {
    if (!this.#opened) throw new Error('no story has begun')
    return this.#opened
  }
}

/** What the store's interface promises, told of both stores. */
export function eachStore(subject: string, stories: (here: SharedStore) => void): void {
  for (const { name, available, place } of stores)
    describe.runIf(available)(`${subject} on ${name}`, () => {
      const here = new SharedStore(name, place)
      beforeEach(() => here.begin())
      afterAll(() => here.clear())
      stories(here)
    })
}
