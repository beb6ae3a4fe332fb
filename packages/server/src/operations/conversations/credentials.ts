import type { OperationTypes } from '@ringdown/contract/generated/operations'
import type { Context, Handlers } from '../handler.ts'
import { representCredential } from './representation.ts'

/* Credentials of push services: secrets are sealed here, and come out nowhere (reference conversations 4.6). */

type Given = OperationTypes['conversations_v1.UpdateCredential']['params']

/** What an account's push secrets are sealed for. */
const sealedFor = (account_sid: string) => `${account_sid} push`

/** The parameters as commands have them: no secret in them can be read. */
function sealed({ admission, ledger: { account_sid } }: Context, params: Omit<Given, 'type'>) {
  const { certificate, private_key, api_key, secret, friendly_name, sandbox } = params
  const seal = (text: string) => {
    if (!admission) throw new Error('invariant: secrets come where they can be sealed')
    return admission.sealing.seal(text, sealedFor(account_sid))
  }
  return {
    ...(friendly_name !== undefined && { friendly_name }),
    ...(sandbox !== undefined && { sandbox }),
    // Empty is as good as absent: a secret cannot be taken away.
    ...(certificate && { sealed_certificate: seal(certificate) }),
    ...(private_key && { sealed_private_key: seal(private_key) }),
    ...(api_key && { sealed_api_key: seal(api_key) }),
    ...(secret && { sealed_secret: seal(secret) })
  }
}

export const credentialHandlers = {
  'conversations_v1.CreateCredential'({ params: { type, ...params } }, context) {
    const command = { type: 'credential.create', credential_type: type, ...sealed(context, params) } as const
    return context.answer(command, ({ credential }) => representCredential(credential))
  },

  async 'conversations_v1.UpdateCredential'({ path, params: { type, ...params } }, context) {
    const { credential } = await context.execute({
      type: 'credential.update',
      ...path,
      ...(type !== undefined && { credential_type: type }),
      ...sealed(context, params)
    })
    return representCredential(credential)
  }
} satisfies Handlers
