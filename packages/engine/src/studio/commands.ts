import { deleteExecution, executionExpired, executionReads, updateExecution } from './ending.ts'
import { eraseExecution, erasureReads } from './erasing.ts'
import { createFlow, createReads, deleteFlow, updateFlow, updateReads, updateTestUsers } from './flow.ts'
import { answerReads, takeAnswer } from './http-request.ts'
import { receiveByAddress } from './receiving.ts'
import { executionTimeout, executionTurn, turnReads } from './runner.ts'
import { createExecution } from './starting.ts'

export const studioCommands = {
  'flow.create': { decide: createFlow, reads: createReads },
  'flow.update': { decide: updateFlow, reads: updateReads },
  'flow.delete': { decide: deleteFlow },
  'flow.receive': { decide: receiveByAddress },
  'test_user.update': { decide: updateTestUsers },
  'execution.create': { decide: createExecution },
  'execution.update': { decide: updateExecution, reads: executionReads },
  'execution.delete': { decide: deleteExecution, reads: executionReads },
  'execution.erase': { decide: eraseExecution, reads: erasureReads },
  'execution.answer': { decide: takeAnswer, reads: answerReads },
  'timer.execution_turn': { decide: executionTurn, reads: turnReads },
  'timer.execution_next_turn': { decide: executionTurn, reads: turnReads },
  'timer.execution_timeout': { decide: executionTimeout },
  'timer.execution_expired': { decide: executionExpired }
} as const
