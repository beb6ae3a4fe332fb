import type { ResumeBy } from '../between.ts'
import { postToPage, readFromPage } from './host.ts'

/** What is kept of a visitor, so that it may come back and need not say twice who it is. */
interface Kept {
  readonly handle?: string | undefined
  readonly form?: Readonly<Record<string, string>> | undefined
}

/** Keeps the visitor's handle where the page has said. */
export class Keeping {
  readonly #by: ResumeBy
  readonly #place: string
  /** For this page alone, where nothing may be kept or storage is full or forbidden. */
  #here: Kept = {}

  constructor(by: ResumeBy, key: string) {
    this.#by = by
    this.#place = `ringdown-webchat ${key}`
  }

  async read(): Promise<Kept> {
    const text = this.#by === 'page' ? await readFromPage() : this.#by === 'frame' ? this.#stored() : null
    if (text === null) return this.#here
    try {
      return JSON.parse(text) as Kept // as it was written
    } catch {
      return {}
    }
  }

  async write(change: Kept): Promise<void> {
    this.#here = { ...(await this.read()), ...change }
    const { handle, form } = this.#here
    const text = handle === undefined && form === undefined ? null : JSON.stringify(this.#here)
    if (this.#by === 'page') postToPage({ type: 'keep', text })
    else if (this.#by === 'frame') this.#store(text)
  }

  async forget(): Promise<void> {
    await this.write({ handle: undefined, form: undefined })
  }

  #stored(): string | null {
    try {
      return localStorage.getItem(this.#place)
    } catch {
      return null
    }
  }

  #store(text: string | null): void {
    try {
      if (text === null) localStorage.removeItem(this.#place)
      else localStorage.setItem(this.#place, text)
    } catch {
      // nobody comes back then
    }
  }
}
