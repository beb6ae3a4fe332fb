import { describe, expect, it } from 'vitest'
import { answerForm, negotiating } from './accept.ts'

describe('the form of an answer', () => {
  it.each([
    // What MCP clients send: the server chooses.
    ['application/json, text/event-stream', 'either'],
    ['text/event-stream,application/json;charset=utf-8', 'either'],
    ['Application/JSON, TEXT/Event-Stream', 'either'],
    ['application/json;q=0.5, text/event-stream;q=0.5', 'either'],
    // What everything else sends.
    [null, 'json'],
    ['', 'json'],
    [' , ', 'json'],
    ['*/*', 'json'],
    ['application/*', 'json'],
    ['application/*, text/*', 'json'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'json'],
    ['application/json', 'json'],
    ['application/json, */*', 'json'],
    ['application/json; profile="a, text/event-stream"', 'json'],
    ['application/json; q=nonsense', 'json'],
    ['application/json; q=', 'json'],
    ['text/event-stream', 'events'],
    ['text/*', 'events'],
    ['text/event-stream, */*', 'events'],
    // Weights.
    ['application/json;q=0.9, text/event-stream;q=1.0', 'events'],
    ['application/json, text/event-stream;q=0.1', 'json'],
    ['application/json;q=0, */*', 'events'],
    ['text/event-stream;q=0, */*;q=0.1', 'json'],
    ['text/*;q=0.3, text/event-stream;q=0.9, application/*;q=0.5', 'events'],
    ['application/json ; Q = 0.001 , text/event-stream ; q=0', 'json'],
    // Neither.
    ['text/html', undefined],
    ['application/xml, text/plain', undefined],
    ['application/json;q=0', undefined],
    ['application/json;q=0.0, text/event-stream;q=0.000', undefined],
    ['*/*;q=0', undefined],
    ['application/jsonp, xtext/event-stream', undefined]
  ])('for %j is %s', (accept, form) => {
    expect(answerForm(accept)).toBe(form)
  })
})

describe('a client that reads one form', () => {
  const post = (accept: string, headers = {}) =>
    new Request('http://ringdown.test/mcp', { method: 'POST', body: '{}', headers: { accept, ...headers } })
  const answering = (body: string, type: string, status = 200) =>
    negotiating({ fetch: async () => new Response(body, { status, headers: { 'content-type': type } }) })
  const [note, one, two] = [
    '{"jsonrpc":"2.0","method":"notifications/progress"}',
    '{"jsonrpc":"2.0","id":1,"result":{"n":17841444523369053}}',
    '{"jsonrpc":"2.0","id":2,"error":{"code":-32602}}'
  ]
  const streamOf = (...messages: readonly string[]) =>
    `: keepalive\n\nid: 1\ndata: \n\n${messages.map((message) => `event: message\ndata: ${message}\n\n`).join('')}`

  it.each([
    ['the response, byte for byte, without what came before it', streamOf(note, one), one],
    ['the list of a batch’s responses', streamOf(one, note, two), `[${one},${two}]`]
  ])('gets of a stream %s', async (_what, stream, expected) => {
    const response = await answering(stream, 'text/event-stream').fetch(post('application/json'))
    expect(response.headers.get('content-type')).toBe('application/json')
    expect(await response.text()).toBe(expected)
  })

  it('gets a document as a stream of one event', async () => {
    const response = await answering(one, 'application/json').fetch(post('text/event-stream'))
    expect(response.headers.get('content-type')).toBe('text/event-stream')
    expect(await response.text()).toBe(`event: message\ndata: ${one}\n\n`)
  })

  it('gets refusals and receipts as they are', async () => {
    const refused = await answering(two, 'application/json', 400).fetch(post('text/event-stream'))
    expect([refused.status, await refused.text()]).toEqual([400, two])
    const received = await answering('', 'text/plain', 202).fetch(post('application/json'))
    expect(received.status).toBe(202)
  })

  it('cannot follow as JSON what never ends', async () => {
    const endless = answering(streamOf(note), 'text/event-stream')
    const listen = { 'mcp-method': 'subscriptions/listen' }
    expect((await endless.fetch(post('application/json', listen))).status).toBe(406)
    const followed = await endless.fetch(post('text/*, */*;q=0.1', listen))
    expect(followed.headers.get('content-type')).toBe('text/event-stream')
    expect((await endless.fetch(post('*/*', listen))).headers.get('content-type')).toBe('text/event-stream')
  })
})
