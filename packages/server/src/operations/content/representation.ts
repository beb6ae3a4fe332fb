import type {
  ContentV1ApprovalCreateRow,
  ContentV1ApprovalFetchRow,
  ContentV1ContentAndApprovalsRow,
  ContentV1ContentRow
} from '@ringdown/contract/generated/content-v1'
import { typeFor } from '@ringdown/engine/content/rendering'
import type { ContentRow } from '@ringdown/engine/content/rows'
import { shownJson } from '../shown-json.ts'

/** Variables and types as they were written. */
export function representContent(row: ContentRow): ContentV1ContentRow {
  return { ...row, variables: shownJson(row.variables), types: shownJson(row.types) }
}

export function representWithApproval(row: ContentRow): ContentV1ContentAndApprovalsRow {
  return { ...representContent(row), approval_requests: representApproval(row) }
}

export function representApprovals(row: ContentRow): ContentV1ApprovalFetchRow {
  const { account_sid, sid } = row
  return { account_sid, sid, whatsapp: { type: 'whatsapp', ...representApproval(row) } }
}

/** What nobody has asked for yet is there, too, and says so (reference messaging 17.3). */
export function representApproval({ approval, types }: ContentRow): ContentV1ApprovalCreateRow {
  const content_type = typeFor(JSON.parse(types), 'whatsapp') // what was checked
  const asked = approval ?? { name: '', category: '', content_type, status: 'unsubmitted', allow_category_change: true }
  return { ...asked, rejection_reason: '' }
}
