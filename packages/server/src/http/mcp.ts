import type { IncomingMessage, ServerResponse } from 'node:http'
import type { FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { isReadOnly } from '../access/caller.ts'
import { safeHeaders } from '../realtime/worker-sdk/hang-up.ts'
import type { Subject } from './answer.ts'
import { authenticate, type Credentials, callerOf } from './credentials.ts'
import type { Exchanges } from './exchanges.ts'

/** Answers one MCP request on Node's own objects; the credentials have been checked, the body has not been read. */
export type MountMcp = (
  request: IncomingMessage,
  response: ServerResponse,
  context: {
    readonly credentials: { readonly username: string; readonly password: string; readonly accountSid: string }
    /** Whether the request came to `/mcp/read-only`, or is by a key that changes nothing. */
    readonly readOnly: boolean
    /** Name of the exchange that is over when its answer has left; undefined where it answers a stream. */
    readonly exchange: string | undefined
    /** Whether the credentials still let in, and there is a server: what is kept for them is to end when not. */
    readonly stands: () => boolean
  }
) => Promise<void>

/** Requests that are streams without an end. */
const endless: ReadonlySet<string> = new Set(['subscriptions/listen', 'events/stream'])

/** MCP reads its own bodies and writes its own answers: Fastify only finds the path, and who calls. */
export function mountMcp(
  app: FastifyInstance,
  answer: MountMcp,
  exchanges: Exchanges,
  { credentials, log }: { readonly credentials: Credentials; readonly log: Logger }
): void {
  /** Streams on which nothing has to be finished: a client that loses one comes back. */
  const streams = new Set<ServerResponse>()
  app.addHook('preClose', async () => {
    for (const stream of streams) stream.destroy()
  })
  let isOver = false
  app.addHook('onClose', async () => {
    isOver = true
  })
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    const mount = (url: string, readOnly: boolean) =>
      scope.route({
        method: ['GET', 'POST', 'DELETE'],
        url,
        config: { subject: { id: 'mcp', product: undefined } satisfies Subject },
        onRequest: (request, _reply, done) =>
          authenticate(request, credentials.any(request.headers.authorization), done),
        handler: async (request, reply) => {
          const { username, password, account_sid, caller } = callerOf(request)
          reply.hijack()
          if (request.method === 'GET' || endless.has(String(request.headers['mcp-method']))) {
            streams.add(reply.raw)
            reply.raw.once('close', () => streams.delete(reply.raw))
          }
          for (const [name, value] of Object.entries(safeHeaders)) reply.raw.setHeader(name, value)
          try {
            await answer(request.raw, reply.raw, {
              credentials: { username, password, accountSid: account_sid },
              // Whose key changes nothing sees no tool that would.
              readOnly: readOnly || isReadOnly(caller.standing()),
              exchange: request.method === 'POST' ? exchanges.openFor(reply.raw, account_sid) : undefined,
              stands: () => !isOver && caller.standing() !== undefined
            })
          } catch (error) {
            log.error({ request_id: request.id, err: error }, 'MCP request failed')
            reply.raw.destroy()
          }
        }
      })
    mount('/mcp', false)
    mount('/mcp/read-only', true)
  })
}
