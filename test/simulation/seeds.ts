import type { Command } from '@ringdown/engine/commands'
import type { Step } from './center.ts'
import type { Played } from './history.ts'

/** One workflow to one queue, which asks up to three at once; w1 has taken the task t1, and then the others come. */
function handover(...steps: readonly (Command | Step)[]): Played {
  const workspace_sid = '@s1'
  const worker = (name: string): Step => ({
    as: name,
    do: { type: 'worker.create', workspace_sid, friendly_name: name, activity_sid: '@s1.Available' }
  })
  const configuration = JSON.stringify({ task_routing: { default_filter: { queue: '@q1' } } })
  const opening: Step[] = [
    { as: 's1', do: { type: 'workspace.create', friendly_name: 's1' } },
    { as: 'q1', do: { type: 'task_queue.create', workspace_sid, friendly_name: 'q1', max_reserved_workers: 3 } },
    { as: 'f1', do: { type: 'workflow.create', workspace_sid, friendly_name: 'f1', configuration } },
    worker('w1'),
    { as: 't1', do: { type: 'task.create', workspace_sid } },
    { do: answered('w1', 'accepted') },
    worker('w2'),
    worker('w3')
  ]
  return {
    profile: 'handover',
    seed: 1,
    steps: [...opening, ...steps.map((one) => ('type' in one ? { do: one } : one))]
  }
}

/** What a worker says to its latest reservation for t1. */
function answered(worker: string, reservation_status: string): Command {
  return {
    type: 'reservation.update',
    workspace_sid: '@s1',
    task_sid: '@t1',
    sid: `@r/t1/${worker}`,
    reservation_status
  }
}

