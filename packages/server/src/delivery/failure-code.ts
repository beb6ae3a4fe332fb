import { isKeyOf } from '@ringdown/engine/core/keys'
import type { Failure, Kind, Parameters } from './delivery.ts'

/** Twilio's numbers, in the debugger, for an address that did not answer. */
export const failureCodes: Readonly<Record<Failure, number>> = {
  timeout: 11205,
  connection: 11205,
  address_refused: 11210,
  certificate: 11237,
  too_large: 11750,
  redirect: 11215,
  invalid: 11100
}

/** What a refusal says, as deliveries keep it: a failure or a number of Twilio's, and the reason. */
export function codeIn(refusal: string): { readonly code: number; readonly message: string } {
  const [, kind = '', message = refusal] = /^(\w+): (.*)$/s.exec(refusal) ?? []
  return { code: isKeyOf(failureCodes, kind) ? failureCodes[kind] : Number(kind) || 11200, message }
}

/** How the fallback of a program is asked: once, by its own method, and told what the first address came to. */
export const askedAgain: Required<Kind>['fallback'] = ({ message, fallback_url, first_refusal, about }) => {
  const failure: Parameters = [
    ['ErrorCode', String(codeIn(first_refusal).code)],
    ['ErrorUrl', message.url]
  ]
  const method = about.fallback_method === 'GET' ? 'GET' : 'POST'
  return { method, url: fallback_url, parameters: [...message.parameters, ...failure] }
}
