import type { Operation, Parameter } from './operation.ts'
import { defaultPageSize } from './overlay.ts'

/** Operations that the documentation has and the files lack. */
export const operationsAdded: readonly { readonly operation: Operation; readonly why: string }[] = [
  ...interactionWebhooks(),
  tokenValidation(),
  ...media()
]

/** What nearly every function behind Flex asks before anything else, through `twilio-flex-token-validator`. */
function tokenValidation(): { operation: Operation; why: string } {
  const operation: Operation = {
    id: 'iam_v1.CreateTokenValidation',
    api: 'iam_v1',
    product: 'iam',
    method: 'POST',
    path: '/v1/Accounts/{AccountSid}/Tokens/validate',
    verb: 'create',
    resource: 'token_validation',
    parents: ['account_sid'],
    own: null,
    parameters: [
      {
        wire: 'AccountSid',
        name: 'account_sid',
        in: 'path',
        type: 'sid',
        required: true,
        pattern: '^AC[0-9a-fA-F]{32}$'
      }
    ],
    json: true,
    status: 200,
    schema: {
      name: 'IamV1TokenValidation',
      properties: [
        { name: 'valid', type: 'boolean' },
        { name: 'code', type: 'integer' },
        { name: 'message', type: 'string', nullable: true },
        { name: 'worker_sid', type: 'string', nullable: true },
        { name: 'roles', type: 'array', nullable: true, items: { type: 'string' } },
        { name: 'realm_user_id', type: 'string', nullable: true },
        { name: 'identity', type: 'string', nullable: true },
        { name: 'expiration', type: 'date-time', nullable: true },
        { name: 'flex_instance_sid', type: 'string', nullable: true }
      ]
    },
    listKey: null,
    page: null,
    url: null,
    links: null
  }
  return {
    operation,
    why: 'Used by the official validator of Flex tokens, but absent from the file (reference flex 16).'
  }
}

/**
 * Interaction webhooks are documented and used, but absent from Twilio's file (reference flex 2, 9.1). One page names
 * `WebhookEvents` and `WebhookMethod` `Filters` and `Method`; both are accepted.
 */
function interactionWebhooks(): { operation: Operation; why: string }[] {
  const why = 'Documented and used, but absent from the file (reference flex 9.1).'
  const schema: Operation['schema'] = {
    name: 'FlexV1InteractionWebhook',
    properties: [
      { name: 'ttid', type: 'string' },
      { name: 'account_sid', type: 'sid', pattern: '^AC[0-9a-fA-F]{32}$' },
      { name: 'instance_sid', type: 'sid', pattern: '^GO[0-9a-fA-F]{32}$' },
      { name: 'type', type: 'string', enum: ['global', 'interaction'] },
      { name: 'friendly_name', type: 'string', nullable: true },
      { name: 'webhook_url', type: 'uri' },
      { name: 'webhook_events', type: 'array', items: { type: 'string' } },
      { name: 'webhook_method', type: 'string', enum: ['GET', 'POST'] },
      { name: 'url', type: 'uri' }
    ]
  }
  const instance: Parameter = {
    wire: 'InstanceSid',
    name: 'instance_sid',
    in: 'path',
    type: 'sid',
    required: true,
    pattern: '^GO[0-9a-fA-F]{32}$'
  }
  const ttid: Parameter = {
    wire: 'Ttid',
    name: 'ttid',
    in: 'path',
    type: 'string',
    required: true,
    pattern: '^flex_interactionwebhook_[0-9a-z]{26}$'
  }
  const type: Parameter = { wire: 'Type', name: 'type', in: 'form', type: 'string', enum: ['global', 'interaction'] }
  const form = (required: boolean): Parameter[] => [
    type,
    { wire: 'FriendlyName', name: 'friendly_name', in: 'form', type: 'string' },
    { wire: 'WebhookUrl', name: 'webhook_url', in: 'form', type: 'string', ...(required && { required }) },
    {
      wire: 'WebhookEvents',
      name: 'webhook_events',
      in: 'form',
      type: 'string',
      repeated: true,
      several: true,
      aliases: ['Filters'],
      ...(required && { required })
    },
    {
      wire: 'WebhookMethod',
      name: 'webhook_method',
      in: 'form',
      type: 'string',
      enum: ['GET', 'POST'],
      aliases: ['Method']
    }
  ]
  const collection = '/v1/Instances/{InstanceSid}/InteractionWebhooks'
  const common = {
    api: 'flex_v1',
    product: 'flex-api',
    resource: 'interaction_webhook',
    parents: ['instance_sid'],
    own: null,
    listKey: null,
    page: null,
    status: 200,
    schema,
    url: '/v1/Instances/{instance_sid}/InteractionWebhooks/{ttid}',
    links: null
  } as const
  const item = { ...common, path: `${collection}/{Ttid}`, own: 'ttid' } as const
  const operations: Operation[] = [
    {
      ...common,
      id: 'flex_v1.ListInteractionWebhook',
      verb: 'list',
      method: 'GET',
      path: collection,
      parameters: [instance, { ...type, in: 'query', aliases: ['type'] }],
      listKey: 'data',
      page: { size: defaultPageSize, max: 1000 }
    },
    {
      ...common,
      id: 'flex_v1.CreateInteractionWebhook',
      verb: 'create',
      method: 'POST',
      path: collection,
      parameters: [instance, ...form(true)],
      status: 201
    },
    { ...item, id: 'flex_v1.FetchInteractionWebhook', verb: 'fetch', method: 'GET', parameters: [instance, ttid] },
    {
      ...item,
      id: 'flex_v1.UpdateInteractionWebhook',
      verb: 'update',
      method: 'POST',
      parameters: [instance, ttid, ...form(false)]
    },
    {
      ...item,
      id: 'flex_v1.DeleteInteractionWebhook',
      verb: 'delete',
      method: 'DELETE',
      parameters: [instance, ttid],
      status: 204,
      schema: null,
      url: null
    }
  ]
  return operations.map((operation) => ({ operation, why }))
}

