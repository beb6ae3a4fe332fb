import { createPlan, planEnds, updatePlan } from './plan.ts'
import { deleteRule, keepRule, ruleDue, ruleEnds } from './rule.ts'
import {
  deleteSituationSubscription,
  keepSubscription,
  missSituation,
  subscriptionEnds,
  tellGap
} from './subscription.ts'

export const agentCommands = {
  'change_plan.create': { decide: createPlan },
  'change_plan.update': { decide: updatePlan },
  'timer.change_plan': { decide: planEnds },
  'situation_rule.create': { decide: keepRule },
  'situation_rule.delete': { decide: deleteRule },
  'timer.situation_rule': { decide: ruleDue },
  'timer.situation_rule_ends': { decide: ruleEnds },
  'situation_subscription.create': { decide: keepSubscription },
  'situation_subscription.delete': { decide: deleteSituationSubscription },
  'situation_subscription.miss': { decide: missSituation },
  'situation_subscription.tell_gap': { decide: tellGap },
  'timer.situation_subscription': { decide: subscriptionEnds }
} as const
