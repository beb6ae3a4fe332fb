import { removeAt } from '@ringdown/contract/json-text'
import { type EngineEvent, render } from '@ringdown/engine/events'
import type { EventReader, EventSubject } from '../../access/event-sight.ts'
import type { StoredEvent } from '../../store/store.ts'
import type { Cursors } from './cursor.ts'

/** An event on its way to followers. Its text is made once, when the first of them wants it, and sent to all. */
export class FeedEvent {
  readonly seq: number
  readonly type: string
  #text: string | (() => string)
  #data: EventSubject['data'] | undefined

  private constructor(seq: number, type: string, text: () => string) {
    this.seq = seq
    this.type = type
    this.#text = text
  }

  /** Of a batch that has just become durable. */
  static fresh(event: EngineEvent, cursors: Cursors): FeedEvent {
    return new FeedEvent(event.seq, event.type, () => {
      const { workspace_sid, description, resource_type, resource_sid, actor, data } = render(event)
      const by = { actor_type: actor?.type, actor_sid: actor?.sid ?? undefined, on_behalf_of: actor?.on_behalf_of }
      const rest = JSON.stringify({ workspace_sid, description, resource_type, resource_sid, ...by, data })
      return textOf(event, published(event.type, rest), cursors)
    })
  }

  /** What is told and kept nowhere: it has no place in the log. */
  static passing(type: string, data: object): FeedEvent {
    return new FeedEvent(0, type, () => JSON.stringify({ type, data }))
  }

  /** As the log keeps it. */
  static stored(event: StoredEvent, cursors: Cursors): FeedEvent {
    return new FeedEvent(event.seq, event.type, () => textOf(event, published(event.type, event.data), cursors))
  }

  /**
   * JSON: `{"sid","cursor","type","at","workspace_sid","description","resource_type","resource_sid","data"}`, and `actor_type`,
   * `actor_sid`, `on_behalf_of` in front of `data` where it was not the account that did it.
   */
  get text(): string {
    if (typeof this.#text !== 'string') this.#text = this.#text()
    return this.#text
  }

  /** For those who may not hear of everything: parsed once for all of them. */
  get data(): EventSubject['data'] {
    if (this.#data === undefined) {
      const subject: EventSubject = JSON.parse(this.text) // as `textOf` writes it
      this.#data = subject.data
    }
    return this.#data
  }
}

/** An event's text without what the log keeps for delivery alone: addresses of webhooks may hold passwords. */
function published(type: string, rest: string): string {
  if (type !== 'conversation.removed') return rest
  return removeAt(rest, ['data', 'scoped_webhooks'])
}

/** `rest` is the JSON object that the log keeps beside the columns. */
function textOf({ seq, sid, type, at }: Omit<StoredEvent, 'data'>, rest: string, cursors: Cursors): string {
  return `{"sid":"${sid}","cursor":"${cursors.at(seq)}","type":"${type}","at":"${new Date(at).toISOString()}",${rest.slice(1)}`
}

/** What a follower wants to hear of: all of these conditions, and everything where there is none. */
export class FeedFilter {
  readonly #types: ReadonlySet<string>
  readonly #families: readonly string[]
  readonly #abouts: readonly (readonly string[])[]
  readonly #sees: EventReader['sees']

  /**
   * `types`: names of the log; with `*` at the end, all that begin so.
   * `about`: fields of an event's data and the SID that one of them must hold.
   * `sees`: whether the follower may hear of an event at all.
   */
  constructor(
    types: readonly string[],
    about: readonly { readonly fields: readonly string[]; readonly sid: string }[],
    sees?: EventReader['sees']
  ) {
    this.#sees = sees
    this.#types = new Set(types.filter((type) => !type.endsWith('*')))
    this.#families = types.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1))
    this.#abouts = about.map(({ fields, sid }) => fields.map((field) => `"${field}":"${sid}"`))
  }

  fits(event: FeedEvent): boolean {
    return this.fitsType(event.type) && this.concerns(event)
  }

  /** The same whatever its type is. */
  concerns(event: FeedEvent): boolean {
    // In the JSON text of a flat object a name, a colon and a SID stand like this only where the field holds the SID:
    // inside a string every quotation mark has a backslash before it. So nothing is parsed, whoever follows.
    const isAbout = this.#abouts.every((fields) => fields.some((field) => event.text.includes(field)))
    return isAbout && (this.#sees?.(event) ?? true)
  }

  fitsType(type: string): boolean {
    if (this.#types.size === 0 && this.#families.length === 0) return true
    return this.#types.has(type) || this.#families.some((family) => type.startsWith(family))
  }
}
