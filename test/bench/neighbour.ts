import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/*
 * The other process of the row `flood`: answers every request 401 and hangs up once that is sent, as a server does that
 * wants nothing of a stranger. Tells its port. Ends with the process that started it.
 */

const server = createServer((request, response) => {
  response.writeHead(401, { connection: 'close' })
  response.end(() => request.socket.destroySoon())
})
server.on('upgrade', (_request, socket) => socket.end('HTTP/1.1 401 Unauthorized\r\nConnection: close\r\n\r\n'))
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo // it listens on a port
  process.send?.(port)
})
process.on('disconnect', () => process.exit())
