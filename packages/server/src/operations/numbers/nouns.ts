import { applicationOf } from '@ringdown/engine/numbers/application'
import { checkAccountSid } from '@ringdown/engine/numbers/callback'
import { incomingPhoneNumberOf } from '@ringdown/engine/numbers/incoming-phone-number'
import { messagingServiceOf } from '@ringdown/engine/numbers/messaging-service'
import { type OfService, pooledSenderOf, serviceSidIn } from '@ringdown/engine/numbers/pool'
import { type PoolType, poolKey } from '@ringdown/engine/numbers/rows'
import { senderOf } from '@ringdown/engine/numbers/sender'
import { type Noun, noun } from '../derived.ts'
import type { One } from '../handler.ts'
import { representApplication, representNumber, representPooled, representService } from './representation.ts'

type OfAccount = { readonly account_sid: string }

/** Numbers and applications, as the API of 2010 has them (reference messaging 7). */
export const numberNouns: Readonly<Record<string, Noun>> = {
  incoming_phone_number: noun({
    kind: 'incoming_phone_number',
    find: ({ state }, path: OfAccount & One) => {
      checkAccountSid(state, path)
      return incomingPhoneNumberOf(state, path.sid)
    },
    represent: (_state, row) => representNumber(row)
  }),
  incoming_phone_number_local: claimed('incoming_phone_number.create_local'),
  incoming_phone_number_mobile: claimed('incoming_phone_number.create_mobile'),
  incoming_phone_number_toll_free: claimed('incoming_phone_number.create_toll_free'),
  application: noun({
    kind: 'application',
    find: ({ state }, path: OfAccount & One) => {
      checkAccountSid(state, path)
      return applicationOf(state, path.sid)
    },
    rows: ({ state }, path: OfAccount) => {
      checkAccountSid(state, path)
      return { index: 'account_sid', key: state.account_sid }
    },
    represent: (_state, row) => representApplication(row)
  })
}

/** Services with their pools (reference messaging 3). */
export const messagingServiceNouns: Readonly<Record<string, Noun>> = {
  service: noun({
    kind: 'messaging_service',
    find: ({ state }, { sid }: One) => messagingServiceOf(state, sid),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid }),
    represent: (_state, row) => representService(row)
  }),
  phone_number: pooled('phone_number'),
  short_code: pooled('short_code'),
  channel_sender: pooled('channel_sender'),
  alpha_sender: pooled('alpha_sender'),
  destination_alpha_sender: pooled('destination_alpha_sender')
}

/** Ours: addresses that Twilio's console registers (reference messaging 3.2). */
export const senderNouns: Readonly<Record<string, Noun>> = {
  sender: noun({
    kind: 'sender',
    find: ({ state }, { sid }: One) => senderOf(state, sid),
    rows: ({ state }) => ({ index: 'account_sid', key: state.account_sid })
  })
}

function claimed(create: `incoming_phone_number.create_${'local' | 'mobile' | 'toll_free'}`): Noun {
  return noun({
    kind: 'incoming_phone_number',
    commands: { create },
    represent: (_state, row) => representNumber(row)
  })
}

function pooled(type: PoolType): Noun {
  return noun({
    kind: 'pooled_sender',
    find: ({ state }, path: OfService & One) => pooledSenderOf(state, path, type),
    rows: ({ state }, path: OfService) => ({ index: 'pool', key: poolKey(serviceSidIn(state, path), type) }),
    commands: { create: `pool.add_${type}`, delete: `pool.remove_${type}` },
    represent: (_state, row) => representPooled(row)
  })
}
