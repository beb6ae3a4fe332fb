import type { Handlers } from '../handler.ts'
import { cumulative } from './cumulative.ts'
import { events } from './events.ts'
import { lists } from './lists.ts'
import { statistics } from './statistics.ts'

/** TaskRouter's operations that do not follow the general rules. */
export const taskrouterHandlers = { ...lists, ...statistics, ...cumulative, ...events } satisfies Handlers
