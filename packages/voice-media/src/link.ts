import type { Socket } from 'node:net'
import type { LinkOrder, LinkReport } from '@ringdown/contract/voice-link'
import type { SoundShelf } from './player.ts'
import type { SoundMaker } from './speech.ts'

/** Milliseconds for a file that was asked for. */
const fetch_ms = 30_000

/** The connection with the server: the last one that has come and knows the secret. */
export class Link {
  #socket: Socket | undefined
  readonly #fetches = new Map<number, (path: string | Error) => void>()
  #next = 1

  isOf(socket: Socket): boolean {
    return this.#socket === socket
  }

  open(socket: Socket): void {
    this.#socket?.destroy()
    this.#socket = socket
  }

  /** Whether it was this one. What was to be fetched by its server is not. */
  close(socket: Socket): boolean {
    if (this.#socket !== socket) return false
    this.#socket = undefined
    for (const answer of this.#fetches.values()) answer(new Error('nobody fetches it'))
    return true
  }

  say(report: LinkReport): void {
    this.#socket?.write(`${JSON.stringify(report)}\n`)
  }

  fetched(order: LinkOrder & { readonly type: 'fetched' }): void {
    this.#fetches.get(order.id)?.('path' in order ? order.path : new Error(order.error))
  }

  shelf(maker: SoundMaker): SoundShelf {
    return {
      say: (text, voice, language) => maker.say(text, voice, language),
      play: async (address) => maker.read(await this.#fetch(address))
    }
  }

  #fetch(address: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const id = this.#next++
      const answer = (path: string | Error) => {
        clearTimeout(late)
        this.#fetches.delete(id)
        if (path instanceof Error) reject(path)
        else resolve(path)
      }
      const late = setTimeout(() => answer(new Error('it took too long')), fetch_ms)
      this.#fetches.set(id, answer)
      this.say({ type: 'fetch', id, address })
    })
  }
}
