import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import { isKnownCondition } from './condition.ts'
import { definitionOf, fieldsIn, listIn, readDefinition, textIn } from './definition.ts'
import { documentedAttributes } from './handoff.ts'
import { maxEntries } from './rendering.ts'
import { findRevision, revisionNamed, revisionReads } from './revisions.ts'
import type { Flaw, FlowRevisionRow } from './rows.ts'
import { widgetTypeOf } from './widget-types.ts'

/** What was found wrong with a definition, and what may not do what it seems to. */
export interface Findings {
  readonly errors: readonly Flaw[]
  readonly warnings: readonly Flaw[]
}

/** Widgets of a flow, and of a flow with its subflows (reference studio 7). */
const maxWidgets = 1000
const maxWithSubflows = 2000
const maxSubflowWidgets = 150
const maxSubflows = 50

/** Flaws that are told; of a definition of a thousand widgets nobody reads more. */
const maxTold = 100
/** Patterns that are tried; of more than that, others would wait. */
const maxPatterns = 200

/** Names are keys of templates: they begin with a letter, and have no blanks or dots (reference studio 2). */
const widgetName = /^[A-Za-z][^\s.]{0,254}$/

/**
 * Looks through a definition, JSON text, for what keeps it from running (reference studio 1.4). `own_sid` is its flow's,
 * where there is one already; `kept` are revisions of subflows that memory need not hold.
 */
export function checkDefinition(
  state: State,
  text: string,
  own_sid?: string,
  kept: readonly FlowRevisionRow[] = []
): Findings {
  const found = new Found()
  const root = valueIn(text)
  if (!isJsonObject(root)) found.error('#', 'must be an object')
  else checkRoot({ state, kept }, found, root, own_sid)
  return { errors: found.errors.slice(0, maxTold), warnings: found.warnings.slice(0, maxTold) }
}

/** By what a definition is judged. */
export interface Known {
  readonly state: State
  readonly kept: readonly FlowRevisionRow[]
}

class Found {
  readonly errors: Flaw[] = []
  readonly warnings: Flaw[] = []
  patterns = 0

  error(property_path: string, message: string): void {
    this.errors.push({ message, property_path })
  }

  warn(property_path: string, message: string): void {
    this.warnings.push({ message, property_path })
  }
}

type Fields = Readonly<Record<string, unknown>>

function checkRoot({ state, kept }: Known, found: Found, root: Fields, own_sid: string | undefined): void {
  const { states, initial_state } = root
  if (!Array.isArray(states) || states.length === 0) {
    found.error('#/states', 'must be a list of at least one state')
    return
  }
  if (states.length > maxWidgets)
    found.error('#/states', `has ${states.length} states; at most ${maxWidgets} are possible`)
  const names = new Set(states.map((one) => fieldsIn(one).name).filter((name) => typeof name === 'string'))
  if (typeof initial_state !== 'string' || !names.has(initial_state))
    found.error('#/initial_state', 'must be the name of a state')
  const triggers = states.filter((one) => fieldsIn(one).type === 'trigger').length
  if (triggers !== 1) found.error('#/states', `has ${triggers} states of the type trigger; exactly one is expected`)
  const seen = new Set<string>()
  for (const [place, one] of states.entries()) {
    const path = `#/states/${place}`
    if (!isJsonObject(one)) found.error(path, 'must be an object')
    else {
      checkName(found, path, one.name, seen)
      checkWidget(found, path, one)
      checkTransitions(state, found, path, { widget: one, names })
    }
  }
  checkSubflows({ state, kept }, found, states, own_sid)
}

function checkName(found: Found, path: string, name: unknown, seen: Set<string>): void {
  if (typeof name !== 'string') found.error(`${path}/name`, 'must be a text')
  else if (seen.has(name)) found.error(`${path}/name`, `'${name}' is the name of another state, too`)
  else if (!widgetName.test(name))
    found.error(`${path}/name`, `'${name}' must begin with a letter, and have no blanks or dots`)
  if (typeof name === 'string') seen.add(name)
}

