import { json, kind, type RowOf, text } from '../core/kind.ts'

export const approvalCategories = ['UTILITY', 'MARKETING', 'AUTHENTICATION'] as const

/** That WhatsApp lets a template be sent to who has not written for a day. */
export interface WhatsAppApproval {
  readonly name: string
  readonly category: (typeof approvalCategories)[number]
  readonly content_type: string
  readonly status: 'approved'
  readonly allow_category_change: boolean
}

/** A template of messages (reference messaging 17). */
const contentColumns = {
  account_sid: text(),
  friendly_name: text<string | null>(),
  language: text(),
  /** JSON text of an object, as it was given: what variables are where nobody says. */
  variables: text(),
  /** JSON text of an object, as it was given: what the message is, by content type. */
  types: text(),
  /** Null while nobody has asked for it. */
  approval: json<WhatsAppApproval | null>()
} as const
export type ContentRow = RowOf<typeof contentColumns>

/*
 * Templates are read when they are sent, and there may be thousands. They are kept until they are deleted. What a customer
 * is told is in the message, and goes with that: a template says nothing of anybody.
 */
export const contentKinds = {
  content: kind(contentColumns, {
    prefix: 'HX',
    cold: { columns: ['seq'], indexes: [['seq']], foundBy: ['sid'] }
  })
}
