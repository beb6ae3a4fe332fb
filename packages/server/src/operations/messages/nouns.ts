import { notFound } from '@ringdown/engine/core/parameters'
import { senderAddress } from '@ringdown/engine/messaging/lookup'
import type { ChannelMessageRow } from '@ringdown/engine/messaging/rows'
import type { PageQuery } from '../../store/store.ts'
import { checkAccount } from '../access/handlers.ts'
import { type ColdQuery, type Noun, noun } from '../derived.ts'
import type { Context, One } from '../handler.ts'

export type OfAccount = { readonly account_sid: string }

/** Messages of the API of 2010 (reference messaging 1). */
export const messageNouns: Readonly<Record<string, Noun>> = {
  message: noun({
    kind: 'channel_message',
    find: (context, path: OfAccount & One) => sentOrReceived(context, path, path.sid),
    rows: ({ state }, path: OfAccount, params) => {
      checkAccount(state, path)
      return listOf(params)
    },
    represent: (_state, row) => representChannelMessage(row),
    // The account that a path names is looked at before anything is done in it.
    agreed: async ({ state }, command) => {
      checkAccount(state, command as { readonly account_sid?: string }) // of its path
      return command
    }
  })
}

/** A message by its SID. Where it is in memory it is the newer one. 404 where there is none. */
export async function sentOrReceived(
  { state, ledger }: Pick<Context, 'state' | 'ledger'>,
  path: OfAccount,
  sid: string
): Promise<ChannelMessageRow> {
  checkAccount(state, path)
  const [row] = [state.find('channel_message', sid) ?? (await ledger.find('channel_message', { sid }))].flat()
  return row ?? notFound(`/Accounts/${path.account_sid}/Messages/${sid}.json`)
}

const day_ms = 86_400_000

/** The newest first. A date alone is the whole of its day, before and after are with that instant. */
function listOf(params: Readonly<Record<string, unknown>>): ColdQuery {
  const where: [string, '=' | '>=' | '<=' | '<', string | number][] = []
  for (const column of ['to', 'from'] as const) {
    const value = params[column]
    if (typeof value === 'string') where.push([column, '=', senderAddress(value) ?? value])
  }
  const { date_sent, date_sent_before, date_sent_after } = params
  if (typeof date_sent === 'number') {
    const begin = date_sent - (date_sent % day_ms)
    where.push(['date_sent', '>=', begin], ['date_sent', '<', begin + day_ms])
  }
  if (typeof date_sent_before === 'number') where.push(['date_sent', '<=', date_sent_before])
  if (typeof date_sent_after === 'number') where.push(['date_sent', '>=', date_sent_after])
  const isDated = where.some(([column]) => column === 'date_sent')
  const query: Pick<PageQuery, 'where' | 'order'> = { where, order: isDated ? ['date_sent', 'seq'] : ['seq'] }
  return { ...query, descending: true }
}

/** A message as the API shows it. Nothing here has a price. */
function representChannelMessage(row: ChannelMessageRow) {
  const uri = `/2010-04-01/Accounts/${row.account_sid}/Messages/${row.sid}`
  return {
    ...row,
    body: row.body ?? '',
    num_segments: String(row.num_segments),
    num_media: String(row.media.length),
    price: null,
    price_unit: null,
    api_version: '2010-04-01',
    uri: `${uri}.json`,
    subresource_uris: { media: `${uri}/Media.json`, feedback: `${uri}/Feedback.json` }
  }
}
