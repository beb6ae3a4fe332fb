import { createHmac } from 'node:crypto'
import twilio from 'twilio'
import { describe, expect, it, test } from 'vitest'
import { signatureOf } from '../network/twilio-signature.ts'
import type { Parameters } from './delivery.ts'
import { requestOf, standardHeaders } from './sign.ts'
import type { WebMessage } from './transport.ts'

const token = '0123456789abcdef0123456789abcdef'

describe('X-Twilio-Signature', () => {
  const call: Parameters = [
    ['CallSid', 'CA00000000000000000000000000000001'],
    ['From', '+15550001111'],
    ['To', '+15550002222'],
    ['CallStatus', 'ringing'],
    ['Digits', '']
  ]
  const repeated: Parameters = [
    ['Tag', 'b'],
    ['Tag', 'a'],
    ['Tag', 'b'],
    ['Body', 'héllo & bye']
  ]
  const json = '[{"specversion":"1.0","id":"EZ1"}]'

  // The vectors of reference rest-conventions 8.
  test.each<[WebMessage, string]>([
    [{ method: 'POST', url: 'https://acme.example/voice?tenant=7', parameters: call }, 'BdVPXeHzoHNMNkhxFzwgRFD6Q8k='],
    [{ method: 'POST', url: 'https://acme.example/multi', parameters: repeated }, 'HzKZ4rmiKrI66oA24lHKdzX3SRc='],
    [{ method: 'POST', url: 'https://acme.example/hook', json }, 'cL1WLDILZRKa+mfTs0UPVlaH+ZI='],
    [{ method: 'POST', url: 'https://acme.example/hook?a=1', json }, 'ocJHcGzdu+jWo21MIdgYA01Ugb0=']
  ])('of %o is %s', (message, signature) => {
    expect(requestOf(message, token).headers['X-Twilio-Signature']).toBe(signature)
  })

  it.each([
    'http://127.0.0.1:8099/events',
    'https://acme.example:443/a%20b?x=%27y%27&z=1',
    "https://acme.example/?q=it's (here) *!~",
    'https://ACME.example/ü?ä=ö',
    'https://acme.example'
  ])('convinces the official SDK for %s', (url) => {
    const parameters: Parameters = [
      ['Body', ' a\nb + c '],
      ['Empty', ''],
      ['Tag', '2'],
      ['Tag', '1']
    ]
    const form = requestOf({ method: 'POST', url, parameters }, token)
    const fields = { Body: ' a\nb + c ', Empty: '', Tag: ['2', '1'] }
    expect(twilio.validateRequest(token, signatureIn(form), form.address, fields)).toBe(true)
    // A receiver that rebuilds its address names no default port, or names it.
    expect(twilio.validateRequest(token, signatureIn(form), url, fields)).toBe(true)
    expect(twilio.validateRequest(token, signatureIn(form), form.address, { ...fields, Body: 'b' })).toBe(false)

    const query = requestOf({ method: 'GET', url, parameters }, token)
    expect(query.body).toBeUndefined()
    expect(new URL(query.address).searchParams.getAll('Tag')).toEqual(['2', '1'])
    expect(twilio.validateRequest(token, signatureIn(query), query.address, {})).toBe(true)

    const text = requestOf({ method: 'POST', url, json }, token)
    expect(twilio.validateRequestWithBody(token, signatureIn(text), text.address, json)).toBe(true)
    expect(twilio.validateRequestWithBody(token, signatureIn(text), text.address, `${json} `)).toBe(false)
  })

  it.each([
    ['https://ACME.example:443', 'https://acme.example/'],
    ['http://acme.example:80/x?', 'http://acme.example/x?'],
    ['http://acme.example:8080/x?#a', 'http://acme.example:8080/x?'],
    ['http://me:pw@[::1]:8099/a b/ü?q=ä', 'http://[::1]:8099/a%20b/%C3%BC?q=%C3%A4'],
    ['https://bücher.example/', 'https://xn--bcher-kva.example/']
  ])('is over what is requested: %s is %s', (url, address) => {
    const request = requestOf({ method: 'POST', url, parameters: call }, token)
    expect(request.address).toBe(address)
    expect(request.origin + request.path).toBe(address)
    expect(signatureIn(request)).toBe(signatureOf(token, address, call))
  })

  it('leaves userinfo and fragment out, and sends the first as Basic authorization', () => {
    const request = requestOf(
      { method: 'POST', url: 'https://me%40acme:p%3Aw@acme.example/voice?tenant=7#rc=2', parameters: call },
      token
    )
    expect(request.address).toBe('https://acme.example/voice?tenant=7')
    expect(signatureIn(request)).toBe(signatureOf(token, 'https://acme.example/voice?tenant=7', call))
    expect(request.headers.Authorization).toBe(`Basic ${Buffer.from('me@acme:p:w').toString('base64')}`)
  })

  it('is refused for what is no address of the web', () => {
    for (const url of ['ftp://acme.example/x', 'file:///etc/passwd', 'nowhere', ''])
      expect(() => requestOf({ method: 'GET', url, parameters: [] }, token)).toThrow(TypeError)
  })
})

it('signs as Standard Webhooks ask, with a secret in base64 or as it is', () => {
  const key = Buffer.from('twenty-four bytes of key')
  const expected = createHmac('sha256', key).update('DV1.1700000000.{}').digest('base64')
  expect(standardHeaders([`whsec_${key.toString('base64')}`], 'DV1', 1_700_000_000_999, '{}')).toEqual({
    'webhook-id': 'DV1',
    'webhook-timestamp': '1700000000',
    'webhook-signature': `v1,${expected}`
  })
  expect(standardHeaders([key.toString()], 'DV1', 1_700_000_000_999, '{}')['webhook-signature']).toBe(`v1,${expected}`)
})

function signatureIn({ headers }: { readonly headers: Readonly<Record<string, string>> }): string {
  return headers['X-Twilio-Signature'] ?? ''
}
