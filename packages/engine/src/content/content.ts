import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { oneOf } from '../core/enumeration.ts'
import { valueIn } from '../core/json.ts'
import { checkLength, notFound } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { checkTypes } from './content-type.ts'
import { type ContentChannel, checkVariables, type RenderedContent, renderContent, typeFor } from './rendering.ts'
import { approvalCategories, type ContentRow, type WhatsAppApproval } from './rows.ts'

export interface ContentParams {
  readonly friendly_name?: unknown
  readonly language?: unknown
  /** JSON texts. */
  readonly variables?: string
  readonly types?: string
}

/** UTF-16 units of the texts of types and of variables. */
const maxTypes = 65_536
const maxVariables = 16_384

/** Keeps a template (reference messaging 17). */
export function createContent(state: State, params: ContentParams): { content: ContentRow } {
  const { friendly_name, language, variables = '{}', types } = checked(params)
  if (!language) refuse('invalid', 'language is required')
  if (types === undefined) return refuse('invalid', 'types is required')
  const content = state.insert('content', {
    account_sid: state.account_sid,
    friendly_name: friendly_name || null,
    language,
    variables,
    types,
    approval: null
  })
  return { content }
}

/** Changes a template. WhatsApp has not seen it as it is then: it has to be asked again. */
export function updateContent(state: State, params: ContentParams & { readonly sid: string }): { content: ContentRow } {
  const before = contentAt(state, params.sid)
  const { friendly_name, language, variables, types } = checked(params)
  const isOther = [language, variables, types].some((one) => one !== undefined)
  const content = state.change('content', before.sid, {
    ...(friendly_name !== undefined && { friendly_name: friendly_name || null }),
    ...(language && { language }),
    variables,
    types,
    ...(isOther && { approval: null })
  })
  return { content }
}

export function deleteContent(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  state.remove('content', contentAt(state, sid).sid)
  return {}
}

/** Asks WhatsApp to approve a template. There is no WhatsApp behind virtual phones: they approve at once (reference messaging 17.3). */
export function approveContent(
  state: State,
  params: {
    readonly content_sid: string
    readonly name?: unknown
    readonly category?: unknown
    readonly allow_category_change?: unknown
  }
): { content: ContentRow } {
  const before = contentAt(state, params.content_sid)
  const { name, category, allow_category_change = true } = params
  if (typeof name !== 'string' || !/^[a-z0-9_]{1,512}$/.test(name))
    return refuse('invalid', 'name must have lower-case letters, digits and underscores only')
  if (typeof category !== 'string') return refuse('invalid', 'category is required')
  if (typeof allow_category_change !== 'boolean')
    return refuse('invalid', 'allow_category_change must be true or false')
  if (before.approval) refuse('conflict', `Content ${before.sid} is approved already, as ${before.approval.name}`)
  const approval: WhatsAppApproval = {
    name,
    category: oneOf(approvalCategories, category, 'category'),
    content_type: typeFor(valueIn(before.types), 'whatsapp'),
    status: 'approved',
    allow_category_change
  }
  return { content: state.change('content', before.sid, { approval }) }
}

/** What a message that names a template says, on a channel. Refuses a template that is not there with 21655. */
export function renderedContent(
  state: State,
  { content_sid, content_variables }: OfTemplate,
  channel: ContentChannel
): RenderedContent {
  const content = state.tables.content.find(content_sid)
  if (!content) return refuse('content.missing', `The ContentSid ${content_sid} is invalid: there is no such content`)
  return renderContent(content, content_variables || undefined, channel)
}

interface OfTemplate {
  readonly content_sid?: string | null
  /** JSON text of an object. */
  readonly content_variables?: string | null
}

/** What a command must have read that renders the template which its parameters name. */
export function templateReads({ content_sid }: OfTemplate, state: State): readonly Read[] {
  return content_sid && !state.tables.content.find(content_sid)
    ? [{ kind: 'content', where: { sid: content_sid } }]
    : []
}

export function contentReads({ sid }: { readonly sid: string }, state: State): readonly Read[] {
  return templateReads({ content_sid: sid }, state)
}

function contentAt(state: State, sid: string): ContentRow {
  return state.tables.content.find(sid) ?? notFound(`/Content/${sid}`)
}

function checked({ friendly_name, language, variables, types }: ContentParams): {
  readonly friendly_name: string | undefined
  readonly language: string | undefined
  readonly variables: string | undefined
  readonly types: string | undefined
} {
  const name = textOf(friendly_name, 'friendly_name')
  const tag = textOf(language, 'language')?.trim()
  checkLength(name, 'friendly_name', 450)
  if (tag !== undefined && !/^[a-zA-Z]{2,8}([_-][a-zA-Z0-9]{1,8})*$/.test(tag))
    refuse('invalid', `Value '${tag}' provided for language must be a language code as en or pt_BR`)
  checkLength(variables, 'variables', maxVariables)
  checkLength(types, 'types', maxTypes)
  if (variables !== undefined) checkVariables(variables)
  if (types !== undefined) checkTypes(valueIn(types))
  return { friendly_name: name, language: tag, variables, types }
}

function textOf(value: unknown, name: string): string | undefined {
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : refuse('invalid', `${name} must be a text`)
}
