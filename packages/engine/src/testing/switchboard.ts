import type { CommandOf, CommandType, ResultOf } from '../commands.ts'
import { leadsToFlow } from '../studio/call-widgets.ts'
import type { VoiceVerb } from '../voice/program.ts'
import type { CallRow, HeardRow } from '../voice/rows.ts'
import { ms, World, type WorldOptions } from './world.ts'

/** A verb of a document: its attributes, its text, what stands in it. */
export function verb(
  name: string,
  attributes: Readonly<Record<string, string | number | boolean>> = {},
  ...inside: readonly (string | VoiceVerb)[]
): VoiceVerb {
  const texts = inside.filter((one) => typeof one === 'string')
  const children = inside.filter((one) => typeof one !== 'string')
  return {
    verb: name,
    attributes: Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, String(value)])),
    ...(texts.length > 0 && { text: texts.join('') }),
    ...(children.length > 0 && { children })
  }
}

export const say = (text: string) => verb('Say', {}, text)

export interface AskedOnce {
  readonly url: string
  readonly method: string
  readonly parameters: Readonly<Record<string, string>>
}

type Program = readonly VoiceVerb[] | ((asked: AskedOnce) => readonly VoiceVerb[])

export const ours = '+15550100'

/** A center with a number, virtual phones, and programs that answer at once. */
export class Switchboard extends World {
  /** What programs were asked, in order. */
  readonly asked: AskedOnce[] = []
  readonly programs = new Map<string, Program>()
  readonly #phones = new Map<string, string>()

  constructor(options: WorldOptions = {}) {
    super(options)
    this.do({ type: 'incoming_phone_number.create', phone_number: ours, voice_url: 'https://a.example/voice' })
  }

  /** What the number's program answers. */
  on(...verbs: readonly VoiceVerb[]): this {
    return this.page('/voice', verbs)
  }

  page(path: string, program: Program): this {
    this.programs.set(`https://a.example${path}`, program)
    return this
  }

  override do<T extends CommandType>(command: CommandOf<T>): ResultOf<T> {
    const result = super.do(command)
    // The world gives commands before this is made.
    if (#phones in this) this.#answer()
    return result
  }

  /** Programs answer as soon as they are asked, however much time passes after that. */
  override pass(span: string): void {
    const end = this.at + ms(span)
    while (this.at < end) {
      const due = this.state.nextTimer?.due ?? end
      super.pass(`${Math.min(Math.max(due - this.at, 1), end - this.at)} ms`)
      this.#answer()
    }
  }

  /** A virtual phone by its address; it is there as soon as it is named. */
  phone(address: string, behaviour: Partial<CommandOf<'phone.behave'>> = {}): string {
    const known = this.#phones.get(address)
    const sid = known ?? this.do({ type: 'phone.create', address }).phone.sid
    this.#phones.set(address, sid)
    if (Object.keys(behaviour).length > 0) this.do({ type: 'phone.behave', phone_sid: sid, ...behaviour })
    return sid
  }

  /** Somebody calls our number. */
  dial(address: string, to = ours): CallRow {
    return this.do({ type: 'phone_call.create', phone_sid: this.phone(address), to }).call
  }

  act(address: string, action: 'answer' | 'reject' | 'hang-up' | 'press' | 'speak', what?: string): void {
    const phone_sid = this.phone(address)
    const { sid } = this.callOf(address)
    const more = what === undefined ? {} : action === 'press' ? { digits: what } : { text: what }
    this.do({ type: 'phone_call.update', phone_sid, sid, action, ...more })
  }

  /** The last call of a phone that is not over, or else the last one. */
  callOf(address: string): CallRow {
    const all = this.state.tables.call.all().filter(({ phone_sid }) => phone_sid === this.#phones.get(address))
    const call = all.findLast(({ end_time }) => end_time === null) ?? all.at(-1)
    if (!call) throw new Error(`${address} is on no call`)
    return call
  }

  status(address: string): string {
    return this.callOf(address).status
  }

  /** What a phone has heard, in words; `say: Welcome`, `+15550111: Hello`. */
  heard(address: string): string[] {
    return this.heardRows(address).map(({ what, content, speaker }) => {
      if (what === 'speech') return `${speaker}: ${content}`
      if (what === 'connected') return `with ${speaker}`
      return content === null ? what : `${what}: ${content}`
    })
  }

  heardRows(address: string): HeardRow[] {
    return this.state.tables.heard.all().filter(({ phone_sid }) => phone_sid === this.#phones.get(address))
  }

  /** Programs that have been asked answer, until none is asked any more. */
  #answer(): void {
    for (let count = 0; count < 100; count++) {
      const call = this.state.tables.call.all().find(({ request }) => request !== null && !leadsToFlow(request.url))
      const { request } = call ?? {}
      if (!call || !request) return
      const one = { url: request.url, method: request.method, parameters: Object.fromEntries(request.parameters) }
      this.asked.push(one)
      const program = this.programs.get(request.url)
      const verbs = typeof program === 'function' ? program(one) : program
      super.do({
        type: 'call.document',
        ...{ call_sid: call.sid, ticket: request.ticket, url: request.url, method: request.method },
        verbs: verbs ?? [],
        problems: verbs ? [] : [{ code: 11200, reason: 'no such page', url: request.url, level: 'error' }],
        isMissing: verbs === undefined
      })
    }
  }
}
