import { lookup as resolve } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/*
 * Addresses come from whoever configures a webhook, and this server may stand where they do not reach: so what is not on
 * the public Internet is not dialed. A name is judged by the addresses that it has at the moment of dialing, and only
 * those are dialed.
 */

/** Said with each refusal: it is the first thing that whoever tries Ringdown on one machine meets. */
const howToAllow = '--allow-private-destinations would allow it'

/** The address is one that nothing is sent to. */
export class AddressRefused extends Error {
  override name = 'AddressRefused'
}

/** IPv4 (also written as IPv6, `::ffff:…`): what IANA's registry of special addresses calls not globally reachable. */
const refused4: readonly (readonly [network: string, prefix: number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10], // carriers' NAT, and metadata of Alibaba Cloud
  ['127.0.0.0', 8],
  ['168.63.129.16', 32], // Azure's platform: public by number, local by nature
  ['169.254.0.0', 16], // link-local, and metadata of most clouds
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4] // reserved, and broadcast
]

/** Of the global unicast addresses, 2000::/3: the others are refused altogether. */
const refused6: readonly (readonly [network: string, prefix: number])[] = [
  ['2001::', 23], // protocol assignments, among them Teredo, which carries IPv4 addresses
  ['2001:db8::', 32],
  ['2002::', 16], // 6to4 carries an IPv4 address that may be anything
  ['3fff::', 20]
]

const four = new BlockList()
for (const [network, prefix] of refused4) four.addSubnet(network, prefix, 'ipv4')
const six = new BlockList()
for (const [network, prefix] of refused6) six.addSubnet(network, prefix, 'ipv6')
const global = new BlockList()
global.addSubnet('2000::', 3, 'ipv6')
const mapped = new BlockList()
mapped.addSubnet('::ffff:0:0', 96, 'ipv6')
/** Stands for an IPv4 address where a network has IPv6 only (RFC 6052); its last 32 bits are the address. */
const nat64 = new BlockList()
nat64.addSubnet('64:ff9b::', 96, 'ipv6')

/** Whether an IP address is one of the public Internet. */
export function isPublic(address: string): boolean {
  const [bare = ''] = address.split('%', 1) // a zone only says through which interface
  if (isIP(bare) === 4) return !four.check(bare, 'ipv4')
  if (isIP(bare) !== 6) return false
  if (mapped.check(bare, 'ipv6') || nat64.check(bare, 'ipv6')) return !four.check(lastFour(bare), 'ipv4')
  return global.check(bare, 'ipv6') && !six.check(bare, 'ipv6')
}

/**
 * Refuses what is written as an address, for which no name is looked up. A URL's host is already in its plain form:
 * `0x7f.1` and `2130706433` are 127.0.0.1 there. Throws AddressRefused.
 */
export function checkHost({ hostname }: { readonly hostname: string }): void {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublic(host)) throw new AddressRefused(`${host} is not a public address (${howToAllow})`)
}

/** Looks a name up for dialing, and leaves out what is not public; AddressRefused when nothing is left. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  resolve(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, [])
    const left = addresses.filter(({ address }) => isPublic(address))
    const [first] = left
    if (first === undefined) {
      const found = addresses.map(({ address }) => address).join(', ')
      return callback(
        new AddressRefused(`${hostname} is ${found || 'nowhere'}, which is not a public address (${howToAllow})`),
        []
      )
    }
    if (options.all) return callback(null, left)
    return callback(null, first.address, first.family)
  })
}

/** The last 32 bits of an IPv6 address as IPv4. */
function lastFour(address: string): string {
  const dotted = /\d+\.\d+\.\d+\.\d+$/.exec(address)
  if (dotted) return dotted[0]
  // A URL's host is written in its shortest form, where the groups are what counts.
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split(':')
  const [high = '0', low = '0'] = groups.slice(-2).map((group) => group || '0')
  const bits = ((Number.parseInt(high, 16) << 16) | Number.parseInt(low, 16)) >>> 0
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 255).join('.')
}
