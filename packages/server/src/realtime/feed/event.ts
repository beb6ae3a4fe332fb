import { removeAt } from '@ringdown/contract/json-text'
import { type EngineEvent, render } from '@ringdown/engine/events'
import type { EventDetail, EventReader, EventSubject } from '../../access/event-sight.ts'
import type { Cursors } from '../../log/cursor.ts'
import type { StoredEvent } from '../../store/store.ts'

/** An event on its way to followers. Its text is made once, when the first of them wants it, and sent to all. */
export class FeedEvent {
  readonly seq: number
  readonly type: string
  /** As the log has it, with what is published of it. */
  #whole: string | (() => string)
  #text: string | undefined
  #data: EventSubject['data'] | undefined
  #parts: { [P in Part]?: FeedEvent } | undefined

  private constructor(seq: number, type: string, text: () => string) {
    this.seq = seq
    this.type = type
    this.#whole = text
  }

  /** Of a batch that has just become durable. */
  static fresh(event: EngineEvent, cursors: Cursors): FeedEvent {
    return new FeedEvent(event.seq, event.type, () => {
      const { workspace_sid, description, resource_type, resource_sid, actor, data } = render(event)
      const by = { actor_type: actor?.type, actor_sid: actor?.sid ?? undefined, on_behalf_of: actor?.on_behalf_of }
      const rest = JSON.stringify({ workspace_sid, description, resource_type, resource_sid, ...by, data })
      return textOf(event, rest, cursors)
    })
  }

  /** What is told and kept nowhere: it has no place in the log. */
  static passing(type: string, data: object): FeedEvent {
    return new FeedEvent(0, type, () => JSON.stringify({ type, data }))
  }

  /** As the log keeps it. */
  static stored(event: StoredEvent, cursors: Cursors): FeedEvent {
    return new FeedEvent(event.seq, event.type, () => textOf(event, event.data, cursors))
  }

  /**
   * JSON: `{"sid","cursor","type","at","workspace_sid","description","resource_type","resource_sid","data"}`, and `actor_type`,
   * `actor_sid`, `on_behalf_of` in front of `data` where it was not the account that did it.
   */
  get text(): string {
    this.#text ??= published(this.type, this.#all)
    return this.#text
  }

  get #all(): string {
    if (typeof this.#whole !== 'string') this.#whole = this.#whole()
    return this.#whole
  }

  /** The same for whom not all of it is told to; made once for all of them. */
  as(heard: Exclude<EventDetail, false>): FeedEvent {
    if (heard === 'all') return this
    this.#parts ??= {}
    this.#parts[heard] ??= new FeedEvent(this.seq, this.type, () => partOf(this.text, heard))
    return this.#parts[heard]
  }

