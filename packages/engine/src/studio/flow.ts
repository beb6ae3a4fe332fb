import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { valueIn } from '../core/json.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse, refuseWith } from '../core/refusals.ts'
import { checkDefinition, checkReads, type Findings, type Known } from './check.ts'
import { endExecution } from './ending.ts'
import { flowOf, latestRevision, settleRevisions } from './revisions.ts'
import type { FlowRevisionRow, FlowRow, FlowStatus } from './rows.ts'

export interface FlowParams {
  readonly friendly_name?: string
  readonly status: FlowStatus
  /** JSON text. */
  readonly definition?: string
  readonly commit_message?: string
  /** Who writes it, by a user's SID. */
  readonly author_sid?: string
}

const maxName = 255
const maxDefinition = 2_097_152
const maxTestUsers = 100

/** Makes a flow with its first revision. What is not valid can be a draft, and cannot be published (reference studio 1.4). */
export function createFlow(
  state: State,
  params: FlowParams & { readonly friendly_name: string; readonly definition: string }
): { flow: FlowRow } {
  checkParams(params)
  const findings = checkFor({ state, kept: [] }, params.definition, params.status)
  const { friendly_name, definition, commit_message, author_sid, status } = params
  const flow = state.insert('flow', {
    account_sid: state.account_sid,
    friendly_name,
    status,
    revision: 0,
    published_revision: null,
    draft_revision: null,
    commit_message: null,
    author_sid: null,
    valid: false,
    test_users: []
  })
  return { flow: addRevision(state, flow, { friendly_name, definition, commit_message, author_sid, status }, findings) }
}

/** Every write makes a revision, with a status of its own; without a definition it has that of the latest (reference studio 1.1). */
export function updateFlow(state: State, params: FlowParams & { readonly sid: string }): { flow: FlowRow } {
  const flow = flowOf(state, params.sid)
  checkParams(params)
  const definition = params.definition ?? latestRevision(state, flow).definition
  const findings = checkFor({ state, kept: [] }, definition, params.status, flow.sid)
  const { friendly_name = flow.friendly_name, commit_message, author_sid, status } = params
  return { flow: addRevision(state, flow, { friendly_name, definition, commit_message, author_sid, status }, findings) }
}

/** Ends what runs on the flow, and removes it with its revisions and executions. */
export function deleteFlow(state: State, { sid }: { readonly sid: string }): Record<string, never> {
  const flow = flowOf(state, sid)
  for (const execution of state.tables.execution.list('flow_sid', flow.sid))
    if (execution.status === 'active') endExecution(state, execution.sid, 'API')
  state.remove('flow', flow.sid)
  return {}
}

export function createReads({ definition }: { readonly definition: string }, state: State): readonly Read[] {
  return checkReads(state, definition)
}

export function updateReads({ sid, definition }: FlowParams & { readonly sid: string }, state: State): readonly Read[] {
  const flow = state.tables.flow.find(sid)
  const text = definition ?? (flow && latestRevision(state, flow).definition)
  return text === undefined ? [] : checkReads(state, text)
}

/** Says whether a definition could be published, and stores nothing. `kept` are revisions that `checkReads` named. */
export function validateFlow(
  state: State,
  params: FlowParams & { readonly definition: string },
  kept: readonly FlowRevisionRow[] = []
): { readonly valid: true; readonly warnings: Findings['warnings'] } {
  checkParams(params)
  return { valid: true, warnings: checkFor({ state, kept }, params.definition, 'published').warnings }
}

/** Replaces the list of contacts that get the latest revision. */
export function updateTestUsers(
  state: State,
  { sid, test_users }: { readonly sid: string; readonly test_users: readonly string[] }
): { flow: FlowRow } {
  const flow = flowOf(state, sid)
  const named = [...new Set(test_users.map((one) => one.trim()).filter((one) => one !== ''))]
  if (named.length > maxTestUsers) refuse('invalid', `TestUsers are at most ${maxTestUsers}`)
  for (const one of named) checkLength(one, 'TestUsers', maxName)
  return { flow: state.change('flow', flow.sid, { test_users: named }) }
}

interface RevisionText {
  readonly friendly_name: string
  readonly definition: string
  readonly commit_message: string | undefined
  readonly author_sid: string | undefined
  readonly status: FlowStatus
}

function addRevision(state: State, before: FlowRow, text: RevisionText, { errors, warnings }: Findings): FlowRow {
  const revision = before.revision + 1
  const { friendly_name, definition, status } = text
  const commit_message = text.commit_message || null
  const author_sid = text.author_sid || null
  const valid = errors.length === 0
  state.insert('flow_revision', {
    account_sid: state.account_sid,
    flow_sid: before.sid,
    ...{ revision, friendly_name, definition, status, commit_message, author_sid, valid, errors, warnings },
    residence: 'live'
  })
  const flow = state.change('flow', before.sid, {
    ...{ friendly_name, status, revision, commit_message, author_sid, valid },
    ...(status === 'published' ? { published_revision: revision } : { draft_revision: revision })
  })
  settleRevisions(state, flow.sid)
  return flow
}

function checkParams({ friendly_name, definition, commit_message }: Partial<FlowParams>): void {
  if (friendly_name?.trim() === '') refuse('invalid', 'FriendlyName of a Flow must not be empty')
  checkLength(friendly_name, 'FriendlyName', maxName)
  checkLength(commit_message, 'CommitMessage', maxName)
  if (definition !== undefined && definition.length > maxDefinition)
    refuse('invalid', `Definition must not be longer than ${maxDefinition} characters`)
}

/** The findings, or a refusal with all of them where the definition is to be published and is not valid. */
function checkFor(known: Known, definition: string, status: FlowStatus, own_sid?: string): Findings {
  if (!isJsonObject(valueIn(definition))) refuse('invalid', 'Definition must be a JSON object')
  const findings = checkDefinition(known.state, definition, own_sid, known.kept)
  if (status === 'published' && findings.errors.length > 0)
    refuseWith('invalid', 'Flow definition is invalid', { errors: findings.errors, warnings: findings.warnings })
  return findings
}
