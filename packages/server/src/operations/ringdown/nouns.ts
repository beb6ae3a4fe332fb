import { wrapUpOf } from '@ringdown/engine/flex/automation'
import { parkedContactOf } from '@ringdown/engine/flex/parking'
import { inWorkspace } from '@ringdown/engine/routing/lookup'
import { type Noun, noun } from '../derived.ts'
import { senderNouns } from '../numbers/nouns.ts'
import { phoneCallNouns } from '../voice/nouns.ts'
import { accessNouns } from './access.ts'
import { carrierNouns } from './carriers.ts'
import { deskNouns } from './desk.ts'
import { phoneNouns } from './phones.ts'
import { scheduleNouns } from './schedules.ts'
import { situationNouns } from './situations.ts'
import { webchatNouns } from './webchat.ts'

type OfWorker = { readonly workspace_sid: string; readonly worker_sid: string }

/** Those of our resources whose operations follow the general rules. */
export const ringdownNouns: Readonly<Record<string, Noun>> = {
  reservation_wrap_up: noun({
    kind: 'wrap_up',
    find: ({ state }, path: { readonly workspace_sid: string; readonly reservation_sid: string }) =>
      wrapUpOf(state, path),
    commands: { update: 'wrap_up.update' }
  }),
  worker_parked_contact: noun({
    kind: 'parked_contact',
    find: ({ state }, path: OfWorker & { readonly sid: string }) => parkedContactOf(state, path),
    rows: ({ state }, { workspace_sid, worker_sid }: OfWorker) => ({
      index: 'worker_sid',
      key: inWorkspace(state, 'worker', workspace_sid, worker_sid).sid
    }),
    commands: { create: 'parked_contact.create', update: 'parked_contact.update' }
  }),
  ...accessNouns,
  ...senderNouns,
  ...carrierNouns,
  ...deskNouns,
  ...phoneNouns,
  ...phoneCallNouns,
  ...scheduleNouns,
  ...situationNouns,
  ...webchatNouns
}
