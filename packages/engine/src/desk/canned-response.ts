import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import { isSameName, nameForm } from '../core/names.ts'
import { checkLength, cleared, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import type { CannedResponseRow } from './rows.ts'

export interface CannedResponseParams {
  readonly section?: string
  readonly label?: string
  readonly text?: string
  /** "" clears it, as it does the shortcut. */
  readonly language?: string
  readonly task_queue_sids?: readonly string[]
  readonly shortcut?: string
}

type Texts = Required<Pick<CannedResponseParams, 'section' | 'label' | 'text'>>

const maxSection = 128
const maxLabel = 256
/** As a message's body. */
const maxText = 32_768
const maxQueues = 100
/** Responses of one import. */
const maxImported = 500

export function createCannedResponse(
  state: State,
  params: CannedResponseParams & Texts
): { canned_response: CannedResponseRow } {
  checkParams(state, params)
  const { section, label, text, task_queue_sids = [] } = params
  const canned_response = insertResponse(state, {
    ...{ section, label, text, task_queue_sids },
    language: params.language || null,
    shortcut: params.shortcut || null
  })
  return { canned_response }
}

export function updateCannedResponse(
  state: State,
  { sid, ...params }: CannedResponseParams & { readonly sid: string }
): { canned_response: CannedResponseRow } {
  const before = cannedResponseOf(state, sid)
  checkParams(state, params, before)
  const { section, label, text, task_queue_sids } = params
  const [language, shortcut] = [cleared(params.language), cleared(params.shortcut)]
  const canned_response = state.change('canned_response', before.sid, {
    ...(section !== undefined && { section }),
    ...(label !== undefined && { label }),
    ...(text !== undefined && { text }),
    ...(task_queue_sids !== undefined && { task_queue_sids }),
    ...(language !== undefined && { language }),
    ...(shortcut !== undefined && { shortcut })
  })
  state.emit('canned-response.updated', { canned_response })
  return { canned_response }
}

export function deleteCannedResponse(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const canned_response = cannedResponseOf(state, sid)
  state.emit('canned-response.deleted', { canned_response })
  state.remove('canned_response', sid)
  return {}
}

/**
 * Takes over the responses of Flex's template: JSON text with `categories` of a `section` and its `responses`, each with
 * `label` and `text`. One whose section and label are there already gets the text; so to import twice changes nothing.
 */
export function importCannedResponses(
  state: State,
  { responses }: { readonly responses: string }
): { created: number; updated: number } {
  let [created, updated] = [0, 0]
  for (const { section, label, text } of textsIn(responses)) {
    const known = [...state.tables.canned_response.by('section', nameForm(section))].find((row) =>
      isSameName(row.label, label)
    )
    if (known?.text === text) continue
    if (known) {
      updateCannedResponse(state, { sid: known.sid, text })
      updated++
    } else {
      createCannedResponse(state, { section, label, text })
      created++
    }
  }
  return { created, updated }
}

export function createCannedResponseReads({ shortcut }: CannedResponseParams, state: State): readonly Read[] {
  if (!shortcut || state.tables.canned_response.firstBy('shortcut', nameForm(shortcut))) return []
  return [{ kind: 'canned_response', where: { shortcut } }]
}

export function cannedResponseReads(
  params: CannedResponseParams & { readonly sid: string },
  state: State
): readonly Read[] {
  const { sid } = params
  const own = state.tables.canned_response.find(sid) ? [] : [{ kind: 'canned_response', where: { sid } }]
  return [...own, ...createCannedResponseReads(params, state)]
}

/** What is no such document names nothing: the decider refuses it. */
export function importReads({ responses }: { readonly responses: string }): readonly Read[] {
  const sections = new Set(sectionsIn(responses).flatMap(({ section }) => (typeof section === 'string' ? section : [])))
  return [...sections].map((section) => ({ kind: 'canned_response', where: { section } }))
}

function cannedResponseOf(state: State, sid: string): CannedResponseRow {
  return state.tables.canned_response.find(sid) ?? notFound(`/CannedResponses/${sid}`)
}

function insertResponse(
  state: State,
  columns: Pick<CannedResponseRow, 'section' | 'label' | 'text' | 'task_queue_sids' | 'language' | 'shortcut'>
): CannedResponseRow {
  const canned_response = state.insert('canned_response', { account_sid: state.account_sid, ...columns })
  state.emit('canned-response.created', { canned_response })
  return canned_response
}

function checkParams(state: State, params: CannedResponseParams, before?: CannedResponseRow): void {
  const { section, label, text, language, shortcut, task_queue_sids = [] } = params
  for (const [name, value, most] of [
    ['Section', section, maxSection],
    ['Label', label, maxLabel],
    ['Text', text, maxText]
  ] as const) {
    if (value?.trim() === '') refuse('invalid', `${name} of a canned response must not be empty`)
    checkLength(value, name, most)
  }
  if (language && !/^[a-zA-Z]{2,8}(-[a-zA-Z0-9]{1,8})*$/.test(language))
    refuse('invalid', `Value '${language}' provided for Language must be a language tag as fr or pt-BR`)
  if (task_queue_sids.length > maxQueues) refuse('invalid', `TaskQueueSids are at most ${maxQueues}`)
  for (const sid of task_queue_sids)
    if (!state.tables.task_queue.find(sid))
      refuse('invalid', `Value '${sid}' provided for TaskQueueSids does not exist`)
  if (!shortcut) return
  if (!/^\S{1,64}$/.test(shortcut)) refuse('invalid', 'Shortcut must have 1 to 64 characters, none of them white space')
  const other = state.tables.canned_response.firstBy('shortcut', nameForm(shortcut))
  if (other && other.sid !== before?.sid) refuse('conflict', `Shortcut ${shortcut} is that of ${other.sid}`)
}

interface Section {
  readonly section?: unknown
  readonly responses?: unknown
}

function sectionsIn(text: string): readonly Section[] {
  const root = memberOf(valueIn(text), 'data') ?? valueIn(text)
  const categories = Array.isArray(root) ? root : memberOf(root, 'categories')
  return Array.isArray(categories) ? categories.filter(isJsonObject) : []
}

function textsIn(document: string): Texts[] {
  const expected = 'Responses must be JSON with categories of a section and its responses, each with label and text'
  const sections = sectionsIn(document)
  if (sections.length === 0) refuse('invalid', expected)
  const texts = sections.flatMap(({ section, responses }) => {
    if (typeof section !== 'string' || !Array.isArray(responses)) return refuse('invalid', expected)
    return responses.map((one): Texts => {
      const [label, text] = [memberOf(one, 'label'), memberOf(one, 'text')]
      if (typeof label !== 'string' || typeof text !== 'string') return refuse('invalid', expected)
      return { section, label, text }
    })
  })
  if (texts.length > maxImported) refuse('invalid', `Responses are at most ${maxImported} at a time`)
  return texts
}

function memberOf(value: unknown, name: string): unknown {
  return isJsonObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
}
