import type { CarrierContext } from '../../carriers/carrier.ts'
import type { Context } from '../handler.ts'
import { keptFiles } from '../media/kept-files.ts'

/** What carriers work with in a request. Nothing is sent there, so nobody has to fetch a file. */
export function carrierGroundOf(context: Context): Omit<CarrierContext, 'carrier' | 'secrets' | 'signal'> {
  const { ledger, media, now } = context
  return {
    ledger,
    now: () => now(),
    since: now(),
    files: media && keptFiles({ account_sid: ledger.account_sid, media, public_url: undefined }, context),
    public_url: undefined,
    allowPrivate: media?.allowPrivate ?? false
  }
}
