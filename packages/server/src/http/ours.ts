import { shown as bounded, InvalidRequest, parseForm } from '@ringdown/contract/form'
import { explainTask, explainWorker } from '@ringdown/engine/routing/explain'
import { inWorkspace } from '@ringdown/engine/routing/lookup'
import type { State } from '@ringdown/engine/state/state'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import type { Answers, Subject } from './answer.ts'
import { askingWho, type Credentials, callerOf } from './credentials.ts'
import { notAllowed } from './errors.ts'

/*
 * What lives under `/ringdown/v1` beside the clock: ours, not Twilio's. Same credentials and envelope as the APIs, field
 * names in snake_case, instants in ISO 8601.
 */

interface OursOptions {
  readonly credentials: Credentials
  readonly ledger: (account_sid: string) => Ledger | undefined
  /** Milliseconds. */
  readonly now: () => number
}

/** What a path below a workspace shows of one row. */
interface Shown {
  readonly id: string
  readonly path: string
  readonly kind: 'task' | 'worker'
  read(state: State, sid: string, options: { readonly at: number; readonly limit: number }): object
}

const shown: readonly Shown[] = [
  { id: 'ringdown.explain_task', path: 'Tasks/:sid/Explanation', kind: 'task', read: explainTask },
  { id: 'ringdown.explain_worker', path: 'Workers/:sid/Explanation', kind: 'worker', read: explainWorker }
]

/**
 * `GET /ringdown/v1/Workspaces/{WS}/Tasks/{WT}/Explanation` says why a task waits, and for every candidate the first
 * reason against, with the values that were read, the activity and the load; `…/Workers/{WK}/Explanation` what a worker could take now and why not the rest. `Limit` (100, at most
 * 1000) bounds the lists. 404 for what is not there.
 */
export function mountOurs(
  app: FastifyInstance,
  answers: Answers,
  { credentials, ledger: ledgerOf, now }: OursOptions
): void {
  const onRequest = askingWho(credentials)
  for (const { id, path, kind, read } of shown) {
    const subject: Subject = { id, product: undefined }
    const url = `/ringdown/v1/Workspaces/:workspace_sid/${path}`
    app.get(url, { onRequest, config: { subject } }, async (request, reply) => {
      const { account_sid } = callerOf(request)
      const ledger = ledgerOf(account_sid)
      if (!ledger) throw new Unavailable(`account ${account_sid} is not served here`)
      const { workspace_sid = '', sid = '' } = request.params as Readonly<Record<string, string>> // of the route's own path
      const limit = limitOf(request)
      const body = await told(ledger, (state) =>
        withInstants(
          read(state, inWorkspace(state, kind, workspace_sid, sid).sid, { at: Math.max(state.at, now()), limit })
        )
      )
      return answers.send(request, reply, subject, 200, JSON.stringify(body))
    })
    app.route({
      method: ['POST', 'PUT', 'PATCH', 'DELETE'],
      url,
      onRequest: [onRequest, notAllowed],
      config: { subject },
      handler: notAllowed
    })
  }
}

/** What is told, even that something is missing, may not be lost afterwards. */
async function told(ledger: Ledger, read: (state: State) => object): Promise<object> {
  try {
    return read(ledger.state)
  } finally {
    await ledger.settled()
  }
}

const mostListed = 1000

function limitOf(request: FastifyRequest): number {
  const text = parseForm((request.query as { text: string }).text) // made by the server's query parser
    .get('Limit')
    ?.at(-1)
  if (text === undefined || text === '') return 100
  const limit = Number(text)
  if (!/^\d{1,9}$/.test(text) || limit < 1 || limit > mostListed)
    throw new InvalidRequest(
      `Parameter Limit is invalid: an integer from 1 to ${mostListed} is expected, not '${bounded(text)}'`,
      'Limit'
    )
  return limit
}

/** With milliseconds as text where a name says that it is an instant, except below `values`: those are attributes. */
function withInstants(plain: object): object {
  return Object.fromEntries(
    Object.entries(plain).map(([name, value]) => {
      if (isInstant(name) && typeof value === 'number') return [name, new Date(value).toISOString()]
      if (name === 'values') return [name, value]
      if (Array.isArray(value)) return [name, value.map((item) => (isPlain(item) ? withInstants(item) : item))]
      return [name, isPlain(value) ? withInstants(value) : value]
    })
  )
}

function isInstant(name: string): boolean {
  return name === 'at' || name.endsWith('_at') || name.startsWith('date_')
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
