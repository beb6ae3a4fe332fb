import type { DeskItem } from '../live/rows.ts'
import { textIn } from '../live/rows.ts'
import { wordsOf } from './words.ts'

/** Whom a task is about. */
export function nameOf({ attributes, conversation, task }: DeskItem): string {
  return customerName(attributes) ?? textIn(conversation, 'friendly_name') ?? task.sid
}

/** By a task's attributes; undefined where they say nobody. Whoever has said no name on a page is a visitor. */
export function customerName(attributes: Readonly<Record<string, unknown>>): string | undefined {
  const found =
    textIn(attributes, 'customerName') ??
    textIn(attributes, 'from') ??
    textIn(attributes, 'name') ??
    textIn(attributes, 'customers', 'name') ??
    textIn(attributes, 'customerAddress')
  return found !== undefined && /^[0-9a-f]{32}$/.test(found) ? wordsOf().canvas.visitor(found.slice(0, 4)) : found
}
