import { membersOf, mergePatch, objectText, valueAt } from '@ringdown/contract/json-text'
import { explained, fault } from '../errors.ts'
import { objectIn, StoredJson } from '../json.ts'
import { rawRequest } from '../raw.ts'
import type { Outcome } from '../results.ts'
import { actionsOn, argumentsOf, type Call, hints, type Json, type Tool } from '../tool.ts'
import { enabledChannels } from './get-flex-configuration.ts'

const args = argumentsOf({
  set: { type: 'object', description: 'properties as the API spells them, e.g. {"ui_attributes":{…}}' },
  replace: { type: 'boolean', description: 'default false: objects are merged, null removes' },
  enableChannels: { type: 'strings', description: 'sms, whatsapp, web, …' },
  disableChannels: { type: 'strings' },
  dryRun: { type: 'boolean' }
})
const on = actionsOn(args)
/** The resource by its address: an update is JSON text, so that what is merged keeps every digit. */
export const configurationUri = 'https://flex-api.twilio.com/v1/Configuration'

export const updateFlexConfiguration: Tool = {
  name: 'update_flex_configuration',
  title: 'Update the Flex configuration',
  description:
    'Changes the Flex configuration: UI settings, attributes, defaults, and which channels are on (their flows, addresses and settings). Objects are merged unless replace. dryRun tells what would change.',
  hints: hints('DI'),
  arguments: args,
  output: { changed: 'strings', enabledChannels: 'strings', switched: [{}], dryRun: 'boolean' },
  actions: {
    call: on({
      write: true,
      optional: ['set', 'replace', 'enableChannels', 'disableChannels', 'dryRun'],
      change: ['set', 'enableChannels', 'disableChannels'],
      run: async ({ set, replace = false, enableChannels = [], disableChannels = [], dryRun = false }, call) => {
        const both = enableChannels.filter((type) => disableChannels.includes(type))
        if (both.length > 0)
          throw fault('bad_value', `${both.join(', ')} cannot be both on and off`, {
            argument: 'disableChannels',
            next: 'name a channel once'
          })
        const { client } = call.backend
        const { text } = await explained(
          call,
          () => rawRequest(client, { method: 'get', uri: configurationUri }),
          () => ({ next: 'this account has no Flex instance; TaskRouter and Conversations tools still work' })
        )
        const changes = changesOf(text, set, replace)
        const configs = channelConfigs(text, enableChannels, disableChannels)
        if (configs !== undefined) changes.set('channel_configs', configs)
        const switches = [
          ...(await switchesOf(enableChannels, true, call)),
          ...(await switchesOf(disableChannels, false, call))
        ]
        if (!dryRun) await apply(text, changes, switches, call)
        return outcomeOf(changes, switches, dryRun, call)
      }
    })
  }
}

/** The properties that change, as JSON text: merged into what is there (RFC 7396), or as they were given. */
function changesOf(configuration: string, set: Json | undefined, replace: boolean): Map<string, string> {
  const changes = new Map<string, string>()
  if (!set) return changes
  const known = new Set(membersOf(configuration).map(({ key }) => String(key)))
  for (const { key } of membersOf(set.text)) {
    const given = String(key)
    const name = known.has(given) ? given : given.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
    if (!known.has(name))
      throw fault('bad_value', `the Flex configuration has no property ${given}`, {
        argument: 'set',
        found: given,
        next: 'get_flex_configuration with fields ["*"] shows all; your own values go into attributes'
      })
    const value = valueAt(set.text, [given]) ?? 'null'
    const before = valueAt(configuration, [name]) ?? 'null'
    const isMerged = !replace && before.startsWith('{') && value.startsWith('{')
    const after = isMerged ? mergePatch(before, value) : value
    if (after !== before) changes.set(name, after)
  }
  return changes
}

