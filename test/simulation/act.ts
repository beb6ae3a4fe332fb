import type { Command } from '@ringdown/engine/commands'
import type { Step } from './center.ts'
import type { Workload } from './workload.ts'

/** Something that somebody does in a workspace, as a day makes it up. */
export type Act = (w: Workload, workspace: string) => Step

/** A step that executes a command; what it makes goes by the name. */
export function command(command: Command, as?: string): Step {
  return { ...(as !== undefined && { as }), do: command }
}
