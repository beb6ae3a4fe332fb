import { ApiError } from '@ringdown/client/api-error'
import type { Client } from '@ringdown/client/client'
import type { Place } from './demo.ts'

/* A made-up shop with web chat: what its visitors write becomes tasks of the demo's workflow. */

const name = 'Lamps & Light'
const label = 'lamps-and-light'

const theme = { accent: '#a2492b', color_scheme: 'auto' }

const texts = {
  title: name,
  intro: 'We usually answer within minutes.',
  greeting: 'Hello! Is it about a lamp, or about an order? Write to us here.',
  locales: {
    fr: {
      intro: 'Nous répondons en quelques minutes.',
      greeting: 'Bonjour ! C’est au sujet d’une lampe ou d’une commande ? Écrivez-nous ici.'
    }
  }
}

/** Makes the shop's address, flow and deployment, unless they are there; answers the deployment's key. */
export async function seedShop(client: Client, workspace_sid: string): Promise<string> {
  const { webchat_deployments } = await client.call('ringdown_v1.ListWebchatDeployment', {})
  const known = webchat_deployments.find(({ friendly_name }) => friendly_name === name)
  if (known) return String(known.sid)
  const path = { workspace_sid }
  const { workflows } = await client.call('taskrouter_v1.ListWorkflow', { path, params: { friendly_name: 'Demo' } })
  const { chat_service_instance_sid } = await client.call('flex_v1.FetchConfiguration', {})
  await client.call('flex_v1.CreateFlexFlow', {
    params: {
      friendly_name: name,
      chat_service_sid: String(chat_service_instance_sid),
      channel_type: 'web',
      contact_identity: label,
      enabled: true,
      integration_type: 'task',
      integration_workspace_sid: workspace_sid,
      integration_workflow_sid: String(workflows[0]?.sid),
      integration_channel: 'chat'
    }
  })
  const { address_configurations } = await client.call('conversations_v1.ListConfigurationAddress', {
    params: { type: 'chat' }
  })
  // By these names customers know who answers.
  for (const identity of ['amelie', 'bob', 'carla', 'deniz', 'emil', 'fatou'])
    await named(client, String(chat_service_instance_sid), identity)
  const address = address_configurations.find((one) => one.address === label)
  const made = await client.call('ringdown_v1.CreateWebchatDeployment', {
    params: {
      friendly_name: name,
      address_sid: String(address?.sid),
      theme: JSON.stringify(theme),
      texts: JSON.stringify(texts),
      // Somebody tries it out, from one address of the network.
      limits: JSON.stringify({ chats_per_hour: 1000 })
    }
  })
  return String(made.sid)
}

/** As they come into conversations they have their identities for names. */
async function named(client: Client, chat_service_sid: string, identity: string): Promise<void> {
  const friendly_name = identity.replace(/^./, (letter) => letter.toUpperCase())
  await client
    .call('conversations_v1.CreateServiceUser', { path: { chat_service_sid }, params: { identity, friendly_name } })
    .catch((error: unknown) => {
      // Somebody has written already.
      if (!(error instanceof ApiError) || error.status !== 409) throw error
    })
}

/** Says where one may be a customer. */
export function shopLink({ url }: Place, key: string): string {
  return `\nAs a customer of ${name}, a made-up shop (the chat is at the lower right):\n  ${url}/webchat/demo?key=${key}\n`
}
