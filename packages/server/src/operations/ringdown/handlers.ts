import type { Handlers } from '../handler.ts'
import { userHandlers } from './access.ts'
import { carrierHandlers } from './carriers.ts'
import { clockHandlers } from './clock.ts'
import { debuggerHandlers } from './debugger.ts'
import { deliveryHandlers } from './deliveries.ts'
import { deskHandlers } from './desk.ts'
import { dryRunHandlers } from './dry-runs.ts'
import { eventHandlers } from './events.ts'
import { explanationHandlers } from './explanations.ts'
import { flowHandlers } from './flows.ts'
import { insightHandlers } from './insights.ts'
import { mediaImportHandlers } from './media-imports.ts'
import { phoneHandlers } from './phones.ts'
import { preferencesHandlers } from './preferences.ts'
import { presenceHandlers } from './presence.ts'
import { scheduleHandlers } from './schedules.ts'
import { searchHandlers } from './search.ts'
import { situationHandlers } from './situations.ts'
import { taskCallHandlers } from './task-calls.ts'
import { webchatHandlers } from './webchat.ts'
import { workerDeskHandlers } from './worker-desk.ts'

/** What Ringdown has beside Twilio's APIs: the files in `packages/contract/openapi/ringdown_v1` describe it. */
export const ringdownHandlers = {
  ...userHandlers,
  ...carrierHandlers,
  ...clockHandlers,
  ...debuggerHandlers,
  ...deliveryHandlers,
  ...deskHandlers,
  ...dryRunHandlers,
  ...eventHandlers,
  ...explanationHandlers,
  ...insightHandlers,
  ...mediaImportHandlers,
  ...phoneHandlers,
  ...flowHandlers,
  ...preferencesHandlers,
  ...presenceHandlers,
  ...scheduleHandlers,
  ...searchHandlers,
  ...situationHandlers,
  ...taskCallHandlers,
  ...webchatHandlers,
  ...workerDeskHandlers
} satisfies Handlers
