import { InvalidRequest } from '@ringdown/contract/form'
import type { OperationTypes } from '@ringdown/contract/generated/operations'
import { isoMilliseconds } from '@ringdown/contract/instant'
import { isJsonObject } from '@ringdown/contract/json-text'
import { valueIn } from '@ringdown/engine/core/json'
import { type Rehearsed, type RehearsedFlow, rehearseFlow, type Scripted } from '@ringdown/engine/flow-rehearsal'
import { flowOf } from '@ringdown/engine/studio/revisions'
import type { ExecutionStepRow } from '@ringdown/engine/studio/rows'
import { turn } from '../../commit/pieces.ts'
import type { Path } from '../../rendering/flow-drawing.ts'
import { flowMermaid, flowSvg } from '../../rendering/flow-picture.ts'
import type { Context, Handlers } from '../handler.ts'
import { executionOf, revisionOf } from '../studio/cold-lookup.ts'
import { TextAnswer } from '../text-answer.ts'

type DryRunParams = OperationTypes['ringdown_v1.CreateFlowDryRun']['params']

const maxScript = 200

/** Flows as who writes them needs them: seen, and tried before anybody meets them. */
export const flowHandlers = {
  async 'ringdown_v1.FetchFlowPicture'({ path: { flow_sid }, params }, context) {
    const flow = flowOf(context.state, flow_sid)
    const execution =
      params.execution === undefined ? undefined : await executionOf(context, flow_sid, params.execution)
    const name = execution ? String(execution.flow_version) : (params.revision ?? 'LatestRevision')
    const { definition } = await revisionOf(context, flow_sid, name)
    const steps = execution ? await context.ledger.find('execution_step', { execution_sid: execution.sid }) : undefined
    const pictured = { title: flow.friendly_name, definition, path: steps && pathOf(steps) }
    const isSvg = params.format !== 'mermaid'
    return new TextAnswer(
      isSvg ? 'image/svg+xml; charset=utf-8' : 'text/plain; charset=utf-8',
      isSvg ? flowSvg(pictured) : flowMermaid(pictured)
    ).shown
  },

  async 'ringdown_v1.CreateFlowDryRun'({ params }, context) {
    const plan = await planOf(context, params)
    const run = rehearseFlow(context.state, plan)
    let next = run.next()
    while (!next.done) {
      // After each decision others have their turn.
      await turn()
      next = run.next()
    }
    await context.ledger.settled()
    return shownRun(next.value)
  }
} satisfies Handlers

/** Steps of subflows are not in the picture of their parent. */
function pathOf(steps: readonly ExecutionStepRow[]): Path {
  const visits = new Map<string, { times: number; at: number }>()
  const ways = new Map<string, number>()
  const visit = (name: string, at: number) => {
    const before = visits.get(name)
    visits.set(name, { times: (before?.times ?? 0) + 1, at: before?.at ?? at })
  }
  const own = steps.filter(({ parent_step_sid }) => parent_step_sid === null).sort((a, b) => a.seq - b.seq)
  for (const [place, { name, transitioned_from, transitioned_to, date_created }] of own.entries()) {
    if (place === 0) visit(transitioned_from, date_created)
    if (transitioned_to !== 'Ended') visit(transitioned_to, date_created)
    const way = `${transitioned_from} ${name} ${transitioned_to}`
    ways.set(way, (ways.get(way) ?? 0) + 1)
  }
  return { visits, ways }
}

async function planOf(context: Context, params: DryRunParams): Promise<RehearsedFlow> {
  const { flow_sid, definition, trigger = 'conversation', parameters = '{}' } = params
  if ((flow_sid === undefined) === (definition === undefined))
    throw new InvalidRequest('One of FlowSid and Definition is expected')
  const text = definition ?? (await revisionOf(context, flow_sid ?? '', params.revision ?? 'LatestRevision')).definition
  if (!isJsonObject(valueIn(text))) throw new InvalidRequest('Definition must be a JSON object', 'Definition')
  if (!isJsonObject(valueIn(parameters))) throw new InvalidRequest('Parameters must be a JSON object', 'Parameters')
  return {
    definition: text,
    trigger,
    contact: params.to ?? (trigger === 'conversation' ? 'customer' : '+15550100001'),
    address: params.from ?? '+15550100000',
    parameters,
    script: scriptIn(params.script ?? '[]'),
    at: Math.max(context.state.at, params.at ?? context.now())
  }
}

function scriptIn(text: string): Scripted[] {
  const value = valueIn(text)
  if (!Array.isArray(value)) throw new InvalidRequest('Script must be a JSON list', 'Script')
  if (value.length > maxScript) throw new InvalidRequest(`Script has at most ${maxScript} entries`, 'Script')
  return value.map((one: unknown, place) => {
    if (typeof one === 'string') return { message: one }
    if (isJsonObject(one)) {
      if (typeof one.message === 'string') return { message: one.message }
      if (typeof one.wait === 'number' && one.wait >= 0 && one.wait <= 31 * 86_400) return { wait: one.wait }
      if (isJsonObject(one.http)) return answerIn(one.http)
    }
    throw new InvalidRequest(`Script: entry ${place} is no message, wait or http`, 'Script')
  })
}

function answerIn({ status = 200, body = '', content_type }: Readonly<Record<string, unknown>>): Scripted {
  const isText = typeof body === 'string'
  return {
    status: typeof status === 'number' ? status : null,
    body: isText ? body : JSON.stringify(body),
    content_type: typeof content_type === 'string' ? content_type : isText ? 'text/plain' : 'application/json'
  }
}

function shownRun({ steps, messages, ...run }: Rehearsed) {
  return {
    ...run,
    steps: steps.map(({ at, ...step }) => ({ at: isoMilliseconds(at), ...step })),
    messages: messages.map(({ at, ...message }) => ({ at: isoMilliseconds(at), ...message }))
  }
}
