import type { EventStore } from '@modelcontextprotocol/server'

type Message = Parameters<EventStore['storeEvent']>[1]

interface Sent {
  readonly id: string
  readonly stream: string
  readonly text: string
  /** `performance.now()` when it was sent. */
  readonly at: number
}

/** What one session keeps of what was sent to it. */
export interface SentLimits {
  readonly messages: number
  readonly bytes: number
  readonly age_ms: number
}

const sentLimits: SentLimits = { messages: 100, bytes: 128 * 1024, age_ms: 5 * 60_000 }

/**
 * The last messages of a session's streams: a client that has lost a stream names the last one that it got (`Last-Event-ID`),
 * and is sent those after it. Whatever is too much, or too old, is forgotten from the oldest on.
 */
export class SentMessages implements EventStore {
  readonly #limits: SentLimits
  readonly #sent: Sent[] = []
  #next = 0
  #bytes = 0

  constructor(limits: SentLimits = sentLimits) {
    this.#limits = limits
  }

  async storeEvent(stream: string, message: Message): Promise<string> {
    const id = `${stream}.${this.#next++}`
    const text = JSON.stringify(message)
    this.#sent.push({ id, stream, text, at: performance.now() })
    this.#bytes += text.length
    // The last one stays, however long it is.
    while (this.#sent.length > 1 && (this.#sent.length > this.#limits.messages || this.#bytes > this.#limits.bytes))
      this.#drop()
    return id
  }

  /** The stream of an event, also of one that is forgotten; undefined for what is no id of an event. */
  async getStreamIdForEventId(id: string): Promise<string | undefined> {
    return /^([\w-]+)\.\d+$/.exec(id)?.[1]
  }

  async replayEventsAfter(
    last: string,
    { send }: { readonly send: (id: string, message: Message) => Promise<void> }
  ): Promise<string> {
    const [stream = '', number] = last.split('.')
    // An event that only opened its stream has nothing to tell.
    for (const { id, stream: of, text } of [...this.#sent])
      if (of === stream && Number(id.slice(stream.length + 1)) > Number(number) && text !== '{}')
        await send(id, JSON.parse(text))
    return stream
  }

  /** Forgets what is too old to be asked for. */
  forgetOld(now = performance.now()): void {
    while (this.#sent[0] && now - this.#sent[0].at > this.#limits.age_ms) this.#drop()
  }

  #drop(): void {
    this.#bytes -= this.#sent.shift()?.text.length ?? 0
  }
}
