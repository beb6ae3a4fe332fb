import fc from 'fast-check'
import { expect, test } from 'vitest'
import { partedText, readLetter, sanitized, withoutAddresses } from './letter.ts'

const raw = (...lines: readonly string[]) => Buffer.from(lines.join('\r\n'), 'latin1')

test('characters of any set are read, and an HTML letter has a text', async () => {
  const windows = await readLetter(
    raw(
      'From: =?iso-8859-1?Q?J=F6rg?= <j@x.test>',
      'Content-Type: text/plain; charset=windows-1252',
      '',
      'It costs 5 \x80 \x96 "now"'
    )
  )
  expect(windows.text).toBe('It costs 5 € – "now"')
  expect(windows.email).toMatchObject({ from_name: 'Jörg', message_id: expect.stringMatching(/@without-message-id$/) })
  const page = await readLetter(
    raw(
      'From: j@x.test',
      'Content-Type: text/html',
      '',
      '<p>One</p><p>Two &amp; <a href="https://x.test">three</a></p>'
    )
  )
  expect(page.text).toContain('One\n\nTwo & three')
})

const quotes: readonly (readonly [string, string, string])[] = [
  ['Thanks!\n\nOn Tue, 3 Mar 2026 at 10:00, Help <help@acme.test> wrote:\n> Did it?\n', 'Thanks!', '> Did it?'],
  ['Merci.\n\nLe mar. 3 mars 2026 à 10:00, Aide <help@acme.test> a écrit :\n> Alors ?\n', 'Merci.', '> Alors ?'],
  [
    'Hallo\n\n-----Original Message-----\nFrom: Help\nSent: Monday\nTo: Ana\nSubject: x\n\nText',
    'Hallo',
    'Original Message'
  ],
  ['Just this.', 'Just this.', '']
]

test.each(quotes)('what is repeated stands apart: %j', (whole, text, quoted) => {
  const parted = partedText(whole)
  expect(parted.text).toBe(text)
  expect(parted.quoted).toContain(quoted)
})

const heads: readonly (readonly [string, string | undefined])[] = [
  ['Auto-Submitted: auto-replied (vacation)', 'auto-replied (vacation)'],
  ['Auto-Submitted: auto-generated; type=x', 'auto-generated'],
  ['Auto-Submitted: no', undefined],
  ['Precedence: Bulk', 'precedence bulk'],
  ['Precedence: first-class', undefined],
  ['List-Id: <x.test>', 'list'],
  ['Return-Path: < >', 'empty return path'],
  ['Return-Path: <ana@x.test>', undefined]
]

test.each(heads)('%s', async (head, why) => {
  const { email } = await readLetter(raw('From: ana@x.test', 'Message-ID: <1@x>', head, '', 'Hi'))
  expect(email.automatic).toBe(why)
})

test('the nearest letter that is answered comes first, once', async () => {
  const { email } = await readLetter(
    raw('From: ana@x.test', 'In-Reply-To: <c@x>', 'References: <a@x> <b@x>', ' <c@x> nonsense', '', 'Hi')
  )
  expect(email.answers).toEqual(['c@x', 'nonsense', 'b@x', 'a@x'])
})

test('HTML loses what acts, loads or hides', async () => {
  const html = `<style>p{}</style><p style="position:fixed" onmouseover="x()">Hi <a href="javascript:x()">a</a>
    <a href="https://x.test" target="_top">b</a><img src="https://spy.test"><iframe src="//x"></iframe><form><input></form>
    <svg><script>x()</script></svg></p><table><tr><td colspan="2">c</td></tr></table>`
  const clean = await sanitized(html)
  expect(clean).not.toMatch(/script|style|onmouseover|javascript|img|iframe|form|input|svg|target/)
  expect(clean).toContain('<a href="https://x.test">b</a>')
  expect(clean).toContain('<td colspan="2">c</td>')
})

test('errors name nobody', () => {
  expect(withoutAddresses('550 <ana@x.test>: unknown; to=bob@y.test')).toBe(
    '550 <…>: unknown; to=bob@y.test'.replace('to=bob@y.test', '<…>')
  )
})

test('no bytes do more than be refused', async () => {
  const parts = fc.constantFrom(
    'From: ana@x.test',
    'Content-Type: multipart/mixed; boundary=b',
    '--b',
    '--b--',
    'Content-Type: text/html; charset=unknown-8bit',
    'Content-Transfer-Encoding: base64',
    'Content-Type: message/rfc822',
    'Subject: =?utf-8?B?////?=',
    'To: a:b@c,;<>',
    '',
    '<p><p><blockquote>',
    '\u0000ÿ'
  )
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(parts, fc.string({ maxLength: 40 })), { maxLength: 30 }), async (lines) => {
      const letter = await readLetter(Buffer.from(['From: ana@x.test', ...lines].join('\r\n'))).catch(
        (error: Error) => error
      )
      if (!(letter instanceof Error)) expect(letter.email.message_id).not.toBe('')
    }),
    { numRuns: 100 }
  )
})

test('what no row can keep is in no text of a letter', async () => {
  const head = ['From: A\0na <a\0na@x.test>', 'To: help@acme.test', 'Message-ID: <a\0b@x.test>', 'Subject: Bro\0ken']
  const { email, from, text } = await readLetter(Buffer.from([...head, '', 'Hi\0 there'].join('\r\n')))
  expect({ from, text, id: email.message_id, subject: email.subject }).toEqual({
    from: 'ana@x.test',
    text: 'Hi there',
    id: 'ab@x.test',
    subject: 'Broken'
  })
})
