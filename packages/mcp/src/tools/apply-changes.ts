import { type Nested, nested } from '../call.ts'
import { differing, lastChange, restore, sidNameOf, snapshotOf, targetsOf } from '../changes/objects.ts'
import { type Plan, type PlanState, Plans, type Step, type Written } from '../changes/plans.ts'
import { apiError, type ErrorBody, errorsOf, Fault, fault } from '../errors.ts'
import { objectIn, StoredJson } from '../json.ts'
import { rawRequest } from '../raw.ts'
import { compact, type Outcome, type Row } from '../results.ts'
import { actionsOn, argumentsOf, type Call, hints, type Tool } from '../tool.ts'
import { camelRow, ringdownOf } from './explain-routing.ts'
import { manageActivities } from './manage-activities.ts'
import { manageAddresses } from './manage-addresses.ts'
import { manageFlexFlows } from './manage-flex-flows.ts'
import { manageTaskQueues } from './manage-task-queues.ts'
import { manageWorkers } from './manage-workers.ts'
import { manageWorkflows, withQueueSids } from './manage-workflows.ts'
import { manageWorkspaces } from './manage-workspaces.ts'
import { count } from './shared.ts'
import { updateFlexConfiguration } from './update-flex-configuration.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['plan', 'simulate', 'apply', 'undo'] },
  changes: { type: 'objects', max: 50, description: 'plan: [{tool, arguments}], create and update' },
  planId: { type: 'string' }
})
const on = actionsOn(args)

/** What can be part of a plan: configuration that can be written back. What is deleted cannot come back under its SID. */
const changeable: readonly Tool[] = [
  manageWorkers,
  manageTaskQueues,
  manageWorkflows,
  manageActivities,
  manageWorkspaces,
  manageFlexFlows,
  manageAddresses,
  updateFlexConfiguration
]
const plannable = new Set(['create', 'update', 'call'])

export const applyChanges: Tool = {
  name: 'apply_changes',
  title: 'Apply changes',
  description:
    'Many configuration writes as one. plan checks them and tells whom they touch; simulate routes the last tasks by planned workflows; apply does all or nothing, unless somebody was quicker; undo restores everything within 30 minutes.',
  hints: hints('D'),
  arguments: args,
  backends: ['ringdown'],
  output: { planId: 'string', state: 'string', steps: [{}], simulated: [{}] },
  actions: {
    plan: on({
      write: true,
      required: ['changes'],
      run: async ({ changes }, call) => {
        const { steps, shown } = await planned(changes, call)
        const plan = await plansOf(call).add(steps)
        return { planId: plan.planId, state: plan.state, steps: shown }
      }
    }),
    simulate: on({
      write: true,
      required: ['planId'],
      run: async ({ planId }, call) => simulated(await knownPlan(planId, call), call)
    }),
    apply: on({
      write: true,
      required: ['planId'],
      run: async ({ planId }, call) => applied(await knownPlan(planId, call), call)
    }),
    undo: on({
      write: true,
      required: ['planId'],
      run: async ({ planId }, call) => undone(await knownPlan(planId, call), call)
    })
  }
}

const plansOf = (call: Call): Plans => new Plans(ringdownOf(call), call.signal)

async function knownPlan(planId: string, call: Call): Promise<Plan> {
  const plan = await plansOf(call).find(planId)
  if (plan) return plan
  throw fault('unknown_name', `no plan ${planId}: plans end after 30 minutes`, {
    argument: 'planId',
    found: planId,
    next: 'plan again'
  })
}

interface Planned {
  readonly steps: readonly Step[]
  readonly shown: readonly Row[]
}

