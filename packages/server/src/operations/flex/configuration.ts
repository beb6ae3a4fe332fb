import type { FlexV1ConfigurationRow } from '@ringdown/contract/generated/flex-v1'
import { JsonText } from '@ringdown/contract/json-text'
import { isDocument } from '@ringdown/engine/flex/configuration'
import type { FlexConfigurationRow } from '@ringdown/engine/flex/rows'
import type { Context } from '../handler.ts'

/** The account's configuration, which is made when it is first asked for. */
export async function configurationOf({ state, execute }: Context): Promise<FlexConfigurationRow> {
  const present = state.find('flex_configuration', state.account_sid)
  return present ?? (await execute({ type: 'flex.setup' })).flex_configuration
}

/** Objects and lists as they were written; their shape was checked then, while the row's type calls all of them JSON. */
export function representConfiguration(row: FlexConfigurationRow): FlexV1ConfigurationRow {
  const represented = Object.entries(row).map(([name, value]) =>
    typeof value === 'string' && isDocument(name) ? [name, new JsonText(value)] : [name, value]
  )
  return Object.fromEntries(represented) as unknown as FlexV1ConfigurationRow // as just said
}
