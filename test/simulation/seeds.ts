import type { Played } from './history.ts'

/*
 * Histories that have once found something, by what they found: they run with every test. `npm run simulate` leaves such
 * a history when it fails; a seed alone would mean another day as soon as the workload changes.
 */
export const found: readonly {
  readonly name: string
  readonly history: Played
  /** The engine still has it wrong; the test says when it has not any more. */
  readonly open?: boolean
}[] = [
  {
    // floor((1 - 4 / 5) * 100) is 19 with floating point numbers; it is 20 (reference taskrouter 6.2).
    name: 'a worker with four tasks of five has a fifth of the capacity left',
    history: {
      profile: 'busy',
      seed: 1,
      steps: [
        { as: 's1', do: { type: 'workspace.create', friendly_name: 's1' } },
        { as: 'q1', do: { type: 'task_queue.create', workspace_sid: '@s1', friendly_name: 'q1' } },
        {
          as: 'f1',
          do: {
            type: 'workflow.create',
            workspace_sid: '@s1',
            friendly_name: 'f1',
            configuration: JSON.stringify({
              task_routing: {
                filters: [],
                default_filter: {
                  queue: '@q1',
                  expression: 'worker.channel.default.available_capacity_percentage >= 20'
                }
              }
            })
          }
        },
        {
          as: 'w1',
          do: {
            type: 'worker.create',
            workspace_sid: '@s1',
            friendly_name: 'w1',
            activity_sid: '@s1.Available'
          }
        },
        {
          do: {
            type: 'worker_channel.update',
            workspace_sid: '@s1',
            worker_sid: '@w1',
            sid: 'default',
            capacity: 5
          }
        },
        ...[1, 2, 3, 4, 5].map((n) => ({ as: `t${n}`, do: { type: 'task.create', workspace_sid: '@s1' } as const }))
      ]
    }
  }
]
