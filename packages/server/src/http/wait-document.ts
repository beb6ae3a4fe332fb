import type { FastifyInstance } from 'fastify'
import type { Subject } from './answer.ts'
import { notAllowed } from './errors.ts'

const subject: Subject = { id: 'voice.wait-document', product: undefined }
const path = '/ringdown/v1/twiml/wait-with-callback'

/**
 * What a queue's `waitUrl` may be where nobody has a program: the calls of this center are answered inside, with where they
 * stand (reference voice 7). Whoever asks here sees what to write for other words, with steps that lead back to it.
 */
const document = `<?xml version="1.0" encoding="UTF-8"?>
<Response>
  <Gather numDigits="1" timeout="1" action="${path}?step=offer">
    <Say>All of us are talking to others. To be called back when it is your turn, press 1.</Say>
    <Play loop="4">ringdown:music</Play>
  </Gather>
</Response>
`

/** Serves that document to anybody: there is nothing of any call in it. */
export function mountWaitDocument(app: FastifyInstance): void {
  for (const method of ['GET', 'POST'] as const)
    app.route({
      method,
      url: path,
      bodyLimit: 64 * 1024,
      config: { subject },
      handler: (_request, reply) =>
        reply.headers({ 'content-type': 'text/xml; charset=utf-8', 'cache-control': 'no-cache' }).send(document)
    })
  app.route({ method: ['PUT', 'PATCH', 'DELETE'], url: path, config: { subject }, handler: notAllowed })
}
