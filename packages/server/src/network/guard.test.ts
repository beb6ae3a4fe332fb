import { describe, expect, it, test } from 'vitest'
import { AddressRefused, checkHost, isPublic, publicLookup } from './guard.ts'

describe('a private address', () => {
  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback, elsewhere', '127.255.1.2'],
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['private, 10', '10.1.2.3'],
    ['private, 172', '172.16.0.1'],
    ['private, 172, the last', '172.31.255.255'],
    ['private, 192', '192.168.1.1'],
    ['carriers', '100.64.0.1'],
    ['metadata', '169.254.169.254'],
    ['metadata of Alibaba', '100.100.100.200'],
    ['metadata of Azure', '168.63.129.16'],
    ['metadata of Oracle', '192.0.0.192'],
    ['documentation', '203.0.113.9'],
    ['benchmarks', '198.19.0.1'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['loopback, six', '::1'],
    ['unspecified, six', '::'],
    ['link-local, six', 'fe80::1'],
    ['link-local with its zone', 'fe80::1%eth0'],
    ['unique-local', 'fc00::1'],
    ['metadata of AWS, six', 'fd00:ec2::254'],
    ['multicast, six', 'ff02::1'],
    ['mapped', '::ffff:127.0.0.1'],
    ['mapped, in hex', '::ffff:7f00:1'],
    ['mapped, metadata', '::ffff:a9fe:a9fe'],
    ['compatible', '::7f00:1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64, dotted', '64:ff9b::10.0.0.1'],
    ['NAT64, of zeros', '64:ff9b::'],
    ['NAT64, local', '64:ff9b:1::1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:4136:e378:8000:63bf:3fff:fdd2'],
    ['documentation, six', '2001:db8::1'],
    ['site-local', 'fec0::1'],
    ['no address at all', 'localhost']
  ])('(%s) is not public: %s', (_name, address) => expect(isPublic(address)).toBe(false))

  test.each([
    '8.8.8.8',
    '172.32.0.1',
    '100.128.0.1',
    '192.0.1.1',
    '2606:4700::1111',
    '::ffff:8.8.8.8',
    '64:ff9b::808:808'
  ])('while %s is public', (address) => expect(isPublic(address)).toBe(true))

  test.each([
    'http://127.0.0.1/',
    'http://2130706433/',
    'http://0x7f.1/',
    'http://0177.0.0.1/',
    'http://127.1/',
    'http://[::1]:8080/',
    'http://[::ffff:127.0.0.1]/',
    'http://0/',
    'http://me@169.254.169.254/latest'
  ])('is seen in %s', (url) => expect(() => checkHost(new URL(url))).toThrow(AddressRefused))
})

it('is left out of what a name stands for, at the moment of dialing', async () => {
  const looked = (all: boolean) =>
    new Promise((resolve) => publicLookup('localhost', { all }, (error, found) => resolve(error ?? found)))
  expect(await looked(true)).toBeInstanceOf(AddressRefused)
  expect(await looked(false)).toBeInstanceOf(AddressRefused)
})
