import type { Rendering } from '../events.ts'

export const flexEvents = {} satisfies Record<string, Rendering>
