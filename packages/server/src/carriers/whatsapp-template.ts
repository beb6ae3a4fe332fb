import { isJsonObject } from '@ringdown/contract/json-text'
import type { RenderedContent } from '@ringdown/engine/content/rendering'
import type { ContentRow } from '@ringdown/engine/content/rows'
import { valueIn } from '@ringdown/engine/core/json'

/**
 * An approved template as WhatsApp is asked for it: by the name and language under which it was approved, with what its
 * variables are (reference messaging 11).
 */
export function templateBody(
  { types, variables, language, approval }: ContentRow,
  chosen: string | null,
  { content_type, media, quick_replies }: RenderedContent
): Readonly<Record<string, unknown>> {
  const all = { ...textsIn(variables), ...textsIn(chosen) }
  const [picture] = media
  const header = picture === undefined ? [] : [{ type: 'header', parameters: [mediaParameter(picture)] }]
  const parameters = namesIn(bodyIn(types, content_type)).map((name) => ({
    type: 'text',
    ...(!/^\d+$/.test(name) && { parameter_name: name }),
    text: all[name] ?? ''
  }))
  const buttons = quick_replies.map(({ payload }, index) => ({
    type: 'button',
    sub_type: 'quick_reply',
    index: String(index),
    parameters: [{ type: 'payload', payload }]
  }))
  const components = [...header, ...(parameters.length > 0 ? [{ type: 'body', parameters }] : []), ...buttons]
  return {
    type: 'template',
    template: {
      name: approval?.name,
      language: { code: language },
      ...(components.length > 0 && { components })
    }
  }
}

function bodyIn(types: string, content_type: string): string {
  const value = valueIn(types)
  const content = isJsonObject(value) ? value[content_type] : undefined
  if (!isJsonObject(content)) return ''
  return [content.header_text, content.title, content.body].filter((text) => typeof text === 'string').join('\n')
}

/** Names of variables as they stand in a text, each once; numbers in their order. */
function namesIn(text: string): readonly string[] {
  const names = [...new Set([...text.matchAll(/\{\{\s*([\w.-]{1,64})\s*\}\}/g)].map(([, name = '']) => name))]
  return names.every((name) => /^\d+$/.test(name)) ? names.sort((a, b) => Number(a) - Number(b)) : names
}

function textsIn(json: string | null): Readonly<Record<string, string>> {
  const value = json === null ? undefined : valueIn(json)
  if (!isJsonObject(value)) return {}
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, String(one)]))
}

function mediaParameter(link: string) {
  const [, end = ''] = /\.(\w{2,5})(?:[?#]|$)/.exec(link) ?? []
  if (end === 'mp4') return { type: 'video', video: { link } }
  return end === 'pdf' ? { type: 'document', document: { link } } : { type: 'image', image: { link } }
}
