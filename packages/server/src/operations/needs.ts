import type { State } from '@ringdown/engine/center'
import type { Command } from '@ringdown/engine/commands'
import { conversationNeeds, type Need } from '@ringdown/engine/conversations/needs'
import { flexNeeds } from '@ringdown/engine/flex/needs'

type NeedsOf = (params: Command, state: State) => readonly Need[]

const needs = { ...conversationNeeds, ...flexNeeds } as unknown as Readonly<Record<string, NeedsOf>> // each is called with the command of its own type

/** Cold rows that a command must see and memory may not hold. */
export function needsOf(command: Command, state: State): readonly Need[] {
  return Object.hasOwn(needs, command.type) ? (needs[command.type] as NeedsOf)(command, state) : [] // hasOwn says that it is there
}
