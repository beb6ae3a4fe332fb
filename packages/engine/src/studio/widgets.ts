import { type Json, valueIn } from '../core/json.ts'
import { isKeyOf } from '../core/keys.ts'
import { type Act, type Done, outputOf, type WidgetRule } from './acting.ts'
import { callWidgets } from './call-widgets.ts'
import { holds } from './condition.ts'
import {
  resumeConversation,
  resumeConversationReads,
  startConversation,
  startConversationReads
} from './conversation-widgets.ts'
import { fieldsIn, textIn } from './definition.ts'
import { handoffReads, sendToFlex } from './handoff.ts'
import { makeHttpRequest, runFunction } from './http-request.ts'
import { sayReads, sendAndWait, sendMessage } from './messages.ts'
import { codes, WidgetFailure } from './rendering.ts'
import type { ContextChange } from './rows.ts'
import { runSubflow, subflowReads } from './subflow.ts'
import { widgetTypeOf } from './widget-types.ts'

/** What each type of widgets does (reference studio 4). */
const widgets = {
  'send-message': { act: sendMessage, reads: sayReads },
  'send-and-wait-for-reply': { act: sendAndWait, reads: sayReads },
  'split-based-on': { act: split },
  'set-variables': { act: setVariables },
  'make-http-request': { act: makeHttpRequest },
  'run-function': { act: runFunction },
  'run-subflow': { act: runSubflow, reads: subflowReads },
  'send-to-flex': { act: sendToFlex, reads: handoffReads },
  'start-conversation': { act: startConversation, reads: startConversationReads },
  'resume-conversation': { act: resumeConversation, reads: resumeConversationReads },
  ...callWidgets,
  'send-to-auto-pilot': { act: discontinued }
} as const satisfies Record<string, WidgetRule>

/** The rule of a type; what has none of its own is not done here, or is not known. */
export function ruleOf(type: string): WidgetRule {
  if (isKeyOf(widgets, type)) return widgets[type]
  return widgetTypeOf(type)?.isMissing ? { act: notDone } : { act: unknown }
}

/** The first of the transitions whose conditions all hold, in their order (reference studio 4.4). */
function split({ state, widget, properties }: Act): Done {
  for (const transition of widget.transitions) {
    if (transition.event !== 'match') continue
    const isMatch = transition.conditions.every(({ type, argument, value }) =>
      holds(state, properties.work, {
        type,
        argument: properties.render(argument, 'arguments'),
        value: properties.render(value, 'value')
      })
    )
    if (isMatch && transition.conditions.length > 0) return { event: 'match', transition }
  }
  return { event: 'noMatch' }
}

/** Sets variables of the flow, each of which may use those before it (reference studio 4.5). */
function setVariables(act: Act): Done {
  const { widget, properties } = act
  const changes: ContextChange[] = [outputOf(act, {})]
  for (const one of properties.entries('variables')) {
    const { key: name, value: template, type } = fieldsIn(one)
    const [key, text] = [name, template].map((given) => properties.render(textIn(given) ?? '', 'variables'))
    if (!key || text === undefined) continue
    const value = type === 'json_object' ? objectIn(text, key) : text
    const variable: ContextChange = [['flow', 'variables', key], value]
    properties.learn([variable])
    changes.push(variable, [['widgets', widget.name, key], value])
  }
  return { event: 'next', changes }
}

function objectIn(text: string, key: string): Json {
  if (text.trim() === '') return {}
  const value = valueIn(text)
  if (value === undefined) throw new WidgetFailure(codes.value, `${key} is no JSON once it is rendered`)
  return value as Json // it was JSON
}

function notDone({ widget }: Act): Done {
  throw new WidgetFailure(codes.value, `${widget.type} is not done here`)
}

function discontinued(): Done {
  throw new WidgetFailure(codes.value, 'the product behind this widget is discontinued')
}

function unknown({ widget }: Act): Done {
  throw new WidgetFailure(codes.value, `${widget.type} is a type of widgets that is not known here`)
}
