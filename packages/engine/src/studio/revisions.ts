import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import { notFound } from '../core/parameters.ts'
import { type FlowRevisionRow, type FlowRow, revisionKey } from './rows.ts'

export function flowOf(state: State, sid: string): FlowRow {
  return state.tables.flow.find(sid) ?? notFound(`/Flows/${sid}`)
}

/** It is always in memory. */
export function latestRevision(state: State, { sid, revision }: FlowRow): FlowRevisionRow {
  const row = state.tables.flow_revision.firstBy('number', revisionKey(sid, revision))
  if (!row) throw new Error(`invariant: revision ${revision} of ${sid} is in memory`)
  return row
}

/** The revision in memory: that of a definition that may be started with, or is run. */
export function findRevision(state: State, flow_sid: string, revision: number): FlowRevisionRow | undefined {
  return [...state.tables.flow_revision.by('number', revisionKey(flow_sid, revision))][0]
}

/** How a command names a revision that memory may not hold. */
export function revisionReads(state: State, flow_sid: string, revision: number): readonly Read[] {
  if (findRevision(state, flow_sid, revision) || !state.tables.flow.find(flow_sid)) return []
  return [{ kind: 'flow_revision', where: { flow_sid, revision: String(revision) } }]
}

/** Revisions that nobody starts with or runs any more leave memory. */
export function settleRevisions(state: State, flow_sid: string): void {
  const flow = state.tables.flow.find(flow_sid)
  if (!flow) return
  const started = [flow.revision, flow.published_revision, flow.draft_revision]
  for (const { sid, revision, residence } of state.tables.flow_revision.list('flow_sid', flow_sid)) {
    const key = revisionKey(flow_sid, revision)
    const { execution } = state.tables
    const isLive =
      started.includes(revision) || execution.count('revision', key) > 0 || execution.count('subflow', key) > 0
    const wanted = isLive ? 'live' : 'kept'
    if (residence !== wanted) state.change('flow_revision', sid, { residence: wanted })
  }
}

/** The number of the revision that a name means; undefined where there is none. */
export function revisionNamed(
  flow: {
    readonly revision: number
    readonly published_revision: number | null
    readonly draft_revision: number | null
  },
  name: string
): number | undefined {
  switch (name) {
    case 'LatestPublished':
      return flow.published_revision ?? undefined
    case 'LatestDraft':
      return flow.draft_revision ?? undefined
    case 'LatestRevision':
      return flow.revision
    default: {
      const number = /^[1-9]\d{0,8}$/.test(name) ? Number(name) : undefined
      return number !== undefined && number <= flow.revision ? number : undefined
    }
  }
}
