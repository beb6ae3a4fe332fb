import { findReservation } from '@ringdown/engine/routing/lookup'
import { workerChannel } from '@ringdown/engine/routing/worker-channel'
import type { Handlers } from '../handler.ts'
import { cumulative } from './cumulative.ts'
import { events } from './events.ts'
import { lists } from './lists.ts'
import { shownReservation, shownWorkerChannel } from './shown.ts'
import { statistics } from './statistics.ts'

/** TaskRouter's operations that do not follow the general rules. */
export const taskrouterHandlers = {
  ...lists,
  ...statistics,
  ...cumulative,
  ...events,

  'taskrouter_v1.FetchTaskReservation'({ path }, { state }) {
    return shownReservation(state, findReservation(state, path))
  },

  async 'taskrouter_v1.UpdateTaskReservation'({ path, params }, { state, execute }) {
    const { reservation } = await execute({ type: 'reservation.update', ...params, ...path })
    return shownReservation(state, reservation)
  },

  'taskrouter_v1.FetchWorkerReservation'({ path }, { state }) {
    return shownReservation(state, findReservation(state, path))
  },

  async 'taskrouter_v1.UpdateWorkerReservation'({ path, params }, { state, execute }) {
    const { reservation } = await execute({ type: 'reservation.update', ...params, ...path })
    return shownReservation(state, reservation)
  },

  'taskrouter_v1.FetchWorkerChannel'({ path: { workspace_sid, worker_sid, sid } }, { state }) {
    return shownWorkerChannel(state, workerChannel(state, workspace_sid, worker_sid, sid))
  },

  async 'taskrouter_v1.UpdateWorkerChannel'({ path, params }, { state, execute }) {
    const { worker_channel } = await execute({ type: 'worker_channel.update', ...params, ...path })
    return shownWorkerChannel(state, worker_channel)
  }
} satisfies Handlers
