import type { State } from '@ringdown/engine/center'
import type { ContentRow } from '@ringdown/engine/content/rows'
import { notFound } from '@ringdown/engine/core/parameters'
import { type ColdQuery, type Noun, noun } from '../derived.ts'
import type { Context, One } from '../handler.ts'
import { representApprovals, representContent, representWithApproval } from './representation.ts'

const everything: ColdQuery = { where: [], order: ['seq'] }

/** Templates (reference messaging 17). */
export const contentNouns: Readonly<Record<string, Noun>> = {
  content: noun({
    kind: 'content',
    find: contentAt,
    rows: () => everything,
    represent: (_state, row) => representContent(row)
  }),
  content_and_approvals: noun({
    kind: 'content',
    rows: () => everything,
    represent: (_state: State, row) => representWithApproval(row)
  }),
  approval_fetch: noun({
    kind: 'content',
    find: contentAt,
    represent: (_state, row) => representApprovals(row)
  })
}

/** The row in memory is the newer one. */
async function contentAt({ state, ledger }: Context, { sid }: One): Promise<ContentRow> {
  const resident = state.find('content', sid)
  const [row] = resident ? [resident] : await ledger.find('content', { sid })
  return row ?? notFound(`/Content/${sid}`)
}
