import type { ApiV2010ApplicationRow, ApiV2010IncomingPhoneNumberRow } from '@ringdown/contract/generated/api-v2010'
import type { MessagingV1ServiceRow } from '@ringdown/contract/generated/messaging-v1'
import { apiVersion } from '@ringdown/engine/numbers/callback'
import type {
  ApplicationRow,
  IncomingPhoneNumberRow,
  MessagingServiceRow,
  PooledSenderRow
} from '@ringdown/engine/numbers/rows'

/** There is no market and no regulator: what follows from them is the same for every number (reference messaging 7.1). */
const ofEveryNumber = {
  address_requirements: 'none',
  api_version: apiVersion,
  beta: false,
  capabilities: { voice: true, sms: true, mms: true, fax: false },
  origin: 'twilio',
  trunk_sid: null,
  emergency_status: 'Inactive',
  emergency_address_status: 'unregistered',
  status: 'in-use'
} as const

export function representNumber(row: IncomingPhoneNumberRow): ApiV2010IncomingPhoneNumberRow {
  return { ...row, ...ofEveryNumber, uri: uriOf(row, 'IncomingPhoneNumbers') }
}

export function representApplication(row: ApplicationRow): ApiV2010ApplicationRow {
  return { ...row, api_version: apiVersion, uri: uriOf(row, 'Applications') }
}

export function representService(row: MessagingServiceRow): MessagingV1ServiceRow {
  return { ...row, us_app_to_person_registered: false }
}

/** A sender by all the names that the parts of a pool have for it. */
export function representPooled(row: PooledSenderRow) {
  const { address } = row
  return {
    ...row,
    service_sid: row.messaging_service_sid,
    phone_number: address,
    short_code: address,
    alpha_sender: address,
    sender: address,
    iso_country_code: row.country_code
  }
}

function uriOf(
  { account_sid, sid }: { readonly account_sid: string; readonly sid: string },
  collection: string
): string {
  return `/${apiVersion}/Accounts/${account_sid}/${collection}/${sid}.json`
}
