import type { Tools } from '@ringdown/engine/tools'
import { renderLiquid } from './liquid.ts'
import { matchesWhole, patternSize } from './pattern.ts'
import { instantOf, isZone, wallTime } from './zone.ts'

/** What every center of this server is given for its flows and schedules. */
export const centerTools: Tools = {
  ...{ render: renderLiquid, matches: matchesWhole, patternSize },
  ...{ isZone, wallTime, instantOf }
}
