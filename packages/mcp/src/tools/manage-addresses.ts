import type { AddressConfigurationInstance } from 'twilio/lib/rest/conversations/v1/addressConfiguration.js'
import { explained, fault } from '../errors.ts'
import { paged } from '../pages.ts'
import { pick, type Row, rowOf } from '../results.ts'
import { isSid, sidMeaning } from '../sids.ts'
import { actionsOn, argumentsOf, type Call, given, hints, type Tool, type Values } from '../tool.ts'
import { deleted, pageArguments, pagingNames, sentence } from './shared.ts'

const args = argumentsOf({
  action: { type: 'string', enum: ['create', 'get', 'list', 'update', 'delete'] },
  addressSid: { type: 'string', description: 'SID or address' },
  type: {
    type: 'string',
    enum: ['sms', 'whatsapp', 'messenger', 'instagram', 'gbm', 'email', 'rcs', 'apple', 'chat'],
    also: { facebook: 'messenger' }
  },
  address: { type: 'string' },
  friendlyName: { type: 'string' },
  autoCreationEnabled: { type: 'boolean' },
  autoCreationType: { type: 'string', enum: ['default', 'studio', 'webhook'] },
  conversationServiceSid: { type: 'string', sid: ['IS'] },
  webhookUrl: { type: 'string' },
  studioFlowSid: { type: 'string', ref: 'studio_flow' },
  ...pageArguments
})
const on = actionsOn(args)
type Given = Values<typeof args>
const shownFields = ['addressSid', 'type', 'address', 'friendlyName', 'autoCreation']
const settingNames = [
  'friendlyName',
  'autoCreationEnabled',
  'autoCreationType',
  'conversationServiceSid',
  'webhookUrl',
  'studioFlowSid'
] as const
const fixed = {
  type: 'fixed at creation: delete it and create another',
  address: 'fixed at creation: delete it and create another'
}

export const manageAddresses: Tool = {
  name: 'manage_addresses',
  title: 'Manage addresses',
  description:
    'Your numbers and senders: what a first message to each of them begins. autoCreation makes a conversation and, by type, hands it to a Studio flow or a webhook. Flex Flows are the older way.',
  hints: hints('D'),
  arguments: args,
  output: {
    addresses: [
      { addressSid: 'string', type: 'string', address: 'string', friendlyName: 'string', autoCreation: 'object' }
    ]
  },
  actions: {
    create: on({
      write: true,
      required: ['type', 'address'],
      optional: settingNames,
      run: async (values, call) => {
        await goalComplete(values, call)
        const { type, address } = values
        const { addressConfigurations } = call.backend.client.conversations.v1
        const made = await explained(
          call,
          () => addressConfigurations.create({ type: type as 'sms', address, ...settings(values) }), // the table's types are the SDK's
          async () => {
            const other = await known(call, address)
            return other && { argument: 'address', next: `${address} is ${other.sid}: update that one` }
          }
        )
        return { addresses: [shown(made)] }
      }
    }),
    get: on({
      write: false,
      required: ['addressSid'],
      run: async ({ addressSid }, call) => {
        const row = rowOf(await addressed(call, addressSid).then((at) => at.fetch()), 'addressSid')
        return { addresses: [pick(row, Object.keys(row))] }
      }
    }),
    list: on({
      write: false,
      optional: ['type', ...pagingNames],
      run: async ({ type }, call) => {
        const { addressConfigurations } = call.backend.client.conversations.v1
        const filter = given({ type })
        const { rows, nextPageToken } = await paged(
          call,
          (page) => addressConfigurations.page({ ...page, pageSize: Math.min(page.pageSize, 50), ...filter }),
          shown
        )
        return { addresses: rows, nextPageToken }
      }
    }),
    update: on({
      write: true,
      required: ['addressSid'],
      optional: settingNames,
      change: settingNames,
      unused: fixed,
      run: async ({ addressSid, ...values }, call) => {
        const at = await addressed(call, addressSid)
        return { addresses: [shown(await at.update(settings(values)))] }
      }
    }),
    delete: on({
      write: true,
      required: ['addressSid'],
      run: async ({ addressSid }, call) => {
        const at = await addressed(call, addressSid)
        const { sid } = await at.fetch()
        await at.remove()
        return { addresses: [deleted('addressSid', sid)] }
      }
    })
  }
}

const shown = (address: AddressConfigurationInstance): Row => pick(rowOf(address, 'addressSid'), shownFields)

const settings = (values: Given) =>
  given({
    friendlyName: values.friendlyName,
    'autoCreation.enabled': values.autoCreationEnabled,
    'autoCreation.type': values.autoCreationType,
    'autoCreation.conversationServiceSid': values.conversationServiceSid,
    'autoCreation.webhookUrl': values.webhookUrl,
    'autoCreation.studioFlowSid': values.studioFlowSid
  })

async function known(call: Call, address: string) {
  const all = await call.backend.client.conversations.v1.addressConfigurations.list({ limit: 1000, pageSize: 50 })
  return all.find((one) => one.address === address)
}

/** The address by its SID or by itself. Throws Fault with the addresses that there are. */
async function addressed(call: Call, text: string) {
  const { addressConfigurations } = call.backend.client.conversations.v1
  if (text.startsWith('IG') && isSid(text)) return addressConfigurations(text)
  if (isSid(text)) {
    const { thing, argument } = sidMeaning(text)
    throw fault('wrong_sid', `addressSid takes IG… or an address; ${text} is ${thing}`, {
      argument: 'addressSid',
      found: text,
      next: argument ? `this SID fits ${argument}` : 'list shows the addresses'
    })
  }
  const found = await known(call, text)
  if (found) return addressConfigurations(found.sid)
  const all = await addressConfigurations.list({ limit: 50, pageSize: 50 })
  const names = sentence(all.map(({ sid, address }) => ({ sid, names: [address] })))
  throw fault('unknown_name', `no address ${text}`, {
    argument: 'addressSid',
    found: text,
    next: names ? `there are ${names}` : 'there is none yet: create it'
  })
}

/** Throws Fault where auto-creation lacks its goal, with what there is to choose from. */
async function goalComplete({ autoCreationType, studioFlowSid, webhookUrl }: Given, call: Call): Promise<void> {
  if (autoCreationType === 'studio' && !studioFlowSid) {
    const flows = sentence(await call.names.entries('studio_flow'))
    throw fault('missing_argument', 'autoCreationType studio needs studioFlowSid', {
      argument: 'studioFlowSid',
      next: `studioFlowSid; flows: ${flows || 'none yet'}`
    })
  }
  if (autoCreationType === 'webhook' && !webhookUrl)
    throw fault('missing_argument', 'autoCreationType webhook needs webhookUrl', {
      argument: 'webhookUrl',
      next: 'give webhookUrl: each event of the conversation is posted there'
    })
}
