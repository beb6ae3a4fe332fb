import type { ServerEvent, ServerEventBus } from '@modelcontextprotocol/server'
import type { FeedEvent } from '@ringdown/contract/situations'
import { apiError } from './errors.ts'
import type { RingdownApi } from './ringdown-api.ts'

/** Seconds that the feed holds a question, and milliseconds in which changes of one resource are told once. */
const wait_s = 20
const joined_ms = 1_000
/** Milliseconds after which the feed is asked again when it did not answer. */
const retry_ms = 2_000

/**
 * What `subscriptions/listen` of one caller is told of: the resources that events of the feed change. While nobody listens
 * nothing is followed. A notification says only that something has changed; what, is read.
 */
export class ResourceChanges implements ServerEventBus {
  readonly #api: RingdownApi
  readonly #onerror: (error: unknown) => void
  readonly #listeners = new Set<(event: ServerEvent) => void>()
  readonly #changed = new Set<string>()
  #following: AbortController | undefined
  #flushing: NodeJS.Timeout | undefined

  constructor(api: RingdownApi, onerror: (error: unknown) => void = () => {}) {
    this.#api = api
    this.#onerror = onerror
  }

  publish(event: ServerEvent): void {
    for (const listener of [...this.#listeners]) listener(event)
  }

  subscribe(listener: (event: ServerEvent) => void): () => void {
    this.#listeners.add(listener)
    if (!this.#following) this.#follow(new AbortController())
    return () => {
      this.#listeners.delete(listener)
      if (this.#listeners.size > 0) return
      this.#following?.abort()
      this.#following = undefined
    }
  }

  #follow(following: AbortController): void {
    this.#following = following
    const { signal } = following
    const follow = async () => {
      let cursor: string | undefined
      while (!signal.aborted)
        try {
          const query = { cursor, wait_s: cursor === undefined ? 0 : wait_s, limit: 100 }
          const page = (await this.#api.get('Events', query, signal)) as FeedPage // as the feed answers
          cursor = page.cursor
          for (const event of page.events) for (const uri of urisOf(event)) this.#changed.add(uri)
          if (this.#changed.size > 0) this.#flushing ??= setTimeout(() => this.#flush(), joined_ms)
        } catch (error) {
          if (signal.aborted) return
          const status = apiError(error)?.status
          // Who may not follow any more is told nothing any more; who listens anew later, it is tried for again.
          if (status === 401 || status === 403) {
            if (this.#following === following) this.#following = undefined
            return
          }
          this.#onerror(error)
          await new Promise((resolve) => setTimeout(resolve, retry_ms).unref())
        }
    }
    void follow()
  }

  #flush(): void {
    this.#flushing = undefined
    const uris = [...this.#changed]
    this.#changed.clear()
    for (const uri of uris) this.publish({ kind: 'resource_updated', uri })
  }
}

interface FeedPage {
  readonly events: readonly FeedEvent[]
  readonly cursor: string
}

/** Types of events that change what a floor shows. */
const ofFloor = /^(task|reservation|worker|task-queue|workflow)\./

/** Addresses of the resources that an event changes. */
function urisOf({ type, workspace_sid, data }: FeedEvent): string[] {
  const uris: string[] = []
  if (workspace_sid !== undefined) {
    const inside = `ringdown://workspaces/${workspace_sid}`
    if (ofFloor.test(type)) uris.push(`${inside}/floor`)
    for (const [folder, sid] of [
      ['task-queues', data.task_queue_sid],
      ['tasks', data.task_sid],
      ['workers', data.worker_sid]
    ])
      if (typeof sid === 'string') uris.push(`${inside}/${String(folder)}/${sid}`)
  }
  const { conversation_sid = data.media_channel_sid, interaction_sid } = data
  if (typeof conversation_sid === 'string') {
    uris.push(`ringdown://conversations/${conversation_sid}`)
    if (type.startsWith('message.')) uris.push(`ringdown://conversations/${conversation_sid}/transcript`)
  }
  if (typeof interaction_sid === 'string') uris.push(`ringdown://interactions/${interaction_sid}`)
  return uris
}