  /** By which it is decided who may hear it; parsed once for all. It has what is not published, too. */
  get data(): EventSubject['data'] {
    if (this.#data === undefined) {
      const subject: EventSubject = JSON.parse(this.#all) // as `textOf` writes it
      this.#data = subject.data
    }
    return this.#data
  }
}

/** How much of an event is told to who may not hear all of it. */
type Part = Exclude<EventDetail, 'all' | false>

/** Who did something to somebody else is nobody's business. */
const ofActors: readonly string[] = ['actor_type', 'actor_sid', 'on_behalf_of']

/** Names of the fields of an event's data that are not told. */
const untold = {
  own: /^task_queue_target_expression$/,
  names: /^(?:task_queue_target_expression|worker_(?!sid$|name$|activity_sid$|activity_name$).*)$/,
  task: /^(?:task_queue_target_expression|(?:worker|reservation|transfer)_.*)$/
} as const satisfies Record<Part, RegExp>

/** An event's text without what is not shown of queues and, where it is told by names, of workers. */
function partOf(text: string, part: Part): string {
  const { data, ...event }: Readonly<Record<string, unknown>> & { readonly data: object } = JSON.parse(text) // as `textOf` writes it
  const told = Object.entries(data).filter(([name]) => !untold[part].test(name))
  const rest = Object.entries(event).filter(([name]) => part === 'own' || !ofActors.includes(name))
  const task_sid = 'task_sid' in data ? data.task_sid : null
  const about = part === 'task' && {
    description: `Task ${task_sid} changed`,
    resource_type: 'task',
    resource_sid: task_sid
  }
  return JSON.stringify({ ...Object.fromEntries(rest), ...about, data: Object.fromEntries(told) })
}

/** An event's text without what the log keeps to find out whom it concerns; addresses of webhooks may hold passwords. */
function published(type: string, text: string): string {
  if (type !== 'conversation.removed' && type !== 'conversation.state.updated') return text
  return removeAt(removeAt(text, ['data', 'scoped_webhooks']), ['data', 'member_identities'])
}

/** `rest` is the JSON object that the log keeps beside the columns. */
function textOf({ seq, sid, type, at }: Omit<StoredEvent, 'data'>, rest: string, cursors: Cursors): string {
  return `{"sid":"${sid}","cursor":"${cursors.at(seq)}","type":"${type}","at":"${new Date(at).toISOString()}",${rest.slice(1)}`
}

/** How much a follower may hear of events. */
type Hearing = Pick<EventReader, 'sees' | 'learn' | 'mayConcern'>

/** What a follower wants to hear of: all of these conditions, and everything where there is none. */
export class FeedFilter {
  readonly #types: ReadonlySet<string>
  readonly #families: readonly string[]
  readonly #abouts: readonly (readonly string[])[]
  readonly #reader: Hearing

  /**
   * `types`: names of the log; with `*` at the end, all that begin so.
   * `about`: fields of an event's data and the SID that one of them must hold.
   * `reader`: how much the follower may hear of an event at all.
   */
  constructor(
    types: readonly string[],
    about: readonly { readonly fields: readonly string[]; readonly sid: string }[],
    reader: Hearing = { sees: undefined }
  ) {
    this.#reader = reader
    this.#types = new Set(types.filter((type) => !type.endsWith('*')))
    this.#families = types.filter((type) => type.endsWith('*')).map((type) => type.slice(0, -1))
    this.#abouts = about.map(({ fields, sid }) => fields.map((field) => `"${field}":"${sid}"`))
  }

  /** What is told of an event; undefined for one that the follower does not want, or may not hear. */
  told(event: FeedEvent): FeedEvent | undefined {
    return this.fitsType(event.type) ? this.concerns(event) : undefined
  }

  /** Whether an event has to be looked at: `learn` may find that it is told. */
  mayFit(event: FeedEvent): boolean {
    if (!this.fitsType(event.type) || !this.#isAbout(event)) return false
    const { mayConcern, sees } = this.#reader
    return mayConcern ? mayConcern(event) : sees === undefined || sees(event) !== false
  }

  /** What has to be looked up before it is known who may hear of some events; undefined where nothing has. */
  learn(events: readonly FeedEvent[]): Promise<void> | undefined {
    return this.#reader.learn?.(events.filter((event) => this.fitsType(event.type) && this.#isAbout(event)))
  }

  /** The same as `told`, whatever its type is. */
  concerns(event: FeedEvent): FeedEvent | undefined {
    if (!this.#isAbout(event)) return undefined
    const heard = this.#reader.sees ? this.#reader.sees(event) : 'all'
    return heard === false ? undefined : event.as(heard)
  }

  #isAbout(event: FeedEvent): boolean {
    // In the JSON text of a flat object a name, a colon and a SID stand like this only where the field holds the SID:
    // inside a string every quotation mark has a backslash before it. So nothing is parsed, whoever follows.
    return this.#abouts.every((fields) => fields.some((field) => event.text.includes(field)))
  }

  fitsType(type: string): boolean {
    if (this.#types.size === 0 && this.#families.length === 0) return true
    return this.#types.has(type) || this.#families.some((family) => type.startsWith(family))
  }
}
