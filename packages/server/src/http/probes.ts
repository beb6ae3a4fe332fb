import type { FastifyInstance } from 'fastify'
import { Unavailable } from '../commit/ledger.ts'
import type { Answers, Subject } from './answer.ts'
import type { Metrics } from './metrics.ts'

interface ProbeOptions {
  readonly version: string
  readonly isReady?: (() => boolean | Promise<boolean>) | undefined
  /** The last step of the machine's clock since the start, and how far the server's time is ahead of it; milliseconds. */
  readonly clockStep?:
    | (() => { readonly by: number; readonly at: number; readonly ahead: number } | undefined)
    | undefined
  readonly metrics?: Metrics | undefined
}

/** What machines watch the server by; nobody has to say who they are. */
export function mountProbes(
  app: FastifyInstance,
  answers: Answers,
  { version, isReady, clockStep, metrics }: ProbeOptions
): void {
  const subject = (id: string): Subject => ({ id, product: undefined })
  const health = subject('health')
  app.get('/health', { config: { subject: health } }, (request, reply) =>
    answers.send(request, reply, health, 200, JSON.stringify({ status: 'ok', version }))
  )
  const ready = subject('ready')
  app.get('/ready', { config: { subject: ready } }, async (request, reply) => {
    if (isReady && !(await isReady())) throw new Unavailable('the store does not answer, or the account is not owned')
    const step = clockStep?.()
    const clock = step && { stepped_ms: step.by, stepped_at: new Date(step.at).toISOString(), ahead_ms: step.ahead }
    return answers.send(request, reply, ready, 200, JSON.stringify({ status: 'ready', version, clock }))
  })
  if (!metrics) return
  app.get('/metrics', async (_request, reply) => {
    return reply.header('Content-Type', metrics.registry.contentType).send(await metrics.registry.metrics())
  })
}
