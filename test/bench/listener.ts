import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * The receiver of the row `deliveries`, in a process of its own: reads what it is sent and answers 200. Tells its port
 * first. Ends with the process that started it.
 */
const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => response.end())
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port)) // it listens on a port
process.on('disconnect', () => process.exit())
