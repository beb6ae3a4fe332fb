import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '../core/json.ts'
import type { FlowRevisionRow } from './rows.ts'

/** A condition of a transition of a split (reference studio 2). */
export interface Condition {
  readonly type: string
  /** Templates. */
  readonly argument: string
  readonly value: string
}

/** What leads on from a widget. */
export interface Transition {
  readonly event: string
  /** Undefined where the flow ends there. */
  readonly next: string | undefined
  readonly conditions: readonly Condition[]
}

export interface Widget {
  readonly name: string
  readonly type: string
  readonly transitions: readonly Transition[]
  readonly properties: Readonly<Record<string, unknown>>
}

/** What a definition says, as far as it says it: what is missing or of another type is left out. */
export interface Definition {
  readonly initial_state: string | undefined
  readonly widgets: ReadonlyMap<string, Widget>
  readonly allow_concurrent_calls: boolean
}

const known = new WeakMap<FlowRevisionRow, Definition>()

/** The definition of a revision; read once for as long as the row is the same. */
export function definitionOf(revision: FlowRevisionRow): Definition {
  let found = known.get(revision)
  if (found === undefined) {
    found = readDefinition(revision.definition)
    known.set(revision, found)
  }
  return found
}

/** Of JSON text, whatever it holds. */
export function readDefinition(text: string): Definition {
  const root = fieldsIn(valueIn(text))
  const widgets = new Map<string, Widget>()
  for (const state of listIn(root.states).map(fieldsIn)) {
    const { name, type } = state
    if (typeof name !== 'string' || typeof type !== 'string' || widgets.has(name)) continue
    widgets.set(name, {
      name,
      type,
      properties: fieldsIn(state.properties),
      transitions: listIn(state.transitions).map(transitionIn)
    })
  }
  return {
    initial_state: textIn(root.initial_state),
    widgets,
    allow_concurrent_calls: fieldsIn(root.flags).allow_concurrent_calls === true
  }
}

function transitionIn(value: unknown): Transition {
  const { event, next, conditions } = fieldsIn(value)
  return {
    event: textIn(event) ?? '',
    next: textIn(next) || undefined,
    conditions: listIn(conditions)
      .map(fieldsIn)
      .map((one) => ({
        type: textIn(one.type) ?? '',
        argument: textIn(listIn(one.arguments)[0]) ?? '',
        value: textIn(one.value) ?? ''
      }))
  }
}

/** The members of what may be an object. */
export function fieldsIn(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {}
}

export function listIn(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** A text; numbers and flags count as theirs. */
export function textIn(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? value : undefined
}
