import type { OperationId } from '@ringdown/contract/generated/operations'

const stories = 'test/conformance/taskrouter.test.ts'
const guards = 'test/conformance/taskrouter-guards.test.ts'
const figures = 'test/conformance/taskrouter-figures.test.ts'
const lists = 'test/conformance/taskrouter-lists.test.ts'

/**
 * Which test holds an operation to the reference. Each file proves at its end that it has seen what is said of it here
 * answered with success, so a row of this table cannot outlive its test.
 */
export const verified: Readonly<Partial<Record<OperationId, string>>> = {
  'taskrouter_v1.CreateWorkspace': stories,
  'taskrouter_v1.FetchWorkspace': stories,
  'taskrouter_v1.UpdateWorkspace': stories,
  'taskrouter_v1.DeleteWorkspace': stories,
  'taskrouter_v1.ListWorkspace': lists,
  'taskrouter_v1.CreateActivity': stories,
  'taskrouter_v1.FetchActivity': stories,
  'taskrouter_v1.UpdateActivity': stories,
  'taskrouter_v1.DeleteActivity': stories,
  'taskrouter_v1.ListActivity': lists,
  'taskrouter_v1.CreateTaskChannel': stories,
  'taskrouter_v1.FetchTaskChannel': stories,
  'taskrouter_v1.UpdateTaskChannel': stories,
  'taskrouter_v1.DeleteTaskChannel': stories,
  'taskrouter_v1.ListTaskChannel': lists,
  'taskrouter_v1.CreateTaskQueue': stories,
  'taskrouter_v1.FetchTaskQueue': stories,
  'taskrouter_v1.UpdateTaskQueue': stories,
  'taskrouter_v1.DeleteTaskQueue': guards,
  'taskrouter_v1.ListTaskQueue': lists,
  'taskrouter_v1.CreateWorkflow': stories,
  'taskrouter_v1.FetchWorkflow': stories,
  'taskrouter_v1.UpdateWorkflow': stories,
  'taskrouter_v1.DeleteWorkflow': guards,
  'taskrouter_v1.ListWorkflow': lists,
  'taskrouter_v1.CreateWorker': stories,
  'taskrouter_v1.FetchWorker': stories,
  'taskrouter_v1.UpdateWorker': stories,
  'taskrouter_v1.DeleteWorker': stories,
  'taskrouter_v1.ListWorker': lists,
  'taskrouter_v1.CreateTask': stories,
  'taskrouter_v1.FetchTask': stories,
  'taskrouter_v1.UpdateTask': stories,
  'taskrouter_v1.DeleteTask': stories,
  'taskrouter_v1.ListTask': lists,
  'taskrouter_v1.FetchTaskReservation': lists,
  'taskrouter_v1.ListTaskReservation': lists,
  'taskrouter_v1.ListWorkerReservation': lists,
  'taskrouter_v1.ListWorkerChannel': lists,
  'taskrouter_v1.UpdateTaskReservation': stories,
  'taskrouter_v1.FetchWorkerReservation': stories,
  'taskrouter_v1.UpdateWorkerReservation': stories,
  'taskrouter_v1.FetchWorkerChannel': stories,
  'taskrouter_v1.UpdateWorkerChannel': stories,
  'taskrouter_v1.FetchWorkspaceRealTimeStatistics': stories,
  'taskrouter_v1.FetchTaskQueueRealTimeStatistics': stories,
  'taskrouter_v1.FetchWorkflowRealTimeStatistics': stories,
  'taskrouter_v1.FetchWorkersRealTimeStatistics': stories,
  'taskrouter_v1.CreateTaskQueueBulkRealTimeStatistics': stories,
  'taskrouter_v1.ListEvent': figures,
  'taskrouter_v1.FetchEvent': figures,
  'taskrouter_v1.FetchWorkspaceStatistics': figures,
  'taskrouter_v1.FetchWorkspaceCumulativeStatistics': figures,
  'taskrouter_v1.ListTaskQueuesStatistics': figures,
  'taskrouter_v1.FetchTaskQueueStatistics': figures,
  'taskrouter_v1.FetchTaskQueueCumulativeStatistics': figures,
  'taskrouter_v1.FetchWorkersCumulativeStatistics': figures,
  'taskrouter_v1.FetchWorkerStatistics': figures,
  'taskrouter_v1.FetchWorkerInstanceStatistics': figures,
  'taskrouter_v1.FetchWorkflowStatistics': figures,
  'taskrouter_v1.FetchWorkflowCumulativeStatistics': figures
}
