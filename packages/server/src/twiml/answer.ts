import { readTwiml, type TwimlDocument, type TwimlProblem } from './document.ts'
import type { Surface } from './vocabulary.ts'

/** What a program has answered that was asked what to do. */
export interface TwimlAnswer {
  readonly status: number
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** What it means: a document, text that is to be sent back, or what is wrong with it. */
export type TwimlMeaning = TwimlDocument | { readonly plain: string }

const nothing: TwimlDocument = { verbs: [], warnings: [] }

/**
 * What an answer to a webhook means (reference messaging 4). XML is a document; so is HTML, since programs forget to say
 * what they send; plain text is what is to be sent back, for messages; nothing at all means to do nothing. Another type is
 * refused (12300), and so is a status that is no success (11200).
 */
export function readAnswer({ status, headers, body }: TwimlAnswer, surface: Surface): TwimlMeaning {
  if (status < 200 || status >= 300) return problem(11200, `the answer's status is ${status}`)
  if (status === 204 || body.trim() === '') return nothing
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (documents.has(type)) return readTwiml(body, surface)
  if (type === 'text/plain' && surface === 'message') return { plain: body.trim() }
  const named = type === '' ? 'missing' : `'${type.slice(0, 60)}'`
  return problem(12300, `the answer's content type is ${named}, not text/xml`)
}

const documents: ReadonlySet<string> = new Set(['text/xml', 'application/xml', 'text/html'])

function problem(code: number, message: string): { readonly problem: TwimlProblem } {
  return { problem: { code, message } }
}
