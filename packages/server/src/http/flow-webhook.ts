import { parseForm } from '@ringdown/contract/form'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Ledger, Unavailable } from '../commit/ledger.ts'
import type { Parameters } from '../delivery/delivery.ts'
import { isSignedFor } from '../network/twilio-signature.ts'
import { safeHeaders } from '../realtime/worker-sdk/hang-up.ts'
import type { Subject } from './answer.ts'
import type { Credentials } from './credentials.ts'
import { queryText } from './endpoint.ts'
import { HttpRefusal, notAllowed, refused } from './errors.ts'
import { type OriginOptions, ownBase } from './origin.ts'

const subject: Subject = { id: 'studio.flow-webhook', product: undefined }
const path = '/webhooks/v1/Accounts/:account_sid/Flows/:flow_sid'
const maxBodyBytes = 64 * 1024

/** A document that says nothing: what a flow has to say goes its own way (reference studio 6). */
const nothingToSay = '<?xml version="1.0" encoding="UTF-8"?><Response/>'

export interface FlowWebhookOptions {
  readonly credentials: Credentials
  readonly origin: OriginOptions
  readonly ledger: (account_sid: string) => Ledger | undefined
}

/**
 * A flow's own address, as it is pasted into a number: messages and calls begin the flow, or go on with it (reference
 * studio 3). Who writes there signs with the account's auth token, as whoever calls webhooks does, or brings credentials.
 */
export function mountFlowWebhook(app: FastifyInstance, { credentials, origin, ledger }: FlowWebhookOptions): void {
  app.register(async (scope) => {
    scope.addHook('onSend', async (_request, reply) => {
      reply.headers(safeHeaders)
    })
    const receive = async (request: FastifyRequest) => {
      const { account_sid, flow_sid } = request.params as { readonly account_sid: string; readonly flow_sid: string } // of the path
      const query = pairsOf(queryText(request))
      const form = request.method === 'POST' && typeof request.body === 'string' ? pairsOf(request.body) : []
      await checkSigned(request, account_sid, form)
      const own = ledger(account_sid)
      if (!own) throw new Unavailable(`account ${account_sid} is not served here`)
      const parameters = Object.fromEntries([...query, ...form])
      await own.execute({ type: 'flow.receive', flow_sid, parameters })
    }
    const checkSigned = async (request: FastifyRequest, account_sid: string, form: Parameters) => {
      const token = credentials.tokenOf(account_sid)
      const address = ownBase(request.raw, origin) + request.originalUrl
      const urls = [address, address.replace(/^http:/, 'https:')]
      if (token !== undefined && isSignedFor(request.headers['x-twilio-signature'], token, { urls, parameters: form }))
        return
      const credential = await credentials.of(request.headers.authorization)
      if (credential?.account_sid !== account_sid) throw new HttpRefusal(refused.authenticate)
      if (credential.caller.actor) throw new HttpRefusal({ status: 403, code: 20403, message: 'Forbidden' })
    }
    for (const method of ['GET', 'POST'] as const)
      scope.route({
        method,
        url: path,
        bodyLimit: maxBodyBytes,
        config: { subject },
        handler: async (request, reply) => {
          await receive(request)
          return reply.type('text/xml').send(nothingToSay)
        }
      })
    scope.route({ method: ['PUT', 'PATCH', 'DELETE'], url: path, config: { subject }, handler: notAllowed })
  })
}

function pairsOf(text: string): readonly (readonly [string, string])[] {
  return [...parseForm(text)].map(([name, values]) => [name, values.at(-1) ?? ''] as const)
}
