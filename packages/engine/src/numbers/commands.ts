import { createApplication, deleteApplication, updateApplication } from './application.ts'
import {
  createIncomingPhoneNumber,
  createLocalNumber,
  createMobileNumber,
  createTollFreeNumber,
  deleteIncomingPhoneNumber,
  updateIncomingPhoneNumber
} from './incoming-phone-number.ts'
import { createMessagingService, deleteMessagingService, updateMessagingService } from './messaging-service.ts'
import {
  addAlphaSender,
  addChannelSender,
  addDestinationAlphaSender,
  addPhoneNumber,
  addShortCode,
  removedFrom
} from './pool.ts'
import { createSender, deleteSender, updateSender } from './sender.ts'

export const numberCommands = {
  'incoming_phone_number.create': { decide: createIncomingPhoneNumber },
  'incoming_phone_number.create_local': { decide: createLocalNumber },
  'incoming_phone_number.create_mobile': { decide: createMobileNumber },
  'incoming_phone_number.create_toll_free': { decide: createTollFreeNumber },
  'incoming_phone_number.update': { decide: updateIncomingPhoneNumber },
  'incoming_phone_number.delete': { decide: deleteIncomingPhoneNumber },
  'application.create': { decide: createApplication },
  'application.update': { decide: updateApplication },
  'application.delete': { decide: deleteApplication },
  'messaging_service.create': { decide: createMessagingService },
  'messaging_service.update': { decide: updateMessagingService },
  'messaging_service.delete': { decide: deleteMessagingService },
  'pool.add_phone_number': { decide: addPhoneNumber },
  'pool.add_short_code': { decide: addShortCode },
  'pool.add_channel_sender': { decide: addChannelSender },
  'pool.add_alpha_sender': { decide: addAlphaSender },
  'pool.add_destination_alpha_sender': { decide: addDestinationAlphaSender },
  'pool.remove_phone_number': { decide: removedFrom('phone_number') },
  'pool.remove_short_code': { decide: removedFrom('short_code') },
  'pool.remove_channel_sender': { decide: removedFrom('channel_sender') },
  'pool.remove_alpha_sender': { decide: removedFrom('alpha_sender') },
  'pool.remove_destination_alpha_sender': { decide: removedFrom('destination_alpha_sender') },
  'sender.create': { decide: createSender },
  'sender.update': { decide: updateSender },
  'sender.delete': { decide: deleteSender }
} as const
