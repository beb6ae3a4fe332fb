import type { State } from '@ringdown/engine/center'
import { nameForm } from '@ringdown/engine/core/names'

/*
 * What is always true of the addresses that are ours: each is there once and in one pool at most, a pool holds nothing that
 * is not there, and a conversation's address is configured once.
 */

/** Everything that is wrong with the numbers, senders and pools of a state. */
export function lineComplaints({ tables }: State): string[] {
  const own = [
    ...tables.incoming_phone_number.all().map((row) => ({ sid: row.sid, address: row.phone_number })),
    ...tables.sender.all()
  ]
  const bySid = new Map(own.map((row) => [row.sid, row.address]))
  return [
    ...twice(own.map(({ address }) => nameForm(address))).map((address) => `${address} is ours twice`),
    ...twice(tables.configuration_address.all().map(({ address }) => nameForm(address))).map(
      (address) => `${address} is configured twice`
    ),
    ...tables.pooled_sender.all().flatMap(({ sid, messaging_service_sid, pool_type, address }) => {
      const isName = pool_type === 'alpha_sender' || pool_type === 'destination_alpha_sender'
      const place = tables.messaging_service.get(messaging_service_sid)
      return [
        ...(place ? [] : [`${sid} is in a pool of ${messaging_service_sid}, which is not there`]),
        ...(isName || bySid.get(sid) === address ? [] : [`${sid} stands in a pool for ${address}, which is not it`])
      ]
    })
  ]
}

function twice(names: readonly string[]): string[] {
  return names.filter((name, at) => names.indexOf(name) !== at)
}
