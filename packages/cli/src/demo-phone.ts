import { basic, Client } from '@ringdown/client/client'
import type { Place } from './demo.ts'
import { phoneFlow } from './demo-flows.ts'

const name = 'Demo phone'

export interface PhonePlace {
  readonly workspace_sid: string
  /** Of the deployment of web chat by which customers call. */
  readonly webchat_key: string
}

/** A page on which somebody is a customer who calls; the call is routed by a flow. Answers its address. */
export async function seedPhone(
  { url, account_sid, auth_token }: Place,
  { workspace_sid, webchat_key }: PhonePlace
): Promise<string> {
  const client = new Client({ url, authorization: basic(account_sid, auth_token) })
  const known = await client.call('api_v2010.ListApplication', {
    path: { account_sid },
    params: { friendly_name: name }
  })
  const application = known.applications[0] ?? (await made(client, { url, account_sid, workspace_sid }))
  await client.call('ringdown_v1.UpdateWebchatDeployment', {
    path: { sid: webchat_key },
    params: {
      application_sid: String(application.sid),
      // Somebody tries it out, from one address of the network.
      limits: JSON.stringify({ chats_per_hour: 1000, calls_per_hour: 1000 })
    }
  })
  return `${url}/desk/call?key=${webchat_key}`
}

async function made(
  client: Client,
  {
    url,
    account_sid,
    workspace_sid
  }: { readonly url: string; readonly account_sid: string; readonly workspace_sid: string }
) {
  const path = { workspace_sid }
  const { workflows } = await client.call('taskrouter_v1.ListWorkflow', { path, params: { friendly_name: 'Demo' } })
  const definition = phoneFlow(String(workflows[0]?.sid))
  const { sid } = await client.call('studio_v2.CreateFlow', {
    params: { friendly_name: name, status: 'published', definition }
  })
  const voice_url = `${url}/webhooks/v1/Accounts/${account_sid}/Flows/${sid}`
  return client.call('api_v2010.CreateApplication', {
    path: { account_sid },
    params: { friendly_name: name, voice_url }
  })
}
