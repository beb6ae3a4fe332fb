import { createActivity, deleteActivity, updateActivity } from './activity.ts'
import { reservationTimedOut } from './failed-reservation.ts'
import { callbackFailed, instructReservation } from './instruction.ts'
import { judgingDue } from './judging.ts'
import {
  answeredReads,
  cancelTransferReads,
  createTransferReads,
  deleteTaskReads,
  reservationReads,
  taskReads
} from './reads.ts'
import { cancelReservation, updateReservation } from './reservation.ts'
import {
  createTask,
  deleteTask,
  taskDeleteDue,
  taskRetryDue,
  taskTargetEnded,
  taskTtlEnded,
  updateTask
} from './task.ts'
import { createTaskChannel, deleteTaskChannel, updateTaskChannel } from './task-channel.ts'
import { createTaskQueue, deleteTaskQueue, updateTaskQueue } from './task-queue.ts'
import { cancelTransfer, createTransfer } from './transfer.ts'
import { createWorker, deleteWorker, updateWorker } from './worker.ts'
import { updateWorkerChannel } from './worker-channel.ts'
import { createWorkflow, deleteWorkflow, reEvaluationDue, updateWorkflow } from './workflow.ts'
import { createWorkspace, deleteWorkspace, updateWorkspace } from './workspace.ts'

/** TaskRouter's commands: noun first. */
export const routingCommands = {
  'workspace.create': { decide: createWorkspace },
  'workspace.update': { decide: updateWorkspace },
  'workspace.delete': { decide: deleteWorkspace },
  'activity.create': { decide: createActivity },
  'activity.update': { decide: updateActivity },
  'activity.delete': { decide: deleteActivity },
  'task_channel.create': { decide: createTaskChannel },
  'task_channel.update': { decide: updateTaskChannel },
  'task_channel.delete': { decide: deleteTaskChannel },
  'task_queue.create': { decide: createTaskQueue },
  'task_queue.update': { decide: updateTaskQueue },
  'task_queue.delete': { decide: deleteTaskQueue },
  'workflow.create': { decide: createWorkflow },
  'workflow.update': { decide: updateWorkflow },
  'workflow.delete': { decide: deleteWorkflow },
  'worker.create': { decide: createWorker },
  'worker.update': { decide: updateWorker },
  'worker.delete': { decide: deleteWorker },
  'worker_channel.update': { decide: updateWorkerChannel },
  'task.create': { decide: createTask },
  'task.update': { decide: updateTask, reads: taskReads },
  'task.delete': { decide: deleteTask, reads: deleteTaskReads },
  'reservation.update': { decide: updateReservation, reads: reservationReads },
  'reservation.cancel': { decide: cancelReservation, reads: reservationReads },
  'reservation.instruct': { decide: instructReservation, reads: answeredReads },
  'reservation.callback_failed': { decide: callbackFailed, reads: answeredReads },
  'transfer.create': { decide: createTransfer, reads: createTransferReads },
  'transfer.cancel': { decide: cancelTransfer, reads: cancelTransferReads },
  'timer.task_ttl': { decide: taskTtlEnded },
  'timer.task_target': { decide: taskTargetEnded },
  'timer.task_retry': { decide: taskRetryDue },
  'timer.task_delete': { decide: taskDeleteDue },
  'timer.reservation': { decide: reservationTimedOut },
  'timer.workflow_document': { decide: reEvaluationDue },
  'timer.judging': { decide: judgingDue }
} as const
