import { InvalidRequest } from '@ringdown/contract/form'
import { notFound } from '@ringdown/engine/core/parameters'
import { checkCarried, mediaLimits } from '@ringdown/engine/media/channel-limits'
import { importMedia, NotImported } from '../../media/import.ts'
import { AddressRefused } from '../../network/guard.ts'
import type { Handlers } from '../handler.ts'
import { filesOf } from '../media/handlers.ts'

export const mediaImportHandlers = {
  async 'ringdown_v1.CreateMediaImport'({ path: { service_sid }, params }, context) {
    if (!context.state.find('chat_service', service_sid)) notFound(`/Services/${service_sid}`)
    const { url, channel = 'whatsapp' } = params
    const { author } = params as { readonly author?: string } // who calls, as the permission table says
    try {
      return await importMedia(filesOf(context), url, { limit: mediaLimits[channel].size, isAsked: true }, (file) => {
        checkCarried(channel, file.content_type)
        const command = { type: 'media.create', chat_service_sid: service_sid, author, ...file } as const
        return context.answer(command, ({ media }) => ({ ...media, service_sid }))
      })
    } catch (error) {
      if (!(error instanceof NotImported || error instanceof AddressRefused)) throw error
      throw new InvalidRequest(`Url: ${error.message}`, 'Url')
    }
  }
} satisfies Handlers