/** Checks every change, and tells all faults of all of them at once. */
async function planned(changes: readonly Readonly<Record<string, unknown>>[], call: Call): Promise<Planned> {
  const faults: ErrorBody[] = []
  const steps: Step[] = []
  const shown: Row[] = []
  /** Names of what earlier changes create: they mean nothing yet. */
  const coming = new Set<string>()
  for (const [index, change] of changes.entries()) {
    try {
      const tool = toolOf(change, index)
      const inner = await nested(tool, change.arguments, call, coming)
      if (!plannable.has(inner.action)) throw unplannable(tool.name, inner.action)
      const targets = inner.isComplete ? await targetsOf(tool.name, inner.action, inner.values, inner.call) : []
      const written = await Promise.all(
        targets.map(async (target): Promise<Written> => ({ target, before: await snapshotOf(target, call) }))
      )
      steps.push({ tool: tool.name, arguments: change.arguments, planned: written })
      shown.push(await stepRow(index, tool, inner, written))
      for (const name of [inner.values.friendlyName, inner.values.uniqueName])
        if (inner.action === 'create' && typeof name === 'string') coming.add(name.toLowerCase())
    } catch (error) {
      faults.push(...errorsOf(error, call.tool).map((body) => placed(body, index)))
    }
  }
  if (faults.length > 0) throw new Fault(faults)
  return { steps, shown }
}

function toolOf(change: Readonly<Record<string, unknown>>, index: number): Tool {
  const tool = changeable.find(({ name }) => name === change.tool)
  if (tool) return tool
  throw fault('bad_value', `changes[${index}].tool: ${String(change.tool)} cannot be planned`, {
    allowed: changeable.map(({ name }) => name),
    next: 'give [{"tool": "manage_task_queues", "arguments": {…}}]'
  })
}

const unplannable = (tool: string, action: string) =>
  fault('bad_value', `${tool} ${action} cannot be planned: what is deleted does not come back under its SID`, {
    next: 'plan create and update; call other actions by themselves'
  })

const placed = (body: ErrorBody, index: number): ErrorBody => ({
  ...body,
  argument: `changes[${index}]${body.argument ? `.arguments.${body.argument}` : ''}`
})

