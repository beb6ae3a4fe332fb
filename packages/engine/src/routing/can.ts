/*
 * State rules as tables: what may be done to a row in which state. Deciders obey them; buttons can, too.
 * (reference taskrouter 4.1 and 5.1)
 */

export const reservationCan = {
  accepted: ['pending'],
  rejected: ['pending'],
  wrapping: ['accepted'],
  completed: ['accepted', 'wrapping']
} as const satisfies Record<string, readonly string[]>

export const taskCan = {
  canceled: ['pending', 'reserved'],
  wrapping: ['assigned'],
  completed: ['assigned', 'wrapping']
} as const satisfies Record<string, readonly string[]>

/** Whether the table allows to go from one status to another; statuses that it does not name can never be asked for. */
export function can(table: Readonly<Record<string, readonly string[]>>, from: string, to: string): boolean {
  return Object.hasOwn(table, to) && (table[to] as readonly string[]).includes(from) // hasOwn says that it is there
}
