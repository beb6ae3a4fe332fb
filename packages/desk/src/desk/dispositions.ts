import { featureOf } from '../live/features.ts'
import { type DeskItem, objectIn, textIn } from '../live/rows.ts'
import type { Words } from '../words/en.ts'

/** One more thing that is asked at the end of a contact. */
export interface WrapUpField {
  readonly label: string
  /** The member of `conversations` among the task's attributes that it is kept as. */
  readonly name: string
  readonly isRequired: boolean
  /** What can be chosen; undefined for a text. */
  readonly options: readonly string[] | undefined
  /** Whether more than one may be; they are kept with `|` between them. */
  readonly isMany: boolean
}

export interface Dispositions {
  readonly outcomes: readonly string[]
  readonly isRequired: boolean
  readonly hasNotes: boolean
  readonly fields: readonly WrapUpField[]
}

/**
 * The feature `dispositions` of the project template, by its published names: those for everything and those of the task's
 * queue together, whose own `require_disposition` counts first. An account without it has ours, and nobody is forced.
 */
export function dispositionsOf(configuration: unknown, { task, attributes }: DeskItem, words: Words): Dispositions {
  const feature = featureOf(configuration, 'dispositions')
  const perQueue = objectIn(objectIn(feature.per_queue)[task.task_queue_friendly_name ?? ''])
  const general = objectIn(feature.global)
  const isOn = feature.enabled === true
  const both = (name: string): readonly unknown[] =>
    isOn ? [general[name], perQueue[name]].flatMap((list): readonly unknown[] => (Array.isArray(list) ? list : [])) : []
  const listed = both('dispositions').map(String)
  const known = textIn(attributes, 'conversations', 'outcome')
  const outcomes = isOn ? [...new Set(listed)] : words.wrapUp.outcomes
  const fields = [
    ...both('text_attributes').map((one) => fieldIn(one, false)),
    ...both('select_attributes').map((one) => fieldIn(one, true))
  ].filter((field) => field.name !== '')
  return {
    outcomes: known === undefined || outcomes.includes(known) ? outcomes : [...outcomes, known],
    isRequired: isOn && listed.length > 0 && (perQueue.require_disposition ?? general.require_disposition) === true,
    hasNotes: !isOn || feature.enable_notes !== false,
    fields: fields.filter(({ name }, index) => fields.findIndex((one) => one.name === name) === index)
  }
}

function fieldIn(value: unknown, isSelect: boolean): WrapUpField {
  const { form_label, conversation_attribute, required, options, multi_select } = objectIn(value)
  const name = typeof conversation_attribute === 'string' ? conversation_attribute : ''
  return {
    name,
    label: typeof form_label === 'string' ? form_label : name,
    isRequired: required === true,
    options: isSelect ? (Array.isArray(options) ? options : []).map(String) : undefined,
    isMany: isSelect && multi_select === true
  }
}

/** What is kept of a wrap-up until it is completed: the outcome, the notes, and the fields. */
export interface KeptWrapUp {
  readonly outcome: string
  readonly content: string
  readonly fields: Readonly<Record<string, string>>
}

/** Reads the draft of a wrap-up. */
export function keptWrapUp(text: string): KeptWrapUp {
  const { outcome, content, fields } = objectIn(text)
  return {
    outcome: typeof outcome === 'string' ? outcome : '',
    content: typeof content === 'string' ? content : '',
    fields: Object.fromEntries(Object.entries(objectIn(fields)).map(([name, value]) => [name, String(value)]))
  }
}

/** The first thing without which it cannot be completed: the outcome, or the label of a field. */
export function missingIn(
  { outcome, fields }: KeptWrapUp,
  { isRequired, fields: asked }: Dispositions
): 'outcome' | { readonly label: string } | undefined {
  if (isRequired && outcome === '') return 'outcome'
  return asked.find((field) => field.isRequired && (fields[field.name] ?? '').trim() === '')
}
