import { explained, fault } from '../errors.ts'
import { objectIn } from '../json.ts'
import { compact, type Outcome, type Row } from '../results.ts'
import type { RingdownApi } from '../ringdown-api.ts'
import { actionsOn, argumentsOf, type Call, hints, type Tool } from '../tool.ts'
import { workspaceArgument } from './shared.ts'

const args = argumentsOf({
  taskSid: { type: 'string', sid: ['WT'] },
  workerSid: { type: 'string', ref: 'worker', description: 'instead: what the worker could take' },
  maxWorkers: { type: 'integer', min: 1, max: 100, description: 'default 10' },
  ...workspaceArgument
})
const on = actionsOn(args)
const usualRows = 10

export const explainRouting: Tool = {
  name: 'explain_routing',
  title: 'Explain routing',
  description:
    'Why a task waits, or why a worker gets none: the verdict in one sentence, the filters with the values that they read, the target and what comes next, and the first reason against each worker.',
  hints: hints('RI'),
  arguments: args,
  backends: ['ringdown'],
  output: { verdict: 'string', filters: [{}], target: 'object', workers: 'object', tasks: [{}] },
  actions: {
    call: on({
      write: false,
      optional: ['taskSid', 'workerSid', 'maxWorkers'],
      run: async ({ taskSid, workerSid, maxWorkers = usualRows }, call) => {
        if ((taskSid === undefined) === (workerSid === undefined))
          throw fault('missing_argument', 'explain_routing is about one task or one worker', {
            argument: 'taskSid',
            next: 'give taskSid or workerSid, not both; manage_tasks list shows what waits'
          })
        const kind = taskSid === undefined ? 'Workers' : 'Tasks'
        const path = `Workspaces/${await call.workspace()}/${kind}/${taskSid ?? workerSid}/Explanation`
        const explanation = objectIn(
          await explained(
            call,
            () => ringdownOf(call).get(path, { Limit: maxWorkers }, call.signal),
            ({ status }) => (status === 404 ? { argument: taskSid ? 'taskSid' : 'workerSid' } : undefined)
          )
        )
        return taskSid === undefined ? ofWorker(explanation) : ofTask(explanation)
      }
    })
  }
}

/** What only a Ringdown has; a tool that asks for it is listed nowhere else. Throws Fault `unsupported_backend`. */
export function ringdownOf(call: Call): RingdownApi {
  const { ringdown } = call.backend
  if (ringdown) return ringdown
  throw fault('unsupported_backend', `${call.tool.name} ${call.action} needs a Ringdown`, {
    next: 'do without it: a Twilio account has nothing like it'
  })
}

/** A row's snake_case members in the tools' spelling; what is inside of them stays as it is. */
export function camelRow(value: unknown, ...names: readonly string[]): Row {
  const row = objectIn(value)
  const shown = names.length > 0 ? names : Object.keys(row)
  return compact(Object.fromEntries(shown.map((name) => [camel(name), row[name]])))
}

/** `task_queue_sid` as the tools spell it. */
const camel = (name: string): string => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

const listIn = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

function ofTask(explanation: Row): Outcome {
  const workers = objectIn(explanation.workers)
  return {
    verdict: explanation.verdict,
    assignmentStatus: explanation.assignment_status,
    filters: listIn(explanation.filters).map((filter) =>
      camelRow(filter, 'friendly_name', 'expression', 'matches', 'clauses')
    ),
    target: camelRow(explanation.target),
    workers: explanation.workers && {
      ...camelRow(workers, 'total', 'eligible', 'first_choice', 'reasons'),
      listed: listIn(workers.listed).map((worker) =>
        camelRow(worker, 'worker_sid', 'worker_name', 'activity_name', 'reason', 'clauses')
      )
    }
  }
}

function ofWorker(explanation: Row): Outcome {
  return {
    verdict: explanation.verdict,
    activityName: explanation.activity_name,
    taskQueues: explanation.task_queues,
    nextTaskSid: explanation.next_task_sid,
    waiting: explanation.waiting,
    reasons: explanation.reasons,
    channels: listIn(explanation.channels).map((channel) =>
      camelRow(channel, 'task_channel_unique_name', 'configured_capacity', 'free_capacity', 'reason')
    ),
    tasks: listIn(explanation.listed).map((task) => camelRow(task))
  }
}
