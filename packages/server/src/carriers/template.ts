import { type ContentChannel, type RenderedContent, renderContent } from '@ringdown/engine/content/rendering'
import type { ContentRow } from '@ringdown/engine/content/rows'
import { Refusal } from '@ringdown/engine/core/refusals'
import type { CarrierContext, OutboundMessage } from './carrier.ts'

/** The template that a message is, and what it says on a channel; undefined where it is none, or is not there any more. */
export async function templateOf(
  { content_sid, content_variables }: Pick<OutboundMessage, 'content_sid' | 'content_variables'>,
  { ledger }: Pick<CarrierContext, 'ledger'>,
  channel: ContentChannel
): Promise<{ readonly content: ContentRow; readonly rendered: RenderedContent } | undefined> {
  if (content_sid === null) return undefined
  const [content] = await ledger.find('content', { sid: content_sid })
  if (!content) return undefined
  try {
    return { content, rendered: renderContent(content, content_variables ?? undefined, channel) }
  } catch (error) {
    // It was changed since the message was made: that says what it said then.
    if (error instanceof Refusal) return undefined
    throw error
  }
}
