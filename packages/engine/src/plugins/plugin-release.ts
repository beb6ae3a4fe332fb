import { isJsonObject } from '@ringdown/contract/json-text'
import type { State } from '../center.ts'
import { valueIn, worded } from '../core/json.ts'
import { checkLength } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { liveRelease, pluginConfigurationOf } from './lookup.ts'
import type { PluginConfigurationRow, PluginReleaseRow } from './rows.ts'

export interface CreatePluginConfiguration {
  readonly name: string
  readonly description?: string
  /** Objects, or the JSON text of them: `{"plugin_version": "FV…", "phase": 3}`. */
  readonly plugins?: readonly unknown[]
}

const maxName = 255
const maxDescription = 500
const maxPlugins = 100
/** The only one that Flex's screens know. */
const defaultPhase = 3

/** Which plugins are there together, each in one version; without any, none is (reference flex 19). */
export function createPluginConfiguration(
  state: State,
  { name, description = '', plugins = [] }: CreatePluginConfiguration
): { plugin_configuration: PluginConfigurationRow } {
  if (name.trim() === '') refuse('invalid', 'Name of a plugin configuration must not be empty')
  checkLength(name, 'Name', maxName)
  checkLength(description, 'Description', maxDescription)
  if (plugins.length > maxPlugins) refuse('invalid', `Plugins are at most ${maxPlugins}`)
  const wanted = plugins.map((one) => configuredIn(state, one))
  for (const [place, { plugin_sid }] of wanted.entries()) {
    if (wanted.findIndex((one) => one.plugin_sid === plugin_sid) !== place)
      refuse('invalid', `Plugins: Plugin ${plugin_sid} is there twice`)
  }
  const { account_sid } = state
  const plugin_configuration = state.insert('plugin_configuration', { account_sid, name, description, archived: false })
  for (const one of wanted) {
    state.insert('configured_plugin', { account_sid, configuration_sid: plugin_configuration.sid, ...one })
  }
  return { plugin_configuration }
}

function configuredIn(state: State, value: unknown) {
  const fields = typeof value === 'string' ? valueIn(value) : value
  if (!isJsonObject(fields)) return refuse('invalid', 'Plugins: each must be a JSON object with plugin_version')
  const { plugin_version, phase = defaultPhase } = fields
  const version = typeof plugin_version === 'string' ? state.tables.plugin_version.find(plugin_version) : undefined
  if (!version) return refuse('invalid', `Plugins: plugin_version '${worded(plugin_version)}' does not exist`)
  if (version.archived || state.tables.plugin.need(version.plugin_sid).archived)
    refuse('invalid', `Plugins: plugin_version ${version.sid} is archived`)
  if (typeof phase !== 'number' || !Number.isInteger(phase) || phase < 0 || phase > 100)
    return refuse('invalid', `Plugins: phase '${worded(phase)}' must be an integer from 0 to 100`)
  return { plugin_sid: version.plugin_sid, plugin_version_sid: version.sid, phase }
}

export function archivePluginConfiguration(
  state: State,
  params: { readonly sid: string }
): { plugin_configuration: PluginConfigurationRow } {
  const { sid, archived } = pluginConfigurationOf(state, params.sid)
  if (archived) refuse('invalid', `Plugin configuration ${sid} is archived already`)
  const release = liveRelease(state)
  if (release?.configuration_sid === sid)
    refuse('invalid', `Plugin configuration ${sid} is that of Release ${release.sid}, which is live`)
  return { plugin_configuration: state.change('plugin_configuration', sid, { archived: true }) }
}

/** Makes a configuration live, in the place of the one before. */
export function createPluginRelease(
  state: State,
  { configuration_id }: { readonly configuration_id: string }
): { plugin_release: PluginReleaseRow } {
  const configuration = state.tables.plugin_configuration.find(configuration_id)
  if (!configuration)
    return refuse('invalid', `Value '${configuration_id}' provided for ConfigurationId does not exist`)
  const { sid, archived } = configuration
  if (archived) refuse('invalid', `Plugin configuration ${sid} is archived`)
  for (const { plugin_sid, plugin_version_sid } of state.tables.configured_plugin.by('configuration_sid', sid)) {
    if (state.tables.plugin.need(plugin_sid).archived || state.tables.plugin_version.need(plugin_version_sid).archived)
      refuse('invalid', `Plugin version ${plugin_version_sid} of plugin configuration ${sid} is archived`)
  }
  const { account_sid } = state
  return { plugin_release: state.insert('plugin_release', { account_sid, configuration_sid: sid }) }
}
