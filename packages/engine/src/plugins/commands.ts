import { archivePlugin, archivePluginVersion, createPlugin, createPluginVersion, updatePlugin } from './plugin.ts'
import { archivePluginConfiguration, createPluginConfiguration, createPluginRelease } from './plugin-release.ts'

export const pluginCommands = {
  'plugin.create': { decide: createPlugin },
  'plugin.update': { decide: updatePlugin },
  'plugin.archive': { decide: archivePlugin },
  'plugin_version.create': { decide: createPluginVersion },
  'plugin_version.archive': { decide: archivePluginVersion },
  'plugin_configuration.create': { decide: createPluginConfiguration },
  'plugin_configuration.archive': { decide: archivePluginConfiguration },
  'plugin_release.create': { decide: createPluginRelease }
} as const
