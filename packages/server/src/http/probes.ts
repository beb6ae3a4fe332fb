import { errorBody } from '@ringdown/contract/errors'
import type { FastifyInstance } from 'fastify'
import { Unavailable } from '../commit/ledger.ts'
import { StoreUnavailable } from '../store/store.ts'
import type { Answers, Subject } from './answer.ts'
import { refused } from './errors.ts'
import type { Metrics } from './metrics.ts'

interface ProbeOptions {
  readonly version: string
  readonly isReady?: (() => boolean | Promise<boolean>) | undefined
  /** Why it is not, for whoever runs the server. */
  readonly trouble?: (() => string | undefined) | undefined
  /** The last step of the machine's clock since the start, and how far the server's time is ahead of it; milliseconds. */
  readonly clockStep?:
    | (() => { readonly by: number; readonly at: number; readonly ahead: number } | undefined)
    | undefined
  readonly metrics?: Metrics | undefined
}

/** What machines watch the server by; nobody has to say who they are. */
export function mountProbes(app: FastifyInstance, answers: Answers, options: ProbeOptions): void {
  const { version, isReady, trouble, clockStep, metrics } = options
  const subject = (id: string): Subject => ({ id, product: undefined })
  const health = subject('health')
  app.get('/health', { config: { subject: health } }, (request, reply) =>
    answers.send(request, reply, { subject: health, status: 200, body: JSON.stringify({ status: 'ok', version }) })
  )
  const ready = subject('ready')
  app.get('/ready', { config: { subject: ready } }, async (request, reply) => {
    if (isReady && !(await readiness(isReady))) {
      const why = trouble?.()
      if (why === undefined) throw new Unavailable('the store does not answer, or the account is not owned')
      const body = errorBody({ ...refused.unavailable, message: `Not ready: ${why}` })
      return answers.send(request, reply, { subject: ready, status: body.status, body: JSON.stringify(body) })
    }
    const step = clockStep?.()
    const clock = step && { stepped_ms: step.by, stepped_at: new Date(step.at).toISOString(), ahead_ms: step.ahead }
    return answers.send(request, reply, {
      subject: ready,
      status: 200,
      body: JSON.stringify({ status: 'ready', version, clock })
    })
  })
  if (!metrics) return
  // Made once for all who ask at once: anybody may, and each takes some milliseconds.
  let making: Promise<string> | undefined
  app.get('/metrics', async (_request, reply) => {
    making ??= metrics.registry.metrics().finally(() => {
      making = undefined
    })
    return reply.header('Content-Type', metrics.registry.contentType).send(await making)
  })
}

async function readiness(isReady: () => boolean | Promise<boolean>): Promise<boolean> {
  try {
    return await isReady()
  } catch (error) {
    if (error instanceof StoreUnavailable) return false
    throw error
  }
}
