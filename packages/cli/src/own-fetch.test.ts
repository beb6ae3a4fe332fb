import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownFetch } from './own-fetch.ts'

let server: Server
let url: string

beforeEach(async () => {
  server = createServer(async (request, response) => {
    const { method, headers } = request
    const body = await text(request)
    if (request.url === '/never') return
    response.writeHead(request.url === '/missing' ? 404 : 201, 'As It Is')
    response.end(JSON.stringify({ method, accept: headers.accept, body }))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // it listens on a port
  url = `http://127.0.0.1:${port}`
})

afterEach(() => {
  server.closeAllConnections()
  server.close()
})

describe('a question over Node’s own client', () => {
  it('sends method, headers and body, and answers as fetch does', async () => {
    const asked = { method: 'POST', headers: { accept: 'application/json' }, body: 'Name=Zoë' }
    const answer = await ownFetch(`${url}/there`, asked)
    expect(answer).toMatchObject({ ok: true, status: 201, statusText: 'As It Is' })
    expect(JSON.parse(await answer.text())).toEqual({ method: 'POST', accept: 'application/json', body: 'Name=Zoë' })
    const global = await fetch(`${url}/there`, asked)
    expect(global).toMatchObject({ ok: true, status: 201, statusText: 'As It Is' })
  })

  it('is not ok where the server says so', async () => {
    const answer = await ownFetch(`${url}/missing`, { method: 'GET', headers: {} })
    expect(answer).toMatchObject({ ok: false, status: 404 })
  })

  it('rejects where nobody answers, where who answers speaks no TLS, and when it is not wanted any more', async () => {
    const plain = { method: 'GET', headers: {} }
    await expect(ownFetch(url.replace('http:', 'https:'), plain)).rejects.toThrow()
    await expect(ownFetch(`${url}/never`, { ...plain, signal: AbortSignal.timeout(50) })).rejects.toThrow()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
    await expect(ownFetch(url, plain)).rejects.toThrow('ECONNREFUSED')
  })
})