/** The settings of channels with those of these types added or left out; undefined where nothing changes. */
function channelConfigs(text: string, on: readonly string[], off: readonly string[]): string | undefined {
  if (on.length + off.length === 0) return undefined
  const present: unknown = JSON.parse(valueAt(text, ['channel_configs']) ?? 'null')
  const configs = Array.isArray(present) ? present : []
  const typeOf = (config: unknown) => String(objectIn(config).address_type)
  const kept = configs.filter((config) => !off.includes(typeOf(config)))
  const added = on.filter((type) => !configs.some((config) => typeOf(config) === type))
  if (kept.length === configs.length && added.length === 0) return undefined
  return JSON.stringify([...kept, ...added.map((address_type) => ({ address_type }))])
}

/** A flow or an address that is switched. */
interface Switch {
  readonly sid: string
  readonly name: string
  readonly channelType: string
  readonly to: boolean
  readonly kind: 'flexFlow' | 'address'
}

/** What a channel type is called by flows and addresses. */
export const namedTypes = (type: string): readonly string[] => (type === 'messenger' ? [type, 'facebook'] : [type])

/** The flows and addresses of these channel types that are the other way round now. */
async function switchesOf(types: readonly string[], to: boolean, call: Call): Promise<readonly Switch[]> {
  if (types.length === 0) return []
  const { flexApi, conversations } = call.backend.client
  const [flows, addresses] = await Promise.all([
    flexApi.v1.flexFlow.list({ limit: 1000 }),
    conversations.v1.addressConfigurations.list({ limit: 1000, pageSize: 50 })
  ])
  const found = types.flatMap((type): readonly Switch[] => {
    const ofFlows = flows.filter(({ channelType }) => namedTypes(type).includes(channelType))
    const ofAddresses = addresses.filter((address) => namedTypes(type).includes(String(address.type)))
    if (to && ofFlows.length + ofAddresses.length === 0)
      call.warn(`${type} has neither a flow nor an address yet: create one with manage_addresses`)
    return [
      ...ofFlows
        .filter(({ enabled }) => enabled !== to)
        .map(({ sid, friendlyName: name }) => ({ sid, name, channelType: type, to, kind: 'flexFlow' as const })),
      ...ofAddresses
        .filter(({ autoCreation }) => (objectIn(autoCreation).enabled === true) !== to)
        .map(({ sid, address: name }) => ({ sid, name, channelType: type, to, kind: 'address' as const }))
    ]
  })
  return found
}

async function apply(
  text: string,
  changes: ReadonlyMap<string, string>,
  switches: readonly Switch[],
  call: Call
): Promise<void> {
  const { client } = call.backend
  if (changes.size > 0) {
    const account_sid = valueAt(text, ['account_sid'])
    const data = objectText({ account_sid, ...Object.fromEntries(changes) })
    await rawRequest(client, { method: 'post', uri: configurationUri, data })
  }
  for (const { kind, sid, to } of switches) {
    if (kind === 'flexFlow') await client.flexApi.v1.flexFlow(sid).update({ enabled: to })
    else await client.conversations.v1.addressConfigurations(sid).update({ 'autoCreation.enabled': to })
  }
}

async function outcomeOf(
  changes: ReadonlyMap<string, string>,
  switches: readonly Switch[],
  dryRun: boolean,
  call: Call
): Promise<Outcome> {
  if (changes.size + switches.length === 0) call.warn('everything is so already: nothing changes')
  const { body } = await rawRequest(call.backend.client, { method: 'get', uri: configurationUri })
  return {
    changed: [...changes.keys()],
    switched: switches.map(({ kind, sid, name, channelType, to }) => ({
      [`${kind}Sid`]: sid,
      name,
      channelType,
      enabled: to
    })),
    enabledChannels: await enabledChannels(call, {
      channelConfigs: body.channel_configs,
      outboundCallFlows: body.outbound_call_flows
    }),
    dryRun: dryRun || undefined,
    would: dryRun ? Object.fromEntries([...changes].map(([name, value]) => [name, new StoredJson(value)])) : undefined
  }
}
