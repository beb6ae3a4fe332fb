import type { Rendering } from '../events.ts'
import type { KeyRow } from './rows.ts'

/** Who may come in, and who may not any more. */
export const accessEvents = {
  'ringdown.key.created': ofKey('created'),
  'ringdown.key.updated': ofKey('updated'),
  'ringdown.key.deleted': ofKey('deleted')
} satisfies Record<string, Rendering>

function ofKey(what: string): Rendering {
  return (refs) => {
    const { sid, friendly_name, key_type } = refs.key as KeyRow // whoever emits it gives it
    return {
      description: `API key ${friendly_name || sid} ${what}`,
      resource_type: 'key',
      resource_sid: sid,
      data: { key_sid: sid, friendly_name, key_type }
    }
  }
}
