import { describe, expect, it } from 'vitest'
import { Links, link_ms } from './links.ts'

const account = `AC${'a'.repeat(32)}`
const media = `ME${'1'.repeat(32)}`
const now = Date.parse('2026-03-02T09:00:00Z')

describe('a link', () => {
  const links = new Links(Buffer.alloc(32, 1), account)
  const { expires, signature } = links.to(media, now)
  const end = String(expires)

  it('opens its file for five minutes', () => {
    expect(links.opens(media, end, signature, now)).toBe(true)
    expect(links.opens(media, end, signature, now + link_ms - 1)).toBe(true)
    expect(links.opens(media, end, signature, now + link_ms)).toBe(false)
  })

  it.each([
    ['another file', links, `ME${'2'.repeat(32)}`, end, signature],
    ['a longer time', links, media, String(expires + 60), signature],
    ['the same time written otherwise', links, media, `0x${expires.toString(16)}`, signature],
    ['no time', links, media, '', signature],
    ['no signature', links, media, end, ''],
    ['half a signature', links, media, end, signature.slice(0, 20)],
    ['another account', new Links(Buffer.alloc(32, 1), `AC${'b'.repeat(32)}`), media, end, signature],
    ['another key', new Links(Buffer.alloc(32, 2), account), media, end, signature]
  ])('does not open for %s', (_what, of, sid, expires, signature) => {
    expect(of.opens(sid, expires, signature, now)).toBe(false)
  })
})
