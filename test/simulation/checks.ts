import type { Command, CommandOf } from '@ringdown/engine/commands'
import type { Worker } from './book.ts'
import type { Router } from './router.ts'

/*
 * What every command is asked before anything is written: whether what it names is there, and may be so.
 */

/** The command must be refused, with this HTTP status. */
export class Refused extends Error {
  readonly status: number

  constructor(status: number, why: string) {
    super(why)
    this.status = status
  }
}

/** What only the engine can know: SIDs of what was made, and versions of rows. */
export interface Published {
  /** SID of a row that the decision has made. */
  made(kind: string, columns: Readonly<Record<string, unknown>>): string
  version(kind: string, sid: string): number | undefined
  /** How far judging has come with the decision, by its SID, queue or activity; undefined when there is none, or no longer. */
  judgedTo(what: string): number | undefined
}

export type Of<T extends Command['type']> = CommandOf<T>

/** A noun of a workspace that the path names. */
export function at(
  router: Router,
  kind: 'activity' | 'queue' | 'workflow' | 'worker' | 'task' | 'reservation',
  workspace: string,
  sid: string
) {
  const noun = router.pages[kind].get(sid)
  if (!router.pages.workspace.has(workspace) || noun?.workspace !== workspace)
    throw new Refused(404, `no ${kind} ${sid}`)
  return noun
}

export function must(condition: boolean, why: string): asserts condition {
  if (!condition) throw new Refused(400, why)
}

export function checkVersion(published: Published, kind: string, sid: string, if_match: string | undefined): void {
  if (if_match === undefined || if_match === '*') return
  if (if_match.replace(/^W\//, '').replaceAll('"', '') !== String(published.version(kind, sid)))
    throw new Refused(412, 'another version')
}

/** How many may be available at the same time. */
export function checkAvailable(router: Router, workspace: string, activity: string): void {
  if (!router.get('activity', activity).available) return
  const available = router.all('worker', workspace).filter((worker) => router.isAvailable(worker)).length
  must(available < router.rules.available_workers, 'too many are available')
}

export function checkMove(router: Router, worker: Worker, activity: string): void {
  must(router.pages.activity.get(activity)?.workspace === worker.workspace, 'no such activity')
  if (!router.isAvailable(worker)) checkAvailable(router, worker.workspace, activity)
}
