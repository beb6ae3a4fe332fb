import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { contentTypeOf, isShown } from './content-type.ts'

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex')
const png = hex('89504e470d0a1a0a 0000000d49484452 00000001000000010806000000 1f15c489 0000000049444154')
const jpeg = hex('ffd8ffe000104a46494600010100000100010000')
const gif = Buffer.from('GIF89a')
const pdf = Buffer.from('%PDF-1.7\n')
const ogg = Buffer.concat([
  hex('4f676753 0002 0000000000000000 00000000 00000000 00000000 01 13'),
  Buffer.from('OpusHead\x01\x01')
])
const mp4 = Buffer.concat([hex('00000018'), Buffer.from('ftypisom'), hex('00000200'), Buffer.from('isomiso2')])
const amr = Buffer.from('#!AMR\n')
const exe = Buffer.concat([Buffer.from('MZ'), Buffer.alloc(200)])
const html = Buffer.from('<!doctype html><script>alert(1)</script>')
const svg = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
const xmlSvg = Buffer.from('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>')
const doc = hex('d0cf11e0a1b11ae1 00000000000000000000000000000000')
const text = Buffer.from('Guten Tag')

describe('the type of a file', () => {
  it.each([
    // As it says that it is
    ['a PNG', png, 'image/png', 'image/png', true],
    ['a JPEG', jpeg, 'IMAGE/JPEG', 'image/jpeg', true],
    ['a PDF', pdf, 'application/pdf', 'application/pdf', true],
    ['text', text, 'text/plain; charset=utf-8', 'text/plain', false],
    ['a table', text, 'text/csv', 'text/csv', false],
    ['a document of Word', doc, 'application/msword', 'application/msword', false],
    ['a voice message', amr, 'audio/amr', 'audio/amr', true],
    ['a voice message in a film’s container', mp4, 'audio/mp4', 'audio/mp4', true],
    ['a film', mp4, 'video/mp4', 'video/mp4', true],
    ['gzip', gzipSync('a'), 'application/gzip', 'application/gzip', false],
    // By another name
    ['a JPEG by its short name', jpeg, 'image/jpg', 'image/jpeg', true],
    ['a PNG that says JPEG', png, 'image/jpeg', 'image/png', true],
    ['a PDF that says nothing', pdf, undefined, 'application/pdf', true],
    ['a GIF that says that it is bytes', gif, 'application/octet-stream', 'image/gif', true],
    ['a PNG that says text', png, 'text/html', 'image/png', true],
    // Lies
    ['a page that says PNG', html, 'image/png', 'application/octet-stream', false],
    ['a page that says PDF', html, 'application/pdf', 'application/octet-stream', false],
    ['a page that says film', html, 'video/mp4', 'application/octet-stream', false],
    ['a program that says JPEG', exe, 'image/jpeg', 'application/x-msdownload', false],
    ['a program that says text', exe, 'text/plain', 'application/x-msdownload', false],
    ['a drawing with a script', svg, 'image/svg+xml', 'image/svg+xml', false],
    ['a drawing with a script that says PNG', xmlSvg, 'image/png', 'application/xml', false],
    ['a page', html, 'text/html', 'text/html', false],
    // Nothing that is a type
    ['a type of two lines', text, 'text/html\r\nX-Evil: 1', 'application/octet-stream', false],
    ['no type', text, 'nonsense', 'application/octet-stream', false],
    ['a type that is long', text, `a/${'b'.repeat(300)}`, 'application/octet-stream', false],
    ['nothing', Buffer.alloc(0), 'image/png', 'application/octet-stream', false]
  ])('%s', async (_what, bytes, claimed, told, shown) => {
    expect({ told: await contentTypeOf(bytes, claimed), shown: isShown(told) }).toEqual({ told, shown })
  })

  it('of a recording is told by what it is recorded with', async () => {
    expect(await contentTypeOf(ogg, 'audio/ogg; codecs=opus')).toBe('audio/ogg')
  })
})
