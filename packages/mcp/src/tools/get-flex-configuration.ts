import { apiError, explained } from '../errors.ts'
import { objectIn } from '../json.ts'
import { dated, kilobytes, pick, type Row, sizeOf } from '../results.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool } from '../tool.ts'

const args = argumentsOf({
  fields: { type: 'strings' },
  uiVersion: { type: 'string' }
})
const on = actionsOn(args)

const shownFields = [
  'accountSid',
  'flexInstanceSid',
  'runtimeDomain',
  'enabledChannels',
  'taskrouterWorkspaceSid',
  'chatServiceInstanceSid',
  'messagingServiceInstanceSid',
  'uiLanguage',
  'uiVersion'
]
const maxShown_bytes = 2000

export const getFlexConfiguration: Tool = {
  name: 'get_flex_configuration',
  title: 'Flex configuration',
  description:
    'The Flex configuration: identifiers, runtime domain, enabled channels, UI settings and everything else that shapes the instance. Big properties are named with their size; ask for them in fields.',
  hints: hints('RI'),
  arguments: args,
  output: {
    accountSid: 'string',
    flexInstanceSid: 'string',
    runtimeDomain: 'string',
    enabledChannels: 'strings',
    taskrouterWorkspaceSid: 'string',
    chatServiceInstanceSid: 'string',
    messagingServiceInstanceSid: 'string',
    uiLanguage: 'string',
    uiVersion: 'string',
    attributes: 'object',
    omitted: 'object'
  },
  actions: {
    call: on({
      write: false,
      optional: ['fields', 'uiVersion'],
      run: async ({ uiVersion }, call) => {
        const configuration = await explained(
          call,
          () => call.backend.client.flexApi.v1.configuration().fetch(given({ uiVersion })),
          () => ({ next: 'this account has no Flex instance; TaskRouter and Conversations tools still work' })
        )
        const properties = Object.entries(configuration.toJSON()).filter(([name]) => name !== 'url')
        const all: Row = Object.fromEntries(
          properties.map(([name, value]) => [name, name === 'integrations' ? masked(value) : dated(value)])
        )
        const row: Row = { ...all, enabledChannels: await enabledChannels(call, configuration) }
        if (call.fields && call.fields.length > 0) return pick(row, ['accountSid'], call.fields)
        const attributes = sizeOf(row.attributes) <= maxShown_bytes ? row.attributes : undefined
        const omitted = Object.entries(row).filter(
          ([name, value]) =>
            typeof value === 'object' &&
            value !== null &&
            !shownFields.includes(name) &&
            !(name === 'attributes' && attributes) &&
            sizeOf(value) > 2
        )
        return {
          ...pick(row, shownFields),
          attributes,
          omitted: Object.fromEntries(omitted.map(([name, value]) => [name, kilobytes(sizeOf(value))]))
        }
      }
    })
  }
}

/**
 * Channel types that reach this contact center: enabled Flex Flows, addresses that create conversations, channel settings,
 * and calls, where a number has a program or the outbound call flow is on.
 */
export async function enabledChannels(
  call: Call,
  { channelConfigs, outboundCallFlows }: { readonly channelConfigs: unknown; readonly outboundCallFlows: unknown }
): Promise<readonly string[]> {
  const { flexApi, conversations, incomingPhoneNumbers } = call.backend.client
  const [flows, addresses, numbers] = await Promise.all([
    orNone(flexApi.v1.flexFlow.list({ limit: 1000 })),
    orNone(conversations.v1.addressConfigurations.list({ limit: 1000, pageSize: 50 })),
    orNone(incomingPhoneNumbers.list({ limit: 1000 }))
  ])
  const isOnThePhone =
    objectIn(objectIn(outboundCallFlows).default).enabled === true ||
    numbers.some(({ voiceUrl, voiceApplicationSid }) => voiceUrl || voiceApplicationSid)
  const settings = Array.isArray(channelConfigs) ? channelConfigs.map((config) => objectIn(config).address_type) : []
  const types = [
    ...flows.filter((flow) => flow.enabled).map((flow) => flow.channelType),
    ...addresses.filter((address) => objectIn(address.autoCreation).enabled === true).map((address) => address.type),
    ...settings,
    ...(isOnThePhone ? ['voice'] : [])
  ]
  return [...new Set(types.filter((type) => typeof type === 'string'))].sort()
}

/** A list, or nothing where the account or server has no such thing. */
async function orNone<T>(list: Promise<readonly T[]>): Promise<readonly T[]> {
  try {
    return await list
  } catch (error) {
    const api = apiError(error)
    if (api && [403, 404, 501].includes(api.status)) return []
    throw error
  }
}

const secretName = /secret|token|password|key|credential|auth/i

/** Integrations with their secrets covered: `config` is JSON text, masked member by member. */
function masked(integrations: unknown): unknown {
  if (!Array.isArray(integrations)) return integrations
  return integrations.map((integration) => {
    const { config, ...rest } = objectIn(integration)
    return { ...(cover(rest) as Row), ...(config === undefined ? {} : { config: cover(objectIn(config)) }) } // cover keeps an object an object
  })
}

function cover(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(cover)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, secretName.test(name) && inner !== null ? '***' : cover(inner)])
  )
}
