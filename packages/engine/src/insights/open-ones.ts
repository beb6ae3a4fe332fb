/** Something that is open, where it stands: what becomes of it is put there, and found without another look-up. */
export interface Spot<T> {
  readonly key: string
  /** Undefined when it is over. */
  value: T | undefined
  /** Whether it was put there since what is open was taken the last time. */
  isTold: boolean
  /** Whether the store knows it as open. */
  isKept: boolean
}

/** What is over, of which the store knows: whoever is told again what led there passes it over. */
export interface Gone {
  readonly key: string
  readonly seq: number
  readonly tasks: readonly string[]
}

/** Contacts, or workers, that are open, by key; and what has become of them since somebody took that the last time. */
export class OpenOnes<T> {
  readonly #spots = new Map<string, Spot<T>>()
  #told: Spot<T>[] = []
  readonly #over = new Map<string, Gone>()

  get size(): number {
    return this.#spots.size
  }

  /** In no order that matters. What ends meanwhile is not among them. */
  *values(): Generator<T> {
    for (const { value } of this.#spots.values()) if (value !== undefined) yield value
  }

  spot(key: string): Spot<T> | undefined {
    return this.#spots.get(key)
  }

  /** Begins with what the store knows as open. */
  begin(key: string, value: T): void {
    this.#spots.set(key, { key, value, isTold: false, isKept: true })
  }

  /** Puts it where it stands: in its spot, or in a new one where it has none. */
  put(spot: Spot<T> | undefined, key: string, value: T): void {
    const there = spot ?? this.#newSpot(key)
    there.value = value
    if (there.isTold) return
    there.isTold = true
    this.#told.push(there)
  }

  #newSpot(key: string): Spot<T> {
    const spot: Spot<T> = { key, value: undefined, isTold: false, isKept: false }
    this.#spots.set(key, spot)
    return spot
  }

  /** It is over: whoever takes what has changed is told, if the store knows that it was open. */
  end(gone: Gone): void {
    const { key } = gone
    const spot = this.#spots.get(key)
    if (!spot) return
    this.#spots.delete(key)
    spot.value = undefined
    if (spot.isKept || this.#over.has(key)) this.#over.set(key, gone)
  }

  /** Tells what is over and what is open since the last time; from now on the store knows of it. What is open again is told as that. */
  take({ over, open }: { over(gone: Gone): void; open(key: string, value: T): void }): void {
    for (const gone of this.#over.values()) over(gone)
    this.#over.clear()
    for (const spot of this.#told) {
      spot.isTold = false
      if (spot.value === undefined) continue
      spot.isKept = true
      open(spot.key, spot.value)
    }
    this.#told = []
  }
}
