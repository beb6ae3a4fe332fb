import { once } from 'node:events'
import { createServer, request, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBody } from './body.ts'
import { envelopeOf } from './errors.ts'

let server: Server
let port: number
/** What came of each request. */
const read: (string | number)[] = []

beforeAll(async () => {
  server = createServer((raw, response) => {
    readBody(raw, 1024, (error, body) => {
      read.push(error ? envelopeOf(error).status : body)
      response.end()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  port = (server.address() as AddressInfo).port // it listens on a port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Sends a request in pieces; answers what was read of it. */
async function sent(method: string, headers: Record<string, string>, pieces: readonly (string | Buffer)[] = []) {
  const asked = request({ host: '127.0.0.1', port, method, headers, agent: false })
  const answered = once(asked, 'response')
  for (const piece of pieces) {
    asked.write(piece)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  asked.end()
  const [answer] = await answered
  answer.resume()
  return read.pop()
}

const form = 'application/x-www-form-urlencoded'
const half = Buffer.from('ü').subarray(0, 1)
const rest = Buffer.from('ü').subarray(1)

describe('a body', () => {
  it.each<[string, string, Record<string, string>, readonly (string | Buffer)[], string | number]>([
    ['in one piece', 'POST', { 'content-type': form, 'content-length': '3' }, ['a=b'], 'a=b'],
    ['in chunks, cut through a character', 'POST', { 'content-type': form }, ['a=', half, rest], 'a=ü'],
    ['of no type', 'PUT', { 'content-length': '3' }, ['a=b'], 'a=b'],
    ['of a DELETE', 'DELETE', { 'content-length': '3' }, ['a=b'], 'a=b'],
    ['that is not there', 'POST', { 'content-type': form, 'content-length': '0' }, [], ''],
    ['of a GET is nobody’s', 'GET', { 'content-length': '3' }, ['a=b'], ''],
    ['of a type with parameters', 'POST', { 'content-type': 'text/plain; charset=utf-8' }, ['x'], 'x'],
    ['of a type that is none', 'POST', { 'content-type': 'form' }, ['x'], 415],
    ['as long as it may be', 'POST', { 'content-length': '1024' }, ['x'.repeat(1024)], 'x'.repeat(1024)],
    ['that says that it is longer', 'POST', { 'content-length': '1025' }, ['x'.repeat(1025)], 413],
    ['that is longer, in chunks', 'POST', {}, ['x'.repeat(1000), 'x'.repeat(25)], 413]
  ])('%s', async (_what, method, headers, pieces, expected) => {
    expect(await sent(method, headers, pieces)).toBe(expected)
  })

  it('that breaks off is nobody’s any more', async () => {
    const socket = connect(port, '127.0.0.1')
    socket.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Type: ${form}\r\nContent-Length: 100\r\n\r\nFriendlyName=`)
    await new Promise((resolve) => setTimeout(resolve, 20))
    socket.destroy()
    while (read.length === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    expect(read.pop()).toBe(400)
  })
})