function handedOn(from: string, to: string, mode: 'WARM' | 'COLD'): Command {
  return {
    type: 'transfer.create',
    workspace_sid: '@s1',
    worker_sid: `@${from}`,
    reservation_sid: `@r/t1/${from}`,
    task_sid: '@t1',
    to: `@${to}`,
    mode
  }
}

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
  },
  {
    // What was told was how the reservation ended that had been made last.
    name: 'a transfer fails as the last of those who were asked has failed',
    history: handover(handedOn('w1', 'q1', 'WARM'), answered('w3', 'rejected'), { pass_ms: 120_000 })
  },
  {
    // It stayed assigned with nobody who had accepted it (reference taskrouter 11.5).
    name: 'a task that only those still have who wrap up is wrapping up',
    history: handover(
      handedOn('w1', 'w2', 'WARM'),
      answered('w2', 'accepted'),
      answered('w2', 'wrapping'),
      answered('w1', 'completed'),
      answered('w2', 'completed')
    )
  },
  {
    // It was canceled without a reason (reference taskrouter 4.2).
    name: 'a task that is handed on to too many who do not take it is canceled, and says why',
    history: handover(
      { type: 'worker.update', workspace_sid: '@s1', sid: '@w3', activity_sid: '@s1.Offline' },
      handedOn('w1', 'q1', 'COLD'),
      ...[1, 2, 3, 4, 5].flatMap((): Step[] => [{ do: answered('w2', 'rejected') }, { pass_ms: 30_000 }])
    )
  },
  {
    // The worker had two reservations for it then.
    name: 'nobody is handed a task that it has already',
    history: handover(handedOn('w1', 'w2', 'WARM'), answered('w2', 'accepted'), handedOn('w1', 'w2', 'WARM'))
  },
  {
    // It was found by that name in memory, so nobody had read whether a closed one has the SID (reference conversations 3).
    name: 'a conversation is found by a unique name that looks like a SID',
    history: {
      profile: 'contacts',
      seed: 1,
      steps: [
        { do: { type: 'conversations.setup' } },
        { as: 'v1', do: { type: 'conversation.create', unique_name: `CH${'0'.repeat(32)}` } },
        { sweep: true },
        { do: { type: 'message.create', conversation_sid: `CH${'0'.repeat(32)}`, body: 'Hello?' } },
        { do: { type: 'participant.create', conversation_sid: `CH${'0'.repeat(32)}`, identity: 'ann' } }
      ]
    }
  },
  {
    // It was written once more what the task had been, but only while the interaction was still in memory.
    name: 'a closed interaction stays as it is when its task is deleted',
    history: {
      profile: 'contacts',
      seed: 88,
      steps: [
        { as: 's1', do: { type: 'workspace.create', friendly_name: 's1' } },
        { as: 'q1', do: { type: 'task_queue.create', workspace_sid: '@s1', friendly_name: 'q1' } },
        { as: 'w6', do: { type: 'worker.create', workspace_sid: '@s1', friendly_name: 'w6' } },
        { as: 'b1', do: { type: 'chat_service.create', friendly_name: 'Other' } },
        { as: 'v12', do: { type: 'conversation.create', timers_closed: 'PT10M' } },
        { do: { type: 'participant.create', conversation_sid: '@v12', identity: 'cid' } },
        {
          as: 'i16',
          do: {
            type: 'interaction.create',
            channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: '@v12' } },
            routing: { properties: { workspace_sid: '@s1', queue_sid: '@q1' } }
          }
        },
        { pass_ms: 600_000 },
        { sweep: true },
        { do: { type: 'task.delete', workspace_sid: '@s1', sid: '@ti16' } }
      ]
    }
  },
  {
    // It was canceled, and the worker's reservation stayed accepted (reference flex 10).
    name: 'a task that is handed on ends with its channel for whoever has it',
    history: {
      profile: 'contacts',
      seed: 350,
      steps: [
        { as: 's1', do: { type: 'workspace.create', friendly_name: 's1' } },
        { as: 'q1', do: { type: 'task_queue.create', workspace_sid: '@s1', friendly_name: 'q1' } },
        {
          as: 'w7',
          do: { type: 'worker.create', workspace_sid: '@s1', friendly_name: 'w7', activity_sid: '@s1.Available' }
        },
        {
          as: 'i15',
          do: {
            type: 'interaction.create',
            channel: {
              type: 'web',
              initiated_by: 'api',
              participants: [{ address: '+37255500003', proxy_address: '+3726000' }]
            },
            routing: { properties: { workspace_sid: '@s1', queue_sid: '@q1' } }
          }
        },
        {
          do: {
            type: 'reservation.update',
            workspace_sid: '@s1',
            task_sid: '@ti15',
            sid: '@r/ti15/w7',
            reservation_status: 'accepted'
          }
        },
        {
          do: {
            type: 'transfer.create',
            workspace_sid: '@s1',
            worker_sid: '@w7',
            reservation_sid: '@r/ti15/w7',
            task_sid: '@ti15',
            to: '@q1'
          }
        },
        {
          do: {
            type: 'interaction_channel.update',
            interaction_sid: '@i15',
            sid: '@i15.channel',
            status: 'inactive',
            routing: { status: 'closed' }
          }
        }
      ]
    }
  },
  {
    // Its rest from workers who had rejected it went on, and ended while it was wrapping up.
    name: 'a task that is wrapped up while it is handed on has no timer of those who are asked',
    history: {
      profile: 'handover',
      seed: 1093,
      steps: [
        { as: 's1', do: { type: 'workspace.create', friendly_name: 's1' } },
        {
          as: 'q1',
          do: { type: 'task_queue.create', workspace_sid: '@s1', max_reserved_workers: 2, friendly_name: 'q1' }
        },
        { as: 'q2', do: { type: 'task_queue.create', workspace_sid: '@s1', friendly_name: 'q2' } },
        {
          do: {
            type: 'worker.create',
            workspace_sid: '@s1',
            friendly_name: 'w3',
            attributes: '{"level":17841444523369052}',
            activity_sid: '@s1.Available'
          }
        },
        {
          as: 'w5',
          do: { type: 'worker.create', workspace_sid: '@s1', friendly_name: 'w5', activity_sid: '@s1.Available' }
        },
        {
          do: {
            type: 'worker.create',
            workspace_sid: '@s1',
            friendly_name: 'w6',
            attributes: '{"level":17841444523369052}',
            activity_sid: '@s1.Available'
          }
        },
        { as: 'w7', do: { type: 'worker.create', workspace_sid: '@s1', friendly_name: 'w7' } },
        {
          as: 'f9',
          do: {
            type: 'workflow.create',
            workspace_sid: '@s1',
            configuration:
              '{"task_routing":{"filters":[{"expression":"1==1","targets":[{"queue":"@q1","order_by":"worker.level"}]}]}}',
            task_reservation_timeout: 30,
            friendly_name: 'f9'
          }
        },
        { do: { type: 'worker.update', workspace_sid: '@s1', sid: '@w7', activity_sid: '@s1.Available' } },
        { as: 't11', do: { type: 'task.create', workspace_sid: '@s1' } },
        { pass_ms: 7000 },
        { pass_ms: 7000 },
        { pass_ms: 20000 },
        {
          do: {
            type: 'reservation.update',
            workspace_sid: '@s1',
            worker_sid: '@w7',
            sid: '@r/t11/w7',
            reservation_status: 'accepted'
          }
        },
        {
          do: {
            type: 'transfer.create',
            workspace_sid: '@s1',
            worker_sid: '@w7',
            reservation_sid: '@r/t11/w7',
            task_sid: '@t11',
            to: '@q2'
          }
        },
        { do: { type: 'reservation.callback_failed', reservation_sid: '@r/t11/w5', failures: [] } },
        { do: { type: 'task.update', workspace_sid: '@s1', sid: '@t11', assignment_status: 'wrapping' } }
      ]
    }
  },
  {
    name: 'a flow runs another one in a revision that has left memory',
    history: {
      profile: 'flows',
      seed: 350,
      steps: [
        {
          as: 'P13',
          do: {
            type: 'flow.create',
            friendly_name: 'Inner',
            status: 'draft',
            definition: '{"states":[{"name":"inner","type":"run-subflow"}]}'
          }
        },
        { do: { type: 'flow.update', sid: '@P13', status: 'draft', definition: '{"states":[]}' } },
        { sweep: true },
        {
          do: {
            type: 'flow.create',
            friendly_name: 'Outer',
            status: 'draft',
            definition: '{"states":[{"type":"run-subflow","properties":{"flow_sid":"@P13","flow_revision":"1"}}]}'
          }
        }
      ]
    }
  },
  {
    name: 'an offer is to be accepted for its worker in a group that no agent can join',
    history: {
      profile: 'desk',
      seed: 136,
      steps: [
        { as: 's1', do: { type: 'workspace.create', friendly_name: 's1' } },
        { as: 'q2', do: { type: 'task_queue.create', workspace_sid: '@s1', friendly_name: 'q2' } },
        {
          do: {
            type: 'worker.create',
            workspace_sid: '@s1',
            friendly_name: 'w3',
            activity_sid: '@s1.Available'
          }
        },
        {
          as: 'f9',
          do: {
            type: 'workflow.create',
            workspace_sid: '@s1',
            friendly_name: 'f9',
            configuration: '{"task_routing":{"default_filter":{"queue":"@q2"}}}'
          }
        },
        { do: { type: 'flex.setup', workspace_sid: '@s1' } },
        {
          as: 'v23',
          do: {
            type: 'conversation.create_with_participants',
            participant: ['{"messaging_binding_address":"+37255500003"}']
          }
        },
        {
          do: {
            type: 'flex_configuration.update',
            account_sid: 'AC00000000000000000000000000000000',
            ui_attributes: {
              custom_data: {
                features: {
                  agent_automation: { enabled: true, configuration: [{ channel: 'default', auto_accept: true }] }
                }
              }
            }
          }
        },
        {
          do: {
            type: 'interaction.create',
            channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid: '@v23' } },
            routing: { properties: { workspace_sid: '@s1', task_channel_unique_name: 'default' } }
          }
        }
      ]
    }
  }
]
