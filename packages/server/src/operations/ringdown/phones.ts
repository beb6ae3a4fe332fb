import { InvalidRequest } from '@ringdown/contract/form'
import { normalized } from '@ringdown/engine/conversations/address'
import { notFound } from '@ringdown/engine/core/parameters'
import { mediaLimits } from '@ringdown/engine/media/channel-limits'
import { maxMedia } from '@ringdown/engine/media/media'
import { othersIn } from '@ringdown/engine/messaging/inbound'
import { phoneAt, phoneOf } from '@ringdown/engine/messaging/lookup'
import type { PhoneMessageRow } from '@ringdown/engine/messaging/rows'
import { Unavailable } from '../../commit/ledger.ts'
import { importMedia, NotImported } from '../../media/import.ts'
import { AddressRefused } from '../../network/guard.ts'
import { FeedFilter } from '../../realtime/feed/event.ts'
import { type Noun, noun } from '../derived.ts'
import type { Context, Handlers, One } from '../handler.ts'
import { coldPage, emptyPage, pageOf } from '../listing.ts'
import { filesOf } from '../media/handlers.ts'
import { agreedMessage } from './agreed-message.ts'

type OfPhone = { readonly phone_sid: string }

/** Virtual phones: what a customer has in hand. */
export const phoneNouns: Readonly<Record<string, Noun>> = {
  phone: noun({
    kind: 'phone',
    find: ({ state }, { sid }: One) => phoneOf(state, sid)
  }),
  phone_behaviour: noun({
    kind: 'phone',
    find: ({ state }, { phone_sid }: OfPhone) => phoneOf(state, phone_sid),
    represent: (_state, row) => ({ ...row, phone_sid: row.sid }),
    commands: { update: 'phone.behave' }
  }),
  phone_message: noun({
    kind: 'phone_message',
    find: messageOf,
    // Messages of before there were groups have none.
    represent: (_state, row) => ({ ...row, other_recipients: row.other_recipients ?? null })
  })
}

export const phoneHandlers = {
  'ringdown_v1.ListPhone'({ params: { address }, page }, { state }) {
    if (address === undefined)
      return pageOf({ table: state.tables.phone, index: 'account_sid', key: state.account_sid }, page)
    const phone = phoneAt(state, normalized(address) ?? address)
    return phone ? { ...emptyPage, items: [phone] } : emptyPage
  },

  async 'ringdown_v1.CreatePhoneMessage'({ path, params }, context) {
    const { media_url = [], media_sid = [], ...written } = params
    phoneOf(context.state, path.phone_sid)
    if (media_url.length + media_sid.length > maxMedia)
      throw new InvalidRequest(`Parameter MediaUrl is invalid: a message has at most ${maxMedia} media`, 'MediaUrl')
    const kept: string[] = []
    for (const url of media_url) kept.push(await keptFrom(context, url))
    const media_sids = [...media_sid, ...kept]
    const command = { ...path, ...written, ...(media_sids.length > 0 && { media_sids }) }
    const { address: from } = phoneOf(context.state, path.phone_sid)
    const { to, body, profile_name, other_recipients: others = [] } = written
    const agreed = await agreedMessage(context, {
      from,
      to,
      ...(others.length > 0 && { others: othersIn({ from, to, others }) }),
      body,
      told: profile_name ? { ProfileName: profile_name } : {}
    })
    return context.answer(
      { type: 'phone.write', ...command, ...(agreed !== undefined && { agreed }) },
      ({ phone_message }) => phone_message
    )
  },

  async 'ringdown_v1.ListPhoneMessage'({ path, params, page }, context) {
    const { wait_seconds = 0, after, direction } = params
    const { sid } = phoneOf(context.state, path.phone_sid)
    const last =
      after === undefined ? undefined : await messageOf(context, { phone_sid: sid, sid: after }).catch(unknownAfter)
    const list = () =>
      coldPage(context.ledger, page, {
        kind: 'phone_message',
        where: [
          ['phone_sid', '=', sid],
          ...(direction ? [['direction', '=', direction] as const] : []),
          ...(last ? [['seq', '>', last.seq] as const] : [])
        ],
        order: ['seq']
      })
    return wait_seconds > 0 ? awaited(context, sid, list, wait_seconds) : list()
  }
} satisfies Handlers

/** Keeps a file of the web, as a network keeps what its customers send; resolves with its SID. */
async function keptFrom(context: Context, url: string): Promise<string> {
  try {
    return await importMedia(
      filesOf(context),
      url,
      { limit: mediaLimits.whatsapp.size, isAsked: true },
      async (file) => {
        const { media } = await context.execute({ type: 'media.create', ...file })
        return media.sid
      }
    )
  } catch (error) {
    if (!(error instanceof NotImported || error instanceof AddressRefused)) throw error
    throw new InvalidRequest(`Parameter MediaUrl is invalid: ${error.message}`, 'MediaUrl')
  }
}

async function messageOf({ state, ledger }: Context, { phone_sid, sid }: OfPhone & One): Promise<PhoneMessageRow> {
  const resident = state.find('phone_message', sid)
  const [row] = resident ? [resident] : await ledger.find('phone_message', { sid })
  return row?.phone_sid === phone_sid ? row : notFound(`/Phones/${phone_sid}/Messages/${sid}`)
}

function unknownAfter(): never {
  throw new InvalidRequest('Parameter After is invalid: the phone has no such message', 'After')
}

/** A list, as soon as there is something in it: the feed says when to look again. */
async function awaited<T extends { readonly items: readonly unknown[] }>(
  { feed, ledger, gone }: Context,
  phone_sid: string,
  list: () => Promise<T>,
  seconds: number
): Promise<T> {
  if (!feed) throw new Unavailable(`account ${ledger.account_sid} is not served here`)
  const filter = new FeedFilter(
    ['phone_message.received', 'phone_message.written'],
    [{ fields: ['phone_sid'], sid: phone_sid }]
  )
  const question = { cursor: undefined, since: undefined, filter, limit: 1, wait_ms: 0, presence: false }
  const { position } = await feed.poll(question, gone)
  const found = await list()
  if (found.items.length > 0) return found
  await feed.poll({ ...question, cursor: feed.cursors.at(position), wait_ms: seconds * 1000 }, gone)
  return list()
}
