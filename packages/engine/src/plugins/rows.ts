import { flag, integer, kind, type RowOf, text } from '../core/kind.ts'
import { nameForm, nameKey } from '../core/names.ts'

const pluginColumns = {
  account_sid: text(),
  unique_name: text(),
  friendly_name: text(),
  description: text(),
  archived: flag()
} as const
export type PluginRow = RowOf<typeof pluginColumns>

const pluginVersionColumns = {
  account_sid: text(),
  plugin_sid: text(),
  /** The API's `version`; that of a row counts its changes. */
  semantic_version: text(),
  plugin_url: text(),
  changelog: text(),
  private: flag(),
  archived: flag(),
  validated: flag(),
  /** Of the program that built it; nobody is shown these. */
  cli_version: text<string | null>(),
  validate_status: text<string | null>()
} as const
export type PluginVersionRow = RowOf<typeof pluginVersionColumns>

const pluginConfigurationColumns = {
  account_sid: text(),
  name: text(),
  description: text(),
  archived: flag()
} as const
export type PluginConfigurationRow = RowOf<typeof pluginConfigurationColumns>

/** One plugin of a configuration, in one version. */
const configuredPluginColumns = {
  account_sid: text(),
  configuration_sid: text(),
  plugin_sid: text(),
  plugin_version_sid: text(),
  phase: integer()
} as const
export type ConfiguredPluginRow = RowOf<typeof configuredPluginColumns>

const pluginReleaseColumns = {
  account_sid: text(),
  configuration_sid: text()
} as const
export type PluginReleaseRow = RowOf<typeof pluginReleaseColumns>

export const pluginKinds = {
  plugin: kind(pluginColumns, {
    prefix: 'FP',
    indexes: { account_sid: (row) => row.account_sid, name: (row) => nameForm(row.unique_name) }
  }),
  plugin_version: kind(pluginVersionColumns, {
    prefix: 'FV',
    indexes: { plugin_sid: (row) => row.plugin_sid, name: (row) => nameKey(row.plugin_sid, row.semantic_version) }
  }),
  plugin_configuration: kind(pluginConfigurationColumns, {
    prefix: 'FJ',
    indexes: { account_sid: (row) => row.account_sid }
  }),
  configured_plugin: kind(configuredPluginColumns, {
    prefix: 'FC',
    indexes: { configuration_sid: (row) => row.configuration_sid }
  }),
  plugin_release: kind(pluginReleaseColumns, {
    prefix: 'FK',
    indexes: { account_sid: (row) => row.account_sid }
  })
}
