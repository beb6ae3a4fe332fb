import { refOf } from '../core/events.ts'
import type { Rendering } from '../events.ts'

/** Situations that rules watch for: what an event of them tells is what was the case then. */
export const agentEvents = {
  /** Whoever sends what is subscribed to sends what happened after that place as well. */
  'ringdown.situation-subscription.created': (refs) => {
    const { sid, situation } = refOf(refs, 'situation_subscription')
    return {
      description: `Situation ${situation} subscribed to`,
      resource_type: 'situation_subscription',
      resource_sid: sid,
      data: { subscription_sid: sid, situation, ...refs.extra }
    }
  },
  'ringdown.situation-subscription.terminated': ofSubscription('taken away'),
  'ringdown.situation-subscription.gap': ofSubscription('not sent all of'),
  'ringdown.task.waiting': (refs) => {
    const { sid: task_sid, workspace_sid, task_queue_sid, workflow_sid } = refOf(refs, 'task')
    const task_queue_name = refs.task_queue?.friendly_name ?? null
    return {
      workspace_sid,
      description: `Task ${task_sid} waits in TaskQueue ${task_queue_name}`,
      resource_type: 'task',
      resource_sid: task_sid,
      data: { workspace_sid, task_sid, task_queue_sid, task_queue_name, workflow_sid, ...refs.extra }
    }
  },
  'ringdown.queue.threshold': (refs) => {
    const { sid: task_queue_sid, workspace_sid, friendly_name: task_queue_name } = refOf(refs, 'task_queue')
    return {
      workspace_sid,
      description: `TaskQueue ${task_queue_name} went beyond a threshold`,
      resource_type: 'task_queue',
      resource_sid: task_queue_sid,
      data: { workspace_sid, task_queue_sid, task_queue_name, ...refs.extra }
    }
  }
} satisfies Record<string, Rendering>

function ofSubscription(what: string): Rendering {
  return (refs) => {
    const { sid, situation } = refOf(refs, 'situation_subscription')
    return {
      description: `Situation ${situation} ${what}`,
      resource_type: 'situation_subscription',
      resource_sid: sid,
      data: { subscription_sid: sid, situation }
    }
  }
}
