import type { Handlers } from '../handler.ts'
import { userHandlers } from './access.ts'
import { clockHandlers } from './clock.ts'
import { deliveryHandlers } from './deliveries.ts'
import { deskHandlers } from './desk.ts'
import { dryRunHandlers } from './dry-runs.ts'
import { eventHandlers } from './events.ts'
import { explanationHandlers } from './explanations.ts'
import { preferencesHandlers } from './preferences.ts'
import { presenceHandlers } from './presence.ts'
import { searchHandlers } from './search.ts'
import { workerDeskHandlers } from './worker-desk.ts'

/** What Ringdown has beside Twilio's APIs: the files in `packages/contract/openapi/ringdown_v1` describe it. */
export const ringdownHandlers = {
  ...userHandlers,
  ...clockHandlers,
  ...deliveryHandlers,
  ...deskHandlers,
  ...dryRunHandlers,
  ...eventHandlers,
  ...explanationHandlers,
  ...preferencesHandlers,
  ...presenceHandlers,
  ...searchHandlers,
  ...workerDeskHandlers
} satisfies Handlers