/** What a step would change, by what is there now, and whom it touches. */
async function stepRow(index: number, tool: Tool, inner: Nested, written: readonly Written[]): Promise<Row> {
  const [first] = written
  const given = new Set(Object.keys(inner.values).map((name) => name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`)))
  const { set } = inner.values
  if (set !== undefined) for (const name of Object.keys(objectIn(objectIn(set).value))) given.add(name)
  const now = Object.entries(first?.before ?? {}).filter(([name]) => given.has(name))
  return compact({
    index,
    tool: tool.name,
    action: inner.action === 'call' ? undefined : inner.action,
    sid: first?.target.sid,
    now: now.length > 0 ? Object.fromEntries(now.map(([name, text]) => [name, new StoredJson(text)])) : undefined,
    touches: inner.isComplete ? await touches(tool.name, inner) : 'what an earlier change creates'
  })
}

/** Whom a change touches, in a sentence. */
async function touches(tool: string, { values, call, action }: Nested): Promise<string | undefined> {
  const workspace = call.backend.client.taskrouter.v1.workspaces(await call.workspace())
  const number = async (expression: unknown) =>
    (await workspace.workers.list({ targetWorkersExpression: String(expression), limit: 1000, pageSize: 1000 })).length
  if (tool === 'manage_task_queues' && values.targetWorkers !== undefined) {
    const after = await number(values.targetWorkers)
    if (action === 'create') return `${count(after, 'worker')} would match`
    const { targetWorkers } = await workspace.taskQueues(String(values.taskQueueSid)).fetch()
    return `${count(await number(targetWorkers), 'worker')} match now, ${after} would`
  }
  if (tool === 'manage_workflows' && action === 'update') {
    const waiting = await workspace.tasks.list({
      workflowSid: String(values.workflowSid),
      assignmentStatus: ['pending', 'reserved'],
      limit: 1000,
      pageSize: 1000
    })
    return `${count(waiting.length, 'waiting task')}`
  }
  if (tool === 'manage_activities' && action === 'update') {
    const workers = await workspace.workers.list({ activitySid: String(values.activitySid), limit: 1000 })
    return `${count(workers.length, 'worker')} in it`
  }
  return undefined
}

/** The production router on the last tasks of each workflow whose configuration is planned. */
async function simulated(plan: Plan, call: Call): Promise<Outcome> {
  const rows: Row[] = []
  for (const [index, step] of plan.steps.entries()) {
    if (step.tool !== 'manage_workflows') continue
    const inner = await nested(manageWorkflows, step.arguments, call)
    const { configuration, workflowSid } = inner.values
    if (configuration === undefined || workflowSid === undefined) continue
    const Configuration = await withQueueSids(configuration as Parameters<typeof withQueueSids>[0], inner.call) // the table says that it is JSON
    const path = `Workspaces/${await inner.call.workspace()}/Workflows/${workflowSid}/DryRun`
    const answer = await ringdownOf(call).post(path, { Configuration, Last: '100' }, call.signal)
    rows.push({ index, ...camelRow(answer, 'workflow_sid', 'total', 'moved', 'differing', 'warnings') })
  }
  if (rows.length === 0) call.warn('the plan changes no configuration of a workflow: there is nothing to simulate')
  return { planId: plan.planId, state: plan.state, simulated: rows }
}

function inState(plan: Plan, due: readonly PlanState[], verb: string): void {
  if (due.includes(plan.state)) return
  throw fault('bad_value', `this plan is ${plan.state}: it cannot be ${verb}`, {
    argument: 'planId',
    found: plan.state,
    next: plan.state === 'applied' || plan.state === 'applying' ? 'undo it, or plan again' : 'plan again'
  })
}

/**
 * Everything in order, or nothing: what was written before a step that fails is written back. What is about to be written is
 * kept before it is, so that a plan that was broken off, by whatever, can be undone.
 */
async function applied(plan: Plan, call: Call): Promise<Outcome> {
  inState(plan, ['planned'], 'applied')
  const plans = plansOf(call)
  const conflicts = await conflictsOf(
    plan.steps.flatMap((step) => step.planned),
    ({ before }) => before,
    call
  )
  if (conflicts.length > 0) throw conflict('since it was planned', conflicts)
  await plans.keep(plan, 'applying', [], 'planned')
  const written: Written[] = []
  try {
    const rows: Row[] = []
    const making: Making = { written, keep: (all) => plans.keep(plan, 'applying', all) }
    for (const [index, step] of plan.steps.entries()) rows.push(await appliedStep(index, step, making, call))
    await plans.keep(plan, 'applied', written)
    return { planId: plan.planId, state: 'applied', steps: rows }
  } catch (error) {
    const left = await writtenBack(written, call)
    await plans.keep(plan, left.length === 0 ? 'planned' : 'applying', left.length === 0 ? [] : written)
    if (written.length === 0) throw error
    const [first, ...rest] = errorsOf(error, call.tool)
    if (!first) throw error
    const told =
      left.length === 0 ? 'nothing is changed: the steps before it were undone' : `these stay: ${left.join(', ')}`
    throw new Fault([{ ...first, message: `${first.message}; ${told}` }, ...rest])
  }
}

/** What has been written so far, and who keeps what is about to be. */
interface Making {
  readonly written: Written[]
  keep(all: readonly Written[]): Promise<void>
}

async function appliedStep(index: number, step: Step, { written, keep }: Making, call: Call): Promise<Row> {
  const tool = toolOf({ tool: step.tool }, index)
  try {
    const inner = await nested(tool, step.arguments, call)
    const targets = await targetsOf(tool.name, inner.action, inner.values, inner.call)
    const making = `${tool.name} ${inner.values.friendlyName ?? inner.values.address ?? ''}`.trim()
    const coming = await Promise.all(
      targets.map(async (target): Promise<Written> => {
        const before = await snapshotOf(target, call)
        return before ? { target, before } : { target, making }
      })
    )
    await keep([...written, ...coming])
    const outcome = await inner.run()
    const made = sidIn(outcome, tool.name)
    for (const { target, before } of coming) {
      const present = target.uri === undefined ? { ...target, uri: `${target.collection}/${made}`, sid: made } : target
      written.push({ target: present, before, after: await snapshotOf(present, call) })
    }
    return compact({ index, tool: tool.name, sid: made })
  } catch (error) {
    throw new Fault(errorsOf(error, tool).map((body) => placed(body, index)))
  }
}

/** The SID of the object in a tool's result. */
function sidIn(outcome: Outcome, tool: string): string | undefined {
  const name = sidNameOf(tool)
  if (name === undefined) return undefined
  const list = Object.values(outcome).find((value) => Array.isArray(value))
  const sid = objectIn(Array.isArray(list) ? list[0] : undefined)[name]
  return typeof sid === 'string' ? sid : undefined
}

interface Conflict {
  readonly sid?: string | undefined
  readonly fields: readonly string[]
  readonly now: Readonly<Record<string, string>>
  readonly lastChange?: string | undefined
}

/** The objects that are not as they are expected to be; of those that were changed, only what was changed counts. */
async function conflictsOf(
  all: readonly Written[],
  expected: (written: Written) => Written['before'],
  call: Call
): Promise<readonly Conflict[]> {
  const found = await Promise.all(
    all.map(async (written): Promise<Conflict | undefined> => {
      const due = expected(written)
      if (!due) return undefined
      const { sid } = written.target
      const now = await snapshotOf(written.target, call)
      if (!now) return { sid, fields: ['deleted'], now: {}, lastChange: await lastChange(sid, call) }
      const own = written.before && written.after ? differing(written.before, written.after) : Object.keys(due)
      const fields = differing(due, now).filter((name) => own.includes(name))
      if (fields.length === 0) return undefined
      const shown = Object.fromEntries(fields.map((name) => [name, now[name] ?? 'null']))
      return { sid, fields, now: shown, lastChange: await lastChange(sid, call) }
    })
  )
  return found.filter((one) => one !== undefined)
}

function conflict(since: string, conflicts: readonly Conflict[]): Fault {
  const names = conflicts.map(
    ({ sid, fields, lastChange }) =>
      `${sid ?? 'the Flex configuration'} (${fields.join(', ')}${lastChange ? `: ${lastChange}` : ''})`
  )
  return new Fault([
    {
      code: 'bad_value',
      status: 409,
      message: `somebody changed ${names.join('; ')} ${since}`,
      argument: 'planId',
      found: conflicts,
      next: 'look at what is there now, then plan again'
    }
  ])
}

/** Takes everything back; of a plan that was broken off, as far as it had come. */
async function undone(plan: Plan, call: Call): Promise<Outcome> {
  inState(plan, ['applied', 'applying'], 'undone')
  const plans = plansOf(call)
  await plans.keep(plan, 'applying', plan.written, plan.state)
  const written = await asItIs(plan.written, call)
  const last = lastStates(written)
  const conflicts = await conflictsOf(last, ({ after }) => after, call)
  if (conflicts.length > 0) {
    await plans.keep(plan, plan.state, plan.written)
    throw conflict('since it was applied', conflicts)
  }
  const left = await writtenBack(written, call)
  if (left.length > 0) {
    await plans.keep(plan, plan.state, plan.written)
    throw fault('bad_value', `undone, but for ${left.join(', ')}`, { next: 'undo again, or repair these by hand' })
  }
  await plans.keep(plan, 'undone', written)
  for (const { making, after } of written)
    if (making !== undefined && !after)
      call.warn(`the plan was broken off while it made something (${making}): look whether it is there`)
  return { planId: plan.planId, state: 'undone', steps: last.map(({ target: { sid } }) => compact({ sid })) }
}

/** What was being written when a plan was broken off: if it was, it is as it is now. */
function asItIs(written: readonly Written[], call: Call): Promise<readonly Written[]> {
  return Promise.all(
    written.map(async (one) => {
      if (one.after || !one.before) return one
      const after = await snapshotOf(one.target, call)
      return after ? { ...one, after } : one
    })
  )
}

/** An object that several steps wrote, once: as it was before the first, and is after the last. */
function lastStates(written: readonly Written[]): readonly Written[] {
  const byUri = new Map<string, Written>()
  for (const one of written) {
    const key = `${one.target.uri} ${Object.keys(one.target.fields ?? {}).join()}`
    const known = byUri.get(key)
    byUri.set(key, known ? { ...one, before: known.before } : one)
  }
  return [...byUri.values()]
}

/** Writes everything back, the last first. Answers what could not be, with the reason. */
async function writtenBack(written: readonly Written[], call: Call): Promise<readonly string[]> {
  const left: string[] = []
  for (const { target, before, after } of [...written].reverse()) {
    try {
      if (!after) continue
      if (!before) await rawRequest(call.backend.client, { method: 'delete', uri: target.uri ?? '' })
      else {
        const names = differing(before, after)
        if (names.length > 0) await restore(target, names, before, call)
      }
    } catch (error) {
      const api = apiError(error)
      if (!api) throw error
      left.push(`${target.sid ?? 'the Flex configuration'}: ${api.message}`)
    }
  }
  call.names.forget()
  return left
}
