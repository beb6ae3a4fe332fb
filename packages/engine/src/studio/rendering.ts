import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { type Json, valueIn } from '../core/json.ts'
import { statusOf } from '../schedules/status.ts'
import { withChanges } from './context.ts'
import { fieldsIn, listIn, textIn, type Widget } from './definition.ts'
import type { ContextChange, ContextData, ExecutionRow } from './rows.ts'

/** A widget could not do what it is for, by Twilio's number (reference studio 6). */
export class WidgetFailure extends Error {
  override name = 'WidgetFailure'
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** The numbers of what fails in a flow. */
export const codes = {
  steps: 81000,
  function: 81010,
  message: 81011,
  request: 81014,
  functionAnswer: 81017,
  subflowRevision: 81021,
  subflow: 81024,
  queueTimeout: 81009,
  replyLoop: 14107,
  /** Ours, where the original's number is not known: a value that a widget cannot take. */
  value: 20001
} as const

/** Entries of a list in a widget's properties. */
export const maxEntries = 1000

/**
 * What it takes to render and compare what a widget says, in units of about a microsecond: counted by parts of templates
 * and instructions of patterns, so that too much is the same everywhere. Others wait for as long.
 */
export class Work {
  /** Of one widget. */
  static readonly most = 100_000
  #done = 0

  get done(): number {
    return this.#done
  }

  /** Throws a failure of the widget that takes too much. */
  spend(units: number): void {
    this.#done += units
    if (this.#done > Work.most)
      throw new WidgetFailure(codes.value, 'its templates and patterns take more work than is possible at one widget')
  }
}

/** A widget's properties, rendered for one execution at one instant. */
export class Properties {
  readonly work = new Work()
  readonly #state: State
  #context: ContextData
  readonly #widget: Widget

  constructor(state: State, execution: ExecutionRow, widget: Widget) {
    this.#state = state
    this.#context = execution.context
    this.#widget = widget
  }

  /** As it stands in the definition. */
  raw(name: string): unknown {
    return this.#widget.properties[name]
  }

  /** A property as text; "" where there is none. */
  text(name: string): string {
    return this.render(textIn(this.raw(name)) ?? '', name)
  }

  /** What a list has, as it stands in the definition. */
  entries(name: string): readonly unknown[] {
    const list = listIn(this.raw(name))
    if (list.length > maxEntries)
      throw new WidgetFailure(codes.value, `${name} has ${list.length} entries; at most ${maxEntries} are possible`)
    return list
  }

  /** Keys and values of a list of pairs. Keys are rendered, too. */
  pairs(name: string): readonly (readonly [key: string, value: string])[] {
    return this.entries(name).map((one) => {
      const { key, value } = fieldsIn(one)
      return [this.render(textIn(key) ?? '', name), this.render(textIn(value) ?? '', name)] as const
    })
  }

  /** The object that a property's text is once it is rendered. */
  object(name: string): { readonly text: string; readonly fields: Readonly<Record<string, Json>> } {
    const given = this.raw(name)
    const text = isJsonObject(given) ? this.render(JSON.stringify(given), name) : this.text(name)
    if (text.trim() === '') return { text: '{}', fields: {} }
    const value = valueIn(text)
    if (!isJsonObject(value)) throw new WidgetFailure(codes.value, `${name} is no JSON object once it is rendered`)
    return { text, fields: value as Readonly<Record<string, Json>> } // it was JSON
  }

  /** Schedules are there for who asks for them; what one says is found out when it is asked. */
  #dataFor(template: string): object {
    const context = this.#context
    if (!template.includes('schedules')) return context
    const state = this.#state
    const schedules = Object.defineProperties(
      {},
      Object.fromEntries(
        state.tables.schedule
          .all()
          .map((row) => [row.name, { enumerable: true, get: () => statusOf(state, row, state.at) }])
      )
    )
    return { ...context, schedules }
  }

  /** What is rendered from now on sees these as well. */
  learn(changes: readonly ContextChange[]): void {
    this.#context = withChanges(this.#context, changes)
  }

  render(template: string, name: string): string {
    // Most texts are none.
    if (!template.includes('{')) return template
    this.work.spend(50 + template.length / 5)
    const rendered = this.#state.tools.render(template, this.#dataFor(template), this.#state.at)
    this.work.spend(rendered.parts * 2)
    if ('error' in rendered) throw new WidgetFailure(codes.value, `${name} could not be rendered: ${rendered.error}`)
    return rendered.text
  }
}