/** Properties beyond those that are known are the editor's; none of them may be null. */
function checkWidget(found: Found, path: string, { type, properties }: Fields): void {
  if (typeof type !== 'string') {
    found.error(`${path}/type`, 'must be a text')
    return
  }
  if (properties !== undefined && !isJsonObject(properties)) found.error(`${path}/properties`, 'must be an object')
  const fields = fieldsIn(properties)
  for (const [name, value] of Object.entries(fields)) {
    if (value === null) found.error(`${path}/properties/${name}`, 'must not be null')
    if (Array.isArray(value) && value.length > maxEntries)
      found.error(`${path}/properties/${name}`, `has ${value.length} entries; at most ${maxEntries} are possible`)
  }
  const known = widgetTypeOf(type)
  if (!known) {
    found.warn(`${path}/type`, `the type '${type}' is not known here: a flow that comes to it ends`)
    return
  }
  for (const name of known.required)
    if (fields[name] === undefined || fields[name] === '') found.error(`${path}/properties/${name}`, 'is required')
  for (const name of known.undone ?? [])
    if (textIn(fields[name]) && textIn(fields[name]) !== 'false')
      found.warn(`${path}/properties/${name}`, 'is not done here: it has no effect')
  if (type === 'send-message' || type === 'send-and-wait-for-reply') checkMessage(found, path, fields)
  if (type === 'send-to-flex') checkAttributes(found, path, fields)
  if (type === 'send-to-auto-pilot') found.warn(`${path}/type`, 'its product is discontinued: it fails when it is run')
  if (known.isMissing) found.warn(`${path}/type`, 'it is not done here: it fails when it is run')
}

function checkMessage(found: Found, path: string, fields: Fields): void {
  const needed = fields.message_type === 'content_template' ? 'content_sid' : 'body'
  const isMedia = needed === 'body' && Boolean(fields.media_url)
  if (!isMedia && !textIn(fields[needed])) found.error(`${path}/properties/${needed}`, 'is required')
}

