import { wrapUpOf } from '@ringdown/engine/flex/automation'
import { type Noun, noun } from '../derived.ts'
import { accessNouns } from './access.ts'
import { deskNouns } from './desk.ts'

/** Those of our resources whose operations follow the general rules. */
export const ringdownNouns: Readonly<Record<string, Noun>> = {
  reservation_wrap_up: noun({
    kind: 'wrap_up',
    find: ({ state }, path: { readonly workspace_sid: string; readonly reservation_sid: string }) =>
      wrapUpOf(state, path),
    commands: { update: 'wrap_up.update' }
  }),
  ...accessNouns,
  ...deskNouns
}
