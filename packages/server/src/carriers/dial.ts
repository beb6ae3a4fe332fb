import { lookup as resolve } from 'node:dns'
import { isIP } from 'node:net'
import { publicLookup } from '../network/guard.ts'
import type { CarrierContext } from './carrier.ts'

/**
 * The IP address of a server that may be dialed. A library that looks names up by itself is given this address, and the
 * name for its certificate. Rejects where there is none, or with AddressRefused.
 */
export function dialed(host: string, { allowPrivate }: Pick<CarrierContext, 'allowPrivate'>): Promise<string> {
  const lookup = allowPrivate ? resolve : publicLookup
  return new Promise((done, failed) => {
    // An address in the place of a name is looked up as well: so the guard sees it.
    lookup(host, { all: true, family: isIP(host) }, (error, addresses) => {
      const [first] = [addresses].flat()
      if (error) failed(error)
      else if (typeof first === 'object') done(first.address)
      else failed(new Error(`${host} has no address`))
    })
  })
}
