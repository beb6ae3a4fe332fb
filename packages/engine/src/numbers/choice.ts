import type { State } from '../center.ts'
import { e164 } from '../core/phone-number.ts'
import { areaCodeOf, countryOf, takesNames } from './country.ts'
import type { MessagingServiceRow, PooledSenderRow } from './rows.ts'
import { messageChannelOf } from './sender.ts'

/** The sender that was chosen, and how it is written as `From`. */
export interface ChosenSender {
  readonly sid: string
  readonly address: string
}

/**
 * Which sender of a service's pool writes to a recipient (reference messaging 3.3). The same recipient gets the same sender
 * while that is in the pool and no other is better; `before` is the address that wrote to it last, where somebody knows,
 * and stays as long as it can. Where the service lets senders take turns, whose turn it is follows from `turn`, such as the
 * message's SID. Undefined where there is no such service, or its pool has nobody for that channel: a message fails with
 * 21703 then.
 */
export function chooseSender(
  state: State,
  messaging_service_sid: string,
  to: string,
  { before, turn = '' }: { readonly before?: string | null; readonly turn?: string } = {}
): ChosenSender | undefined {
  const service = state.tables.messaging_service.find(messaging_service_sid)
  if (!service) return undefined
  const fitting = rankedFor(service, state.tables.pooled_sender.list('messaging_service_sid', service.sid), to)
  const last = service.sticky_sender ? fitting.flat().find(({ address }) => address === before) : undefined
  const [best = []] = fitting
  // Who sticks is found again by the same order.
  return last ?? lowest(best, service.sticky_sender ? to : `${to} ${turn}`)
}

/** Groups of senders that can reach somebody, the best first; none that is empty. */
function rankedFor(service: MessagingServiceRow, pool: readonly PooledSenderRow[], to: string): PooledSenderRow[][] {
  const channel = messageChannelOf(to)
  if (channel !== 'sms')
    return groups(pool.filter((row) => row.pool_type === 'channel_sender' && messageChannelOf(row.address) === channel))
  const number = e164(to)
  const country = number && countryOf(number)
  const hasNames = country !== null && takesNames(country)
  const of = (type: PooledSenderRow['pool_type']) => pool.filter((row) => row.pool_type === type)
  const numbers = of('phone_number')
  const near = numbers.filter((row) => row.country_code === country)
  const area = number && areaCodeOf(number)
  const isClose = (row: PooledSenderRow) => area !== null && areaCodeOf(row.address) === area
  const isHome = (row: PooledSenderRow) => row.country_code === country || row.country_code === null
  return groups(
    hasNames ? of('destination_alpha_sender').filter((row) => row.country_code === country) : [],
    hasNames ? of('destination_alpha_sender').filter((row) => row.country_code === null) : [],
    hasNames ? of('alpha_sender') : [],
    // A short code reaches its own country only: that of the pool's numbers, where there are any.
    numbers.length === 0 || near.length > 0 ? of('short_code').filter(isHome) : [],
    service.area_code_geomatch ? near.filter(isClose) : [],
    near,
    numbers
  )
}

function groups(...all: PooledSenderRow[][]): PooledSenderRow[][] {
  return all.filter((group) => group.length > 0)
}

/** The one whose number with that key is the lowest: who leaves takes nobody else's place along, who comes gets a share. */
function lowest(rows: readonly PooledSenderRow[], key: string): PooledSenderRow | undefined {
  let [found, least] = [rows[0], Number.POSITIVE_INFINITY]
  for (const row of rows) {
    const hash = hashOf(`${key} ${row.sid}`)
    if (hash < least) [found, least] = [row, hash]
  }
  return found
}

/** FNV-1a with murmur's last step, so that texts that differ at their end differ everywhere. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
