import { conversationCommands } from './conversations/commands.ts'
import { eventStreamCommands } from './event-streams/commands.ts'
import { flexCommands } from './flex/commands.ts'
import { createActivity, deleteActivity, updateActivity } from './routing/activity.ts'
import { callbackFailed, instructReservation } from './routing/instruction.ts'
import { judgingDue } from './routing/judging.ts'
import { cancelReservation, reservationTimedOut, updateReservation } from './routing/reservation.ts'
import {
  createTask,
  deleteTask,
  taskDeleteDue,
  taskRetryDue,
  taskTargetEnded,
  taskTtlEnded,
  updateTask
} from './routing/task.ts'
import { createTaskChannel, deleteTaskChannel, updateTaskChannel } from './routing/task-channel.ts'
import { createTaskQueue, deleteTaskQueue, updateTaskQueue } from './routing/task-queue.ts'
import { cancelTransfer, createTransfer } from './routing/transfer.ts'
import { createWorker, deleteWorker, updateWorker } from './routing/worker.ts'
import { updateWorkerChannel } from './routing/worker-channel.ts'
import { createWorkflow, deleteWorkflow, reEvaluationDue, updateWorkflow } from './routing/workflow.ts'
import { createWorkspace, deleteWorkspace, updateWorkspace } from './routing/workspace.ts'
import type { State } from './state/state.ts'

/** Every command and who decides it: noun first. A decider changes the state or refuses, and never waits. */
export const deciders = {
  'workspace.create': createWorkspace,
  'workspace.update': updateWorkspace,
  'workspace.delete': deleteWorkspace,
  'activity.create': createActivity,
  'activity.update': updateActivity,
  'activity.delete': deleteActivity,
  'task_channel.create': createTaskChannel,
  'task_channel.update': updateTaskChannel,
  'task_channel.delete': deleteTaskChannel,
  'task_queue.create': createTaskQueue,
  'task_queue.update': updateTaskQueue,
  'task_queue.delete': deleteTaskQueue,
  'workflow.create': createWorkflow,
  'workflow.update': updateWorkflow,
  'workflow.delete': deleteWorkflow,
  'worker.create': createWorker,
  'worker.update': updateWorker,
  'worker.delete': deleteWorker,
  'worker_channel.update': updateWorkerChannel,
  'task.create': createTask,
  'task.update': updateTask,
  'task.delete': deleteTask,
  'reservation.update': updateReservation,
  'reservation.cancel': cancelReservation,
  'reservation.instruct': instructReservation,
  'reservation.callback_failed': callbackFailed,
  'transfer.create': createTransfer,
  'transfer.cancel': cancelTransfer,
  'timer.task_ttl': taskTtlEnded,
  'timer.task_target': taskTargetEnded,
  'timer.task_retry': taskRetryDue,
  'timer.task_delete': taskDeleteDue,
  'timer.reservation': reservationTimedOut,
  'timer.workflow_document': reEvaluationDue,
  'timer.judging': judgingDue,
  ...conversationCommands,
  ...flexCommands,
  ...eventStreamCommands
} as const

export type Decider<P = never, R = unknown> = (state: State, params: P) => R
export type CommandType = keyof typeof deciders
/** The parameters of a command. */
export type ParamsOf<T extends CommandType> = Parameters<(typeof deciders)[T]>[1]
/** What deciding a command answers. */
export type ResultOf<T extends CommandType> = ReturnType<(typeof deciders)[T]>
/** A command of one type: its parameters beside its type. */
export type CommandOf<T extends CommandType> = { readonly type: T } & ParamsOf<T>
export type Command = { [T in CommandType]: CommandOf<T> }[CommandType]
