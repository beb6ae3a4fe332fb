import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'

/**
 * The peer of the row `get`: Fastify as it comes, in a process of its own, that sends the bytes and headers it was told.
 * Ends with the process that started it.
 */
export interface Told {
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

process.once('message', async (message) => {
  const { body, headers } = message as Told // the only message
  const app = Fastify()
  app.get('/taskrouter/v1/Workspaces/:workspace/Tasks/:task', (_request, reply) => reply.headers(headers).send(body))
  await app.listen({ port: 0, host: '127.0.0.1' })
  process.send?.((app.server.address() as AddressInfo).port) // it listens on a port
})
process.on('disconnect', () => process.exit())
