import type { State } from '../center.ts'
import { nameForm, nameKey } from '../core/names.ts'
import { notFound } from '../core/parameters.ts'
import type {
  ConfiguredPluginRow,
  PluginConfigurationRow,
  PluginReleaseRow,
  PluginRow,
  PluginVersionRow
} from './rows.ts'

/*
 * What paths of the plugin service name: a SID, or the name that people have for it (reference flex 19). Each function
 * refuses with 404 where there is none.
 */

const root = '/PluginService'
/** The release, and the configuration, that is live. */
const live = 'active'

/** By SID or unique name. */
export function pluginOf(state: State, name: string): PluginRow {
  return (
    state.tables.plugin.find(name) ??
    state.tables.plugin.firstBy('name', nameForm(name)) ??
    notFound(`${root}/Plugins/${name}`)
  )
}

/** By SID or version. */
export function pluginVersionOf(state: State, plugin_name: string, name: string): PluginVersionRow {
  const { sid } = pluginOf(state, plugin_name)
  const row = state.tables.plugin_version.find(name)
  if (row?.plugin_sid === sid) return row
  return (
    state.tables.plugin_version.firstBy('name', nameKey(sid, name)) ??
    notFound(`${root}/Plugins/${plugin_name}/Versions/${name}`)
  )
}

/** By SID; `active` is the one that is live. */
export function pluginConfigurationOf(state: State, name: string): PluginConfigurationRow {
  const sid = nameForm(name).toLowerCase() === live ? liveRelease(state)?.configuration_sid : name
  return state.tables.plugin_configuration.find(sid) ?? notFound(`${root}/Configurations/${name}`)
}

/** By the configuration, and the SID or unique name of the plugin. */
export function configuredPluginOf(state: State, configuration: string, plugin: string): ConfiguredPluginRow {
  const { sid } = pluginConfigurationOf(state, configuration)
  const plugin_sid = pluginOf(state, plugin).sid
  for (const row of state.tables.configured_plugin.by('configuration_sid', sid)) {
    if (row.plugin_sid === plugin_sid) return row
  }
  return notFound(`${root}/Configurations/${configuration}/Plugins/${plugin}`)
}

/** By SID; `active` is the one that is live. */
export function pluginReleaseOf(state: State, name: string): PluginReleaseRow {
  const row = name.toLowerCase() === live ? liveRelease(state) : state.tables.plugin_release.find(name)
  return row ?? notFound(`${root}/Releases/${name}`)
}

/** The latest release is the one that is live. */
export function liveRelease(state: State): PluginReleaseRow | undefined {
  return state.tables.plugin_release.list('account_sid', state.account_sid).at(-1)
}

/** A configured plugin as the API shows it: with what its plugin and its version are now. */
export function representConfiguredPlugin(state: State, row: ConfiguredPluginRow) {
  const plugin = state.tables.plugin.need(row.plugin_sid)
  const version = state.tables.plugin_version.need(row.plugin_version_sid)
  return {
    ...row,
    unique_name: plugin.unique_name,
    friendly_name: plugin.friendly_name,
    description: plugin.description,
    plugin_archived: plugin.archived,
    plugin_url: version.plugin_url,
    version: version.semantic_version,
    changelog: version.changelog,
    private: version.private,
    plugin_version_archived: version.archived
  }
}

export function representPluginVersion(row: PluginVersionRow) {
  return { ...row, version: row.semantic_version }
}
