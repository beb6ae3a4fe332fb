import type { State } from '../center.ts'
import { nameForm, nameKey } from '../core/names.ts'
import { checkLength, checkUrl } from '../core/parameters.ts'
import { refuse } from '../core/refusals.ts'
import { liveRelease, pluginOf, pluginVersionOf } from './lookup.ts'
import type { PluginRow, PluginVersionRow } from './rows.ts'

interface PluginTexts {
  readonly friendly_name?: string
  readonly description?: string
}

const maxName = 255
const maxDescription = 500
const maxChangelog = 16_384

/** A program that extends Flex's screens, known by its unique name (reference flex 19). */
export function createPlugin(
  state: State,
  params: PluginTexts & { readonly unique_name: string }
): { plugin: PluginRow } {
  const { unique_name, friendly_name, description = '' } = params
  if (unique_name.trim() === '') refuse('invalid', 'UniqueName of a Plugin must not be empty')
  checkLength(unique_name, 'UniqueName', maxName)
  checkTexts(params)
  // Paths take either.
  if (/^FP[0-9a-fA-F]{32}$/.test(unique_name)) refuse('invalid', `UniqueName '${unique_name}' must not look like a SID`)
  const other = state.tables.plugin.firstBy('name', nameForm(unique_name))
  if (other) refuse('conflict', `Plugin ${other.sid} has the UniqueName '${unique_name}' already`)
  const { account_sid } = state
  const columns = { account_sid, unique_name, friendly_name: friendly_name || unique_name, description }
  return { plugin: state.insert('plugin', { ...columns, archived: false }) }
}

export function updatePlugin(state: State, params: PluginTexts & { readonly sid: string }): { plugin: PluginRow } {
  const { sid, archived, unique_name } = pluginOf(state, params.sid)
  if (archived) refuse('invalid', `Plugin ${sid} is archived`)
  checkTexts(params)
  const { friendly_name, description } = params
  const plugin = state.change('plugin', sid, {
    ...(friendly_name !== undefined && { friendly_name: friendly_name || unique_name }),
    ...(description !== undefined && { description })
  })
  return { plugin }
}

/** Of what is archived nothing new is made. What is live is not archived. */
export function archivePlugin(state: State, params: { readonly sid: string }): { plugin: PluginRow } {
  const { sid, archived } = pluginOf(state, params.sid)
  if (archived) refuse('invalid', `Plugin ${sid} is archived already`)
  checkNotLive(state, `Plugin ${sid}`, (row) => row.plugin_sid === sid)
  return { plugin: state.change('plugin', sid, { archived: true }) }
}

export interface CreatePluginVersion {
  /** Or its unique name. */
  readonly plugin_sid: string
  readonly version: string
  readonly plugin_url: string
  readonly changelog?: string
  readonly private?: boolean
  readonly cli_version?: string
  readonly validate_status?: string
}

export function createPluginVersion(state: State, params: CreatePluginVersion): { plugin_version: PluginVersionRow } {
  const plugin = pluginOf(state, params.plugin_sid)
  if (plugin.archived) refuse('invalid', `Plugin ${plugin.sid} is archived`)
  const { version, plugin_url, changelog = '', cli_version, validate_status } = params
  if (!semantic.test(version) || version.length > maxName)
    refuse('invalid', `Value '${version}' provided for Version must be a semantic version as 1.0.0`)
  if (plugin_url === '') refuse('invalid', 'PluginUrl must not be empty')
  checkUrl(plugin_url, 'PluginUrl')
  checkLength(changelog, 'Changelog', maxChangelog)
  if (state.tables.plugin_version.firstBy('name', nameKey(plugin.sid, version)))
    refuse('conflict', `Plugin ${plugin.sid} has a version ${version} already`)
  const plugin_version = state.insert('plugin_version', {
    account_sid: state.account_sid,
    plugin_sid: plugin.sid,
    semantic_version: version,
    plugin_url,
    changelog,
    private: params.private ?? false,
    archived: false,
    validated: validate_status?.trim().toLowerCase() === 'success',
    cli_version: cli_version || null,
    validate_status: validate_status || null
  })
  return { plugin_version }
}

/** Numbers without leading zeros, then perhaps a pre-release and build metadata. */
const semantic =
  /^(?:0|[1-9]\d{0,15})(?:\.(?:0|[1-9]\d{0,15})){2}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/

export function archivePluginVersion(
  state: State,
  params: { readonly plugin_sid: string; readonly sid: string }
): { plugin_version: PluginVersionRow } {
  const { sid, archived } = pluginVersionOf(state, params.plugin_sid, params.sid)
  if (archived) refuse('invalid', `Plugin version ${sid} is archived already`)
  checkNotLive(state, `Plugin version ${sid}`, (row) => row.plugin_version_sid === sid)
  return { plugin_version: state.change('plugin_version', sid, { archived: true }) }
}

function checkNotLive(
  state: State,
  what: string,
  isIt: (row: { readonly plugin_sid: string; readonly plugin_version_sid: string }) => boolean
): void {
  const release = liveRelease(state)
  if (!release) return
  if (state.tables.configured_plugin.list('configuration_sid', release.configuration_sid).some(isIt))
    refuse('invalid', `${what} is part of Release ${release.sid}, which is live`)
}

function checkTexts({ friendly_name, description }: PluginTexts): void {
  checkLength(friendly_name, 'FriendlyName', maxName)
  checkLength(description, 'Description', maxDescription)
}
