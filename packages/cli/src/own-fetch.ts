import { request as askPlainly, type IncomingMessage } from 'node:http'
import { request as askOverTls } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Send } from '@ringdown/client/client'

/**
 * `fetch` as far as a client of ours needs it, over Node's own `http`, which the server has loaded already: the global one
 * brings another client with it, whose parser is compiled when it is first used (30 MB for a quarter of a second).
 *
 * Rejects with what `http.request` says where nobody answers.
 */
export const ownFetch: Send = async (url, { method, headers, body, signal }) => {
  const ask = url.startsWith('https:') ? askOverTls : askPlainly
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const asking = ask(url, { method, headers, ...(signal && { signal }) }, resolve)
    asking.on('error', reject)
    asking.end(body)
  })
  const status = response.statusCode ?? 0
  return {
    ok: status >= 200 && status < 300,
    status,
    statusText: response.statusMessage ?? '',
    text: () => text(response)
  }
}