/** How long a text with Liquid becomes is known when it is run. */
function checkAttributes(found: Found, path: string, { attributes }: Fields): void {
  const text = isJsonObject(attributes) ? JSON.stringify(attributes) : (textIn(attributes) ?? '')
  const { length } = [...text]
  if (length <= documentedAttributes || /\{[{%]/.test(text)) return
  const most = `the original documents ${documentedAttributes} at most`
  found.warn(`${path}/properties/attributes`, `has ${length} characters; ${most}`)
}

function checkTransitions(
  state: State,
  found: Found,
  path: string,
  { widget, names }: { readonly widget: Fields; readonly names: ReadonlySet<unknown> }
): void {
  const { transitions, type } = widget
  if (transitions !== undefined && !Array.isArray(transitions)) {
    found.error(`${path}/transitions`, 'must be a list')
    return
  }
  const known = typeof type === 'string' && type !== 'trigger' ? widgetTypeOf(type) : undefined
  for (const [place, one] of listIn(transitions).entries()) {
    const here = `${path}/transitions/${place}`
    if (!isJsonObject(one)) {
      found.error(here, 'must be an object')
      continue
    }
    const { event, next } = one
    if (typeof event !== 'string') found.error(`${here}/event`, 'must be a text')
    else if (known && !known.events.includes(event))
      found.error(`${here}/event`, `'${event}' does not happen at ${type}: ${known.events.join(', ')} do`)
    if (next !== undefined && next !== null && next !== '' && !names.has(next))
      found.error(`${here}/next`, `'${String(next).slice(0, 80)}' is the name of no state`)
    checkConditions(state, found, here, one.conditions)
  }
}

function checkConditions(state: State, found: Found, path: string, conditions: unknown): void {
  if (conditions !== undefined && conditions !== null && !Array.isArray(conditions))
    found.error(`${path}/conditions`, 'must be a list')
  for (const [place, one] of listIn(conditions).entries()) {
    const { type, value } = fieldsIn(one)
    if (typeof type !== 'string' || !isKnownCondition(type))
      found.warn(`${path}/conditions/${place}/type`, `'${String(type).slice(0, 40)}' is no condition: it never holds`)
    if (type !== 'regex' || typeof value !== 'string' || /\{[{%]/.test(value)) continue
    if (++found.patterns > maxPatterns) continue
    if (state.tools.matches(value, '') === undefined)
      found.warn(
        `${path}/conditions/${place}/value`,
        'is no regular expression that is possible here: it never matches'
      )
  }
}

interface Subflow {
  readonly path: string
  readonly flow_sid: string
  readonly flow_revision: string
}

function subflowsIn(states: readonly unknown[]): Subflow[] {
  return states.flatMap((one, place): Subflow[] => {
    const { type, properties } = fieldsIn(one)
    const { flow_sid, flow_revision } = fieldsIn(properties)
    const path = `#/states/${place}/properties`
    return type === 'run-subflow' && typeof flow_sid === 'string' && flow_sid !== ''
      ? [{ path, flow_sid, flow_revision: textIn(flow_revision) ?? '' }]
      : []
  })
}

/** Revisions of subflows that memory may not hold, and that a definition is judged by: those that it is allowed to have. */
export function checkReads(state: State, definition: string): readonly Read[] {
  const reads = new Map<string, readonly Read[]>()
  for (const { flow_sid, flow_revision } of subflowsIn(listIn(fieldsIn(valueIn(definition)).states))) {
    if (reads.has(flow_sid)) continue
    if (reads.size >= maxSubflows) break
    const flow = state.tables.flow.find(flow_sid)
    const revision = flow && revisionNamed(flow, flow_revision)
    reads.set(flow_sid, revision === undefined ? [] : revisionReads(state, flow_sid, revision))
  }
  return [...reads.values()].flat()
}

/** What runs below: known flows that run none themselves, each in one revision (reference studio 4.8 and 7). */
function checkSubflows(
  { state, kept }: Known,
  found: Found,
  states: readonly unknown[],
  own_sid: string | undefined
): void {
  const subflows = subflowsIn(states)
  if (subflows.length > maxSubflowWidgets)
    found.error('#/states', `runs subflows in ${subflows.length} states; at most ${maxSubflowWidgets} are possible`)
  const revisions = new Map<string, string>()
  let widgets = states.length
  for (const { path, flow_sid, flow_revision } of subflows) {
    const before = revisions.get(flow_sid)
    if (before !== undefined && before !== flow_revision)
      found.error(`${path}/flow_revision`, `is ${before} elsewhere: one flow runs a subflow in one revision`)
    if (flow_sid === own_sid) found.error(`${path}/flow_sid`, 'is the flow itself')
    if (/[{}]/.test(flow_sid + flow_revision)) found.error(`${path}/flow_sid`, 'takes no Liquid')
    const isCounted = before === undefined && revisions.size < maxSubflows
    if (isCounted) widgets += checkSubflow({ state, kept }, found, path, { flow_sid, flow_revision })
    revisions.set(flow_sid, flow_revision)
  }
  if (revisions.size > maxSubflows)
    found.error('#/states', `runs ${revisions.size} subflows; at most ${maxSubflows} are possible`)
  if (widgets > maxWithSubflows)
    found.error('#/states', `has ${widgets} states with those of its subflows; at most ${maxWithSubflows} are possible`)
}

/** Its number of widgets, as far as it is known. */
function checkSubflow(
  { state, kept }: Known,
  found: Found,
  path: string,
  { flow_sid, flow_revision }: Pick<Subflow, 'flow_sid' | 'flow_revision'>
): number {
  const flow = state.tables.flow.find(flow_sid)
  if (!flow) {
    if (!/[{}]/.test(flow_sid))
      found.warn(`${path}/flow_sid`, `${flow_sid.slice(0, 80)} is no flow here: the widget fails`)
    return 0
  }
  const revision = revisionNamed(flow, flow_revision)
  if (revision === undefined) {
    found.warn(`${path}/flow_revision`, `the flow has no revision ${flow_revision.slice(0, 40)}: the widget fails`)
    return 0
  }
  const isIt = (one: FlowRevisionRow) => one.flow_sid === flow_sid && one.revision === revision
  const row = kept.find(isIt) ?? findRevision(state, flow_sid, revision)
  const { widgets } = row ? definitionOf(row) : readDefinition('{}')
  if ([...widgets.values()].some(({ type }) => type === 'run-subflow'))
    found.error(`${path}/flow_sid`, 'is a flow that runs subflows itself: there is one level of them')
  return widgets.size
}
