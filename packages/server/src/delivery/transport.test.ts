import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Receiver, receiver } from '../../../../test/support/receiver.ts'
import type { Message } from './delivery.ts'
import { Patience } from './patience.ts'
import { type SendOptions, send } from './transport.ts'

const auth_token = '0123456789abcdef0123456789abcdef'
const options: SendOptions = {
  kind: { timeout_ms: 5_000, redirects: 2 },
  auth_token,
  allowPrivate: true,
  idempotency_token: 'DV1'
}
const quick: SendOptions = { ...options, kind: { timeout_ms: 150, redirects: 0 } }

let customer: Receiver
beforeEach(async () => {
  customer = await receiver({ auth_token })
})
afterEach(() => customer.close())

function form(path: string, place = customer.url): Message {
  return { method: 'POST', url: `${place}${path}`, parameters: [['EventType', 'task.created']] }
}

describe('what is sent', () => {
  it('arrives as a form, a query or a text, signed, with the token of its delivery', async () => {
    const url = `${customer.url}/hook?tenant=7`
    await send({ method: 'POST', url, parameters: [['Body', 'héllo & bye']] }, options)
    await send({ method: 'GET', url, parameters: [['Body', 'héllo & bye']] }, options)
    await send({ method: 'POST', url, json: '[{"id":"EZ1"}]' }, options)
    const [posted, asked, told] = customer.requests
    expect(posted).toMatchObject({ method: 'POST', form: { Body: 'héllo & bye' }, isSigned: true, token: 'DV1' })
    expect(asked).toMatchObject({ method: 'GET', form: { tenant: '7', Body: 'héllo & bye' }, raw: '', isSigned: true })
    expect(told).toMatchObject({ method: 'POST', json: [{ id: 'EZ1' }], isSigned: true })
    expect(told?.query.get('tenant')).toBe('7')
    expect(posted?.headers['content-type']).toBe('application/x-www-form-urlencoded; charset=UTF-8')
    expect(posted?.headers['user-agent']).toMatch(/^TwilioProxy\/1\.1/)
  })

  it.each([
    '/bare?',
    '/a%20b c?x=y z',
    '/ünï/✓?näme=ö',
    "/quotes'?q='(*)!~",
    '/path?a=1&&b#rc=2&rt=3000',
    '/fragment#?',
    '/?',
    '?#',
    '//double/../up?x=%7e'
  ])('is signed as a receiver puts it together again from Host and request line: %s', async (place) => {
    const url = `${customer.url.replace('http://127.0.0.1', 'HTTP://me:p%3Aw@LOCALHOST')}${place}`
    await send({ method: 'POST', url, parameters: [['Body', 'héllo']] }, options)
    await send({ method: 'GET', url, parameters: [['Body', 'héllo']] }, options)
    await send({ method: 'GET', url, parameters: [] }, options)
    await send({ method: 'POST', url, json: '{}' }, options)
    expect(customer.requests.map(({ isSigned }) => isSigned)).toEqual([true, true, true, true])
  })

  it('keeps a question mark with nothing behind it, also where it is sent on to', async () => {
    customer.answer('/from', { status: 307, headers: { Location: '/to?' } })
    await send({ method: 'POST', url: `${customer.url}/from?`, parameters: [['a', 'b']] }, options)
    expect(customer.requests.map(({ url, isSigned }) => [url.slice(customer.url.length), isSigned])).toEqual([
      ['/from?', true],
      ['/to?', true]
    ])
  })

  it('carries credentials of the address unasked, and what Standard Webhooks want on demand', async () => {
    const url = customer.url.replace('//', '//me:pw@')
    await send(
      { method: 'POST', url, json: '{}' },
      { ...options, standard: { secrets: ['whsec_c2VjcmV0'], at: 1_000 } }
    )
    const [request] = customer.requests
    expect(request?.headers.authorization).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`)
    expect(request?.headers['webhook-id']).toBe('DV1')
    expect(request?.headers['webhook-timestamp']).toBe('1')
    expect(request?.headers['webhook-signature']).toMatch(/^v1,.{44}$/)
    expect(request?.isSigned).toBe(true)
  })

  it('is answered with status, headers and body', async () => {
    customer.answer('/x', { status: 201, body: { instruction: 'accept' }, headers: { 'X-A': 'b' } })
    expect(await send(form('/x'), options)).toMatchObject({
      status: 201,
      headers: { 'content-type': 'application/json', 'x-a': 'b' },
      body: '{"instruction":"accept"}'
    })
  })
})

describe('a receiver', () => {
  it('that answers 500 has answered', async () => {
    customer.answer('/x', { status: 500, body: 'no' })
    expect(await send(form('/x'), options)).toMatchObject({ status: 500, body: 'no' })
  })

  it('that hangs is left after the time limit', async () => {
    customer.answer('/x', { hang: true })
    expect(await send(form('/x'), quick)).toMatchObject({ failed: 'timeout', reason: 'no answer within 150 ms' })
  })

  it('that answers byte by byte is left after the same limit', async () => {
    let dripping: NodeJS.Timeout | undefined
    customer.answer('/x', {
      by: (response) => {
        response.writeHead(200, { 'content-length': '1000' })
        dripping = setInterval(() => response.write('.'), 20)
      }
    })
    expect(await send(form('/x'), quick)).toMatchObject({ failed: 'timeout' })
    clearInterval(dripping)
  })

  it('that sends 10 MB is cut off: what counts is the status, or the failure where the body matters', async () => {
    const written = { bytes: 0 }
    customer.answer('/x', {
      by: (response) => {
        response.writeHead(200)
        const part = Buffer.alloc(64 * 1024)
        const more = () => {
          while (written.bytes < 10 * 1024 * 1024 && !response.destroyed) {
            written.bytes += part.length
            if (!response.write(part)) return void response.once('drain', more)
          }
          response.end()
        }
        more()
      }
    })
    const outcome = await send(form('/x'), options)
    expect(outcome).toMatchObject({ status: 200 })
    expect('body' in outcome && outcome.body.length).toBe(64 * 1024)
    expect(written.bytes).toBeLessThan(10 * 1024 * 1024)
    const { kind } = options
    expect(await send(form('/x'), { ...options, kind: { ...kind, reads_body: true } })).toMatchObject({
      failed: 'too_large'
    })
  })

  it('that closes in the middle of its body has said its status, unless the body matters', async () => {
    customer.answer('/x', {
      by: (response) => {
        response.writeHead(200, { 'content-length': '1000' })
        response.write('half')
        setTimeout(() => response.destroy(), 20)
      }
    })
    expect(await send(form('/x'), options)).toMatchObject({ status: 200, body: 'half' })
    expect(await send(form('/x'), { ...options, kind: { ...options.kind, reads_body: true } })).toMatchObject({
      failed: 'connection'
    })
  })

  it('that closes without an answer, or is not there, is a failed connection', async () => {
    customer.answer('/x', { by: (response) => response.destroy() })
    expect(await send(form('/x'), options)).toMatchObject({ failed: 'connection' })
    await customer.close()
    expect(await send(form('/x'), options)).toMatchObject({
      failed: 'connection',
      reason: expect.stringMatching(/ECONNREFUSED/)
    })
  })

  it('whose certificate nobody vouches for is refused', async () => {
    const tls = selfSigned()
    if (tls === undefined) return // there is no openssl on this machine
    const secure = await receiver({ auth_token, tls })
    try {
      expect(await send(form('/x', secure.url), options)).toMatchObject({ failed: 'certificate' })
      expect(secure.requests).toHaveLength(0)
    } finally {
      await secure.close()
    }
  })

  it('that says nothing of HTTP, or whose address is none, costs one attempt and no exception', async () => {
    expect(await send(form('/x', 'http://127.0.0.1:1'), options)).toHaveProperty('failed', 'connection')
    for (const url of ['nowhere', 'ftp://a.example/', 'http://', 'http://a.example:99999/'])
      expect(await send({ method: 'GET', url, parameters: [] }, options)).toHaveProperty('failed', 'invalid')
    const stream = { arn: 'arn:aws:kinesis:x', role_arn: '', external_id: '' }
    expect(await send({ method: 'kinesis', stream, json: '{}' }, options)).toHaveProperty('failed', 'invalid')
  })

  it('is left when the sender stops', async () => {
    customer.answer('/x', { hang: true })
    const patience = new Patience()
    const outcome = send(form('/x'), { ...options, patience })
    await customer.until(({ length }) => length === 1)
    patience.giveUp()
    expect(await outcome).toMatchObject({ failed: 'connection', reason: 'given up' })
    expect(await send(form('/x'), { ...options, patience })).toHaveProperty('failed', 'connection')
  })
})

describe('a redirect', () => {
  it('is followed with method and body, signed for where it leads, as often as the kind allows', async () => {
    customer.answer('/x', { status: 302, headers: { Location: '/y?a=1' } })
    customer.answer('/y', { status: 307, headers: { Location: `${customer.url}/z` } })
    expect(await send(form('/x'), options)).toMatchObject({ status: 200 })
    expect(customer.to('/y')[0]).toMatchObject({ method: 'POST', form: { EventType: 'task.created' }, isSigned: true })
    expect(customer.to('/z')[0]).toMatchObject({ method: 'POST', raw: 'EventType=task.created', isSigned: true })
    customer.answer('/z', { status: 301, headers: { Location: '/x' } })
    expect(await send(form('/x'), options)).toMatchObject({ failed: 'redirect' })
    expect(await send(form('/x'), quick)).toMatchObject({ status: 302 })
  })

  it('takes a hash or a query along once', async () => {
    customer.answer('/x', ({ query }) => ({ status: 308, headers: { Location: `/y?${query}` } }))
    await send({ method: 'POST', url: `${customer.url}/x`, json: '{}' }, options)
    await send({ method: 'GET', url: `${customer.url}/x`, parameters: [['A', '1']] }, options)
    const [text, query] = customer.to('/y')
    expect(text?.query.getAll('bodySHA256')).toHaveLength(1)
    expect(text?.isSigned).toBe(true)
    expect(query?.query.getAll('A')).toEqual(['1'])
    expect(query?.isSigned).toBe(true)
  })

  it('to anything but the web is a failure', async () => {
    customer.answer('/x', { status: 301, headers: { Location: 'file:///etc/passwd' } })
    expect(await send(form('/x'), options)).toMatchObject({ failed: 'redirect' })
  })
})

describe('a private address', () => {
  const guarded: SendOptions = { ...options, allowPrivate: false }

  it('is not dialed, by number or by name', async () => {
    const { port } = new URL(customer.url)
    for (const host of ['127.0.0.1', 'localhost', '2130706433', '[::ffff:7f00:1]', '[::1]', '169.254.169.254'])
      expect(await send(form('/x', `http://${host}:${port}`), guarded)).toMatchObject({ failed: 'address_refused' })
    expect(customer.requests).toHaveLength(0)
  })

  it('is not dialed by way of a redirect, either', async () => {
    customer.answer('/x', { status: 301, headers: { Location: '/inside' } })
    // Public at first: each hop asks anew.
    const first: SendOptions = {
      ...options,
      get allowPrivate() {
        return customer.requests.length === 0
      }
    }
    expect(await send(form('/x'), first)).toMatchObject({ failed: 'address_refused' })
    expect(customer.requests.map(({ path }) => path)).toEqual(['/x'])
  })
})

function selfSigned(): { key: string; cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'ringdown-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const made = ['-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1']
  try {
    execFileSync('openssl', ['req', ...made, '-keyout', key, '-out', cert], { stdio: 'ignore' })
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') }
  } catch {
    return undefined
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
