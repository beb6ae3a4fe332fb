import { createHmac, timingSafeEqual } from 'node:crypto'

type Pair = readonly [name: string, value: string]
type Pairs = readonly Pair[]

/**
 * HMAC-SHA1 in base64 over the address and the parameters: names in the order of their code units, the distinct values of
 * a name in theirs, and nothing in between (reference rest-conventions 8).
 */
export function signatureOf(auth_token: string, url: string, parameters: Pairs): string {
  let text = url
  let last: Pair | undefined
  for (const one of [...parameters].sort(byNameAndValue)) {
    if (last === undefined || byNameAndValue(last, one) !== 0) text += one[0] + one[1]
    last = one
  }
  return createHmac('sha1', auth_token).update(text, 'utf8').digest('base64')
}

function byNameAndValue([name, value]: Pair, [other, its]: Pair): number {
  if (name !== other) return name < other ? -1 : 1
  if (value === its) return 0
  return value < its ? -1 : 1
}

/** Whether a signature is the one of a request, at one of the addresses under which its sender may know us; in constant time. */
export function isSignedFor(
  given: unknown,
  auth_token: string,
  { urls, parameters }: { readonly urls: readonly string[]; readonly parameters: Pairs }
): boolean {
  if (typeof given !== 'string') return false
  return urls.some((url) => isSame(given, signatureOf(auth_token, url, parameters)))
}

function isSame(given: string, right: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(right)]
  return a.length === b.length && timingSafeEqual(a, b)
}
