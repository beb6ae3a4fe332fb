import {
  configuredPluginOf,
  pluginConfigurationOf,
  pluginOf,
  pluginReleaseOf,
  pluginVersionOf,
  representConfiguredPlugin,
  representPluginVersion
} from '@ringdown/engine/plugins/lookup'
import { type Noun, noun } from '../derived.ts'
import type { Context, One } from '../handler.ts'

type OfPlugin = { readonly plugin_sid: string }
type OfConfiguration = { readonly configuration_sid: string }

/** The plugin service (reference flex 19). Lists begin with the newest. */
const byResource = {
  plugin: noun({ kind: 'plugin', find: ({ state }, { sid }: One) => pluginOf(state, sid), rows: ofAccount }),
  plugin_archive: noun({ kind: 'plugin', commands: { update: 'plugin.archive' } }),
  plugin_version: noun({
    kind: 'plugin_version',
    find: ({ state }, { plugin_sid, sid }: OfPlugin & One) => pluginVersionOf(state, plugin_sid, sid),
    rows: ({ state }, { plugin_sid }: OfPlugin) => ({
      index: 'plugin_sid',
      key: pluginOf(state, plugin_sid).sid,
      descending: true
    }),
    represent: (_state, row) => representPluginVersion(row)
  }),
  plugin_version_archive: noun({
    kind: 'plugin_version',
    commands: { update: 'plugin_version.archive' },
    represent: (_state, row) => representPluginVersion(row)
  }),
  plugin_configuration: noun({
    kind: 'plugin_configuration',
    find: ({ state }, { sid }: One) => pluginConfigurationOf(state, sid),
    rows: ofAccount
  }),
  plugin_configuration_archive: noun({
    kind: 'plugin_configuration',
    commands: { update: 'plugin_configuration.archive' }
  }),
  configured_plugin: noun({
    kind: 'configured_plugin',
    find: ({ state }, { configuration_sid, plugin_sid }: OfConfiguration & OfPlugin) =>
      configuredPluginOf(state, configuration_sid, plugin_sid),
    // In the order in which they were named.
    rows: ({ state }, { configuration_sid }: OfConfiguration) => ({
      index: 'configuration_sid',
      key: pluginConfigurationOf(state, configuration_sid).sid
    }),
    represent: (state, row) => representConfiguredPlugin(state, row)
  }),
  plugin_release: noun({
    kind: 'plugin_release',
    find: ({ state }, { sid }: One) => pluginReleaseOf(state, sid),
    rows: ofAccount
  })
} satisfies Readonly<Record<string, Noun>>

export const pluginNouns: Readonly<Record<string, Noun>> = Object.fromEntries(
  Object.entries(byResource).map(([resource, one]) => [resource, withoutMetadata(one)])
)

/** Whoever asks may say by which program; nothing is filtered by that. */
function withoutMetadata(one: Noun): Noun {
  return (operation) => {
    const handler = one(operation)
    return (
      handler &&
      (({ params: { flex_metadata: _, ...params }, ...call }, context) => handler({ ...call, params }, context))
    )
  }
}

function ofAccount({ state }: Context) {
  return { index: 'account_sid', key: state.account_sid, descending: true }
}
