import { request } from 'node:http'
import { connect } from 'node:net'

/*
 * The callers of the row `flood`, in a process of their own: each sends its next request when the last one is answered, or
 * its connection is gone. Tells when the first one is answered, and at `stop` how many were. Ends with the process that
 * started it.
 */

/** A door, and what somebody without credentials sends to it. */
export interface Door {
  readonly name: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Text of a body, in ASCII; undefined for a WebSocket's upgrade. */
  readonly body: string | undefined
}

export interface Strangers extends Door {
  readonly host: string
  readonly port: number
  readonly connections: number
}

process.once('message', (message) => {
  const strangers = message as Strangers // the first message
  const body = strangers.body === undefined ? undefined : Buffer.from(strangers.body, 'latin1')
  let isOver = false
  let sent = 0
  const one = async () => {
    while (!isOver) {
      await (body === undefined ? upgrade(strangers) : post(strangers, body))
      if (sent++ === 0) process.send?.('begun')
    }
  }
  const all = Promise.all(Array.from({ length: strangers.connections }, one))
  process.once('message', async () => {
    isOver = true
    await all
    process.send?.(sent)
  })
})
process.on('disconnect', () => process.exit())

/** Resolves when it was answered, or hung up on while it was still sending. */
function post({ host, port, path, headers }: Strangers, body: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const all = { ...headers, 'content-length': body.length }
    const asked = request({ host, port, path, method: 'POST', headers: all, agent: false })
    asked.on('response', (answer) => answer.resume())
    asked.on('error', () => {}) // a close follows
    asked.once('close', resolve)
    asked.end(body)
  })
}

function upgrade({ host, port, path }: Strangers): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.write(
        `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`
      )
    })
    socket.on('error', () => {}) // a close follows
    socket.on('end', () => socket.end())
    socket.resume()
    socket.once('close', () => resolve())
  })
}
