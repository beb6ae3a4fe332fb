import type { Dice } from './dice.ts'
import type { Profile } from './workload.ts'

/*
 * Texts that people write: expressions, documents and attributes. Small sets of values, so that they meet; numbers
 * that are spelled, missing keys and lists in the place of scalars are among them.
 */

export const targetWorkers = [
  '1==1',
  '1==1',
  'level >= 2',
  'languages HAS "en"',
  'activity_name == "Available" OR level == 1',
  'level IN [1, "3"]',
  'skills.sales > 1 OR languages HAS 7',
  'team != "a" AND friendly_name != "w4"',
  'NOT (team == "a")',
  'team == null',
  'level >= 17841444523369053 OR skills.988EN == 2',
  'level IN [17841444523369052, 1, 2]',
  ''
]

const targetExpressions = [
  'worker.level >= task.level',
  'worker.level == task.level',
  'task.team == worker.team',
  'worker.team != task.team',
  'worker.languages HAS task.language',
  'task.language IN worker.languages AND worker.level > 0',
  'task.languages HAS worker.language OR task.vip',
  'worker.sid == task.agent',
  'task.friend == worker.friendly_name OR task.kind == 2',
  'worker.channel.chat.assigned_tasks == 0',
  'worker.channel.default.assigned_tasks > 0',
  'worker.channel.voice.available_capacity_percentage < 60',
  'worker.channel.default.available_capacity_percentage >= 10 AND task.team == worker.team',
  'worker.channel.chat.configured_capacity > task.kind',
  'worker.activity_name == "Available"',
  'worker.skills.sales >= task.level AND worker.languages HAS task.language AND worker.team == task.team',
  'NOT (worker.languages HAS task.language)',
  'task.languages[0] == worker.languages[0]',
  'task.level NOT IN worker.levels',
  'worker.level IN [1, 2]',
  'task.vip',
  'isSurveyTask == true OR worker.level == 2',
  'worker.skills.988EN >= task.level'
]

const orders = [
  'worker.level DESC',
  'worker.level',
  'worker.channel.chat.assigned_tasks',
  'worker.channel.default.assigned_tasks DESC',
  'worker.skills.sales DESC, worker.level ASC',
  'worker.channel.default.available_capacity_percentage DESC',
  'worker.skills.988EN DESC, worker.level DESC',
  'level DESC, worker.skills.sales'
]

const filters = ['kind == 1', 'kind >= 1', '1==1', 'kind == 0', 'vip', 'languages HAS "en"', 'team == "a" OR level > 1']

/** A workflow's document. A queue or an activity is named, as everything in a history is. */
export function configuration(dice: Dice, profile: Profile, workspace: string, queues: readonly string[]): string {
  const queue = () => (queues.length === 0 ? '@q0' : `@${dice.of(queues)}`)
  const skips = [
    '1==1',
    'workers.available == 0',
    'workers.unavailable > 1',
    'workers.busy == null',
    `workers.@${workspace}.Available < 2`
  ]
  const target = (first: boolean) => ({
    ...((first || dice.chance(60)) && { queue: queue() }),
    ...(dice.chance(profile.timeouts) && { timeout: dice.of([5, 5, '10', 20, 60]) }),
    ...(dice.chance(30) && { priority: dice.of([0, 1, 2, '4']) }),
    ...(dice.chance(50) && { expression: dice.of(targetExpressions) }),
    ...(dice.chance(profile.skips) && { skip_if: dice.of(skips) }),
    ...(dice.chance(profile.orders) && { order_by: dice.of(orders) }),
    ...(dice.chance(12) &&
      dice.of([
        { known_worker_friendly_name: 'task.friend' },
        { known_worker_sid: 'task.agent' },
        { known_worker_sid: 'agent' }
      ]))
  })
  const one = dice.chance(profile.plain) ? [{ expression: '1==1', targets: [target(true)] }] : undefined
  const several = filters
    .filter(() => dice.chance(40))
    .map((expression) => ({ expression, targets: [true, false, false].slice(0, 1 + dice.roll(3)).map(target) }))
  const chosen = one ?? several
  const hasDefault = chosen.length === 0 || dice.chance(85)
  const default_filter = {
    queue: queue(),
    ...(dice.chance(20) && { priority: 3, expression: dice.of(targetExpressions) })
  }
  return JSON.stringify({ task_routing: { filters: chosen, ...(hasDefault && { default_filter }) } })
}

/** What begins with `#` is a number that JSON.stringify would round. */
const levels = [
  ...[0, 1, 2, 3, '2', '2.0', null, [2], true],
  ...[0, 1, 2, 3, '2', '2.0', 1, 2, 3],
  ...['#17841444523369052', '#17841444523369053', '#17841444523369053.0', '#1e999', '17841444523369053']
]

function written(attributes: object): string {
  return JSON.stringify(attributes).replace(/"#([^"]*)"/g, (_text, number) => number)
}

export function taskAttributes(dice: Dice, workers: readonly string[]): string {
  return written({
    kind: dice.roll(3),
    ...(dice.chance(80) && { level: dice.of(levels) }),
    ...(dice.chance(80) && { language: dice.of(['en', 'de', 7, '7']) }),
    ...(dice.chance(60) && { languages: [dice.of(['en', 'de']), '7'] }),
    ...(dice.chance(70) && { team: dice.of(['a', 'b', null]) }),
    ...(dice.chance(30) && { vip: dice.chance(60) }),
    ...(workers.length > 0 && dice.chance(60) && { friend: dice.of(workers), agent: `@${dice.of(workers)}` })
  })
}

export function workerAttributes(dice: Dice): string {
  return written({
    ...(dice.chance(85) && { level: dice.of(levels) }),
    languages: ['en', 'de', 7, '7'].filter(() => dice.chance(45)),
    ...(dice.chance(50) && { language: dice.of(['en', 'de']) }),
    ...(dice.chance(70) && { team: dice.of(['a', 'b', null]) }),
    ...(dice.chance(60) && { skills: { sales: dice.roll(4), '988EN': dice.roll(3) } }),
    ...(dice.chance(50) && { levels: [dice.roll(3), '1', dice.of(['#17841444523369053', 5])] })
  })
}
