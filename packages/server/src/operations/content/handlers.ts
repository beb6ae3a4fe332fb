import type { Handlers } from '../handler.ts'
import { representApproval, representContent } from './representation.ts'

type Members = Readonly<Record<string, unknown>>
type Texts = Readonly<Record<string, string>> | undefined

/** Templates whose JSON is kept as its text (reference messaging 17). Of a body of JSON only what is named here is taken. */
export const contentHandlers = {
  'content_v1.CreateContent': ({ params, texts }, { answer }) =>
    answer({ type: 'content.create', ...contentIn(params, texts) }, ({ content }) => representContent(content)),

  'content_v1.UpdateContent': ({ path, params, texts }, { answer }) =>
    answer({ type: 'content.update', ...contentIn(params, texts), ...path }, ({ content }) =>
      representContent(content)
    ),

  'content_v1.CreateApprovalCreate'({ path, params }, { answer }) {
    const { name, category, allow_category_change } = params
    return answer({ type: 'content.approve', name, category, allow_category_change, ...path }, ({ content }) =>
      representApproval(content)
    )
  }
} satisfies Handlers

/** Names as they are, and the texts of what is JSON; null is nothing. */
function contentIn({ friendly_name, language }: Members, texts: Texts) {
  const document = (name: 'variables' | 'types') => {
    const text = texts?.[name]
    return text === undefined || text === 'null' ? {} : { [name]: text }
  }
  return { friendly_name, language, ...document('variables'), ...document('types') }
}