/**
 * The media of Conversations have an API without a file: clients and pages speak it by themselves (reference conversations
 * 8.6). A file comes and goes as it is.
 */
function media(): { operation: Operation; why: string }[] {
  const why = 'Documented and used by SDKs, but there is no file of this API (reference conversations 8.6).'
  const sid = (wire: string, name: string, prefix: string): Parameter => ({
    wire,
    name,
    in: 'path',
    type: 'sid',
    required: true,
    pattern: `^${prefix}[0-9a-fA-F]{32}$`
  })
  const service = sid('ServiceSid', 'chat_service_sid', 'IS')
  const text = (wire: string, name: string): Parameter => ({ wire, name, in: 'query', type: 'string' })
  const collection = '/v1/Services/{ServiceSid}/Media'
  const path = '/v1/Services/{service_sid}/Media/{sid}'
  const schema: Operation['schema'] = {
    name: 'McsV1Media',
    properties: [
      { name: 'sid', type: 'sid', pattern: '^ME[0-9a-fA-F]{32}$' },
      { name: 'account_sid', type: 'sid', pattern: '^AC[0-9a-fA-F]{32}$' },
      { name: 'service_sid', type: 'sid', pattern: '^IS[0-9a-fA-F]{32}$' },
      { name: 'channel_sid', type: 'sid', nullable: true },
      { name: 'message_sid', type: 'sid', nullable: true },
      { name: 'author', type: 'string', nullable: true },
      { name: 'category', type: 'string' },
      { name: 'size', type: 'integer' },
      { name: 'content_type', type: 'string' },
      { name: 'filename', type: 'string', nullable: true },
      { name: 'is_multipart_upstream', type: 'boolean' },
      { name: 'date_created', type: 'date-time' },
      { name: 'date_updated', type: 'date-time' },
      { name: 'date_upload_updated', type: 'date-time' },
      { name: 'url', type: 'uri' },
      { name: 'links', type: 'links' }
    ]
  }
  const common = {
    api: 'mcs_v1',
    product: 'mcs',
    resource: 'media',
    parents: ['chat_service_sid'],
    own: null,
    listKey: null,
    page: null,
    status: 200,
    schema,
    url: path,
    links: {
      content: `${path}/Content`,
      content_direct_temporary: '/v1/Content/{account_sid}/{sid}?Expires={link_expires}&Signature={link_signature}'
    }
  } as const
  const item = {
    ...common,
    path: `${collection}/{Sid}`,
    own: 'sid',
    parameters: [service, sid('Sid', 'sid', 'ME')]
  } as const
  const operations: Operation[] = [
    {
      ...common,
      id: 'mcs_v1.CreateMedia',
      verb: 'create',
      method: 'POST',
      path: collection,
      parameters: [
        service,
        text('Filename', 'filename'),
        { ...text('Category', 'category'), enum: ['media', 'body', 'history'] }
      ],
      bytes: 'in',
      status: 201
    },
    { ...item, id: 'mcs_v1.FetchMedia', verb: 'fetch', method: 'GET' },
    {
      ...item,
      id: 'mcs_v1.DeleteMedia',
      verb: 'delete',
      method: 'DELETE',
      status: 204,
      schema: null,
      url: null,
      links: null
    },
    {
      ...common,
      id: 'mcs_v1.FetchMediaContent',
      verb: 'fetch',
      method: 'GET',
      path: `${collection}/{MediaSid}/Content`,
      resource: 'media_content',
      parents: ['chat_service_sid', 'media_sid'],
      parameters: [service, sid('MediaSid', 'media_sid', 'ME')],
      bytes: 'out',
      schema: null,
      url: null,
      links: null
    }
  ]
  return operations.map((operation) => ({ operation, why }))
}
