/** Those who come under one name are served one after the other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>()

  async take<T>(name: string | undefined, act: () => Promise<T>): Promise<T> {
    if (name === undefined) return act()
    const before = this.#last.get(name)
    const turn = (before ?? Promise.resolve()).then(act, act)
    this.#last.set(name, turn)
    try {
      return await turn
    } finally {
      if (this.#last.get(name) === turn) this.#last.delete(name)
    }
  }
}
