import type { FlexV1ConfigurationRow } from '@ringdown/contract/generated/flex-v1'
import { JsonText } from '@ringdown/contract/json-text'
import { isDocument } from '@ringdown/engine/flex/configuration'
import type {
  FlexConfigurationRow,
  InteractionChannelRow,
  InteractionParticipantRow,
  InviteRow
} from '@ringdown/engine/flex/rows'
import { shownInteraction, shownInvite, shownMember } from '@ringdown/engine/flex/shown'
import type { Context, Handlers } from '../handler.ts'
import { coldPage, shownPage } from '../listing.ts'
import { shownInteractionWebhook } from './nouns.ts'
import { channelOf, interactionOf } from './reading.ts'

async function configurationOf({ state, execute }: Context): Promise<FlexConfigurationRow> {
  const present = state.find('flex_configuration', state.account_sid)
  return present ?? (await execute({ type: 'flex.setup' })).flex_configuration
}

/** Objects and lists as they were written; what they are was checked then, while the row calls all of them JSON. */
function shownConfiguration(row: FlexConfigurationRow): FlexV1ConfigurationRow {
  const shown = Object.entries(row).map(([name, value]) =>
    typeof value === 'string' && isDocument(name) ? [name, new JsonText(value)] : [name, value]
  )
  return Object.fromEntries(shown) as unknown as FlexV1ConfigurationRow // as just said
}

/** Flex's operations that do not follow the general rules (reference flex 4 to 7, 17 and 18). */
export const flexHandlers = {
  // Every version of the UI has the same configuration here.
  async 'flex_v1.FetchConfiguration'(_call, context) {
    return shownConfiguration(await configurationOf(context))
  },

  async 'flex_v1.UpdateConfiguration'({ params, texts = {} }, { execute }) {
    const command = { ...params, type: 'flex_configuration.update', texts } as const
    return shownConfiguration((await execute(command)).flex_configuration)
  },

  'flex_v1.FetchProvisioningStatus': () => ({ status: 'active' }),

  async 'flex_v1.CreateInteraction'({ params }, { state, execute }) {
    const { interaction, task } = await execute({ type: 'interaction.create', ...params })
    return shownInteraction(state, interaction, task)
  },

  async 'flex_v1.FetchInteraction'({ path }, context) {
    return shownInteraction(context.state, await interactionOf(context, path.sid))
  },

  async 'flex_v1.UpdateInteraction'({ path, params }, { state, execute }) {
    const { interaction } = await execute({ type: 'interaction.update', ...params, ...path })
    return shownInteraction(state, interaction)
  },

  async 'flex_v1.ListInteractionChannel'({ path, page }, context) {
    const { sid } = await interactionOf(context, path.interaction_sid)
    const query = { kind: 'interaction_channel', where: [['interaction_sid', '=', sid]], order: ['seq'] } as const
    return coldPage<InteractionChannelRow>(context.ledger, page, query)
  },

  'flex_v1.FetchInteractionChannel': ({ path }, context) => channelOf(context, path.interaction_sid, path.sid),

  async 'flex_v1.UpdateInteractionChannel'({ path, params }, { execute }) {
    return (await execute({ type: 'interaction_channel.update', ...params, ...path })).interaction_channel
  },

  async 'flex_v1.ListInteractionChannelInvite'({ path, page }, context) {
    const { sid } = await channelOf(context, path.interaction_sid, path.channel_sid)
    const query = { kind: 'invite', where: [['channel_sid', '=', sid]], order: ['seq'] } as const
    return shownPage(await coldPage<InviteRow>(context.ledger, page, query), (row) => shownInvite(context.state, row))
  },

  async 'flex_v1.CreateInteractionChannelInvite'({ path, params }, { state, execute }) {
    const { invite, task } = await execute({ type: 'invite.create', ...params, ...path })
    return shownInvite(state, invite, task)
  },

  async 'flex_v1.ListInteractionChannelParticipant'({ path, page }, context) {
    const { sid } = await channelOf(context, path.interaction_sid, path.channel_sid)
    const query = { kind: 'interaction_participant', where: [['channel_sid', '=', sid]], order: ['seq'] } as const
    return shownPage(await coldPage<InteractionParticipantRow>(context.ledger, page, query), shownMember)
  },

  async 'flex_v1.CreateInteractionChannelParticipant'({ path, params: { type, ...params } }, { execute }) {
    const command = { type: 'interaction_participant.create', participant_type: type, ...params, ...path } as const
    return shownMember((await execute(command)).interaction_participant)
  },

  async 'flex_v1.UpdateInteractionChannelParticipant'({ path, params }, { execute }) {
    return shownMember(
      (await execute({ type: 'interaction_participant.update', ...params, ...path })).interaction_participant
    )
  },

  // A command has a type of its own.
  async 'flex_v1.CreateInteractionWebhook'({ path, params: { type, ...params } }, { execute }) {
    const webhook_type = type && { webhook_type: type }
    const command = { type: 'interaction_webhook.create', ...webhook_type, ...params, ...path } as const
    return shownInteractionWebhook((await execute(command)).interaction_webhook)
  },

  async 'flex_v1.UpdateInteractionWebhook'({ path, params: { type, ...params } }, { execute }) {
    const webhook_type = type && { webhook_type: type }
    const command = { type: 'interaction_webhook.update', ...webhook_type, ...params, ...path } as const
    return shownInteractionWebhook((await execute(command)).interaction_webhook)
  }
} satisfies Handlers
