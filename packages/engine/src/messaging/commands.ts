import {
  createCarrier,
  deleteCarrier,
  noteCarrierCursor,
  noteCarrierTest,
  noteCarrierTrouble,
  updateCarrier
} from './carrier.ts'
import {
  changeReads,
  deleteChannelMessage,
  deleteMessageMedia,
  giveFeedback,
  keepMessageMedia,
  ofMessageReads,
  updateChannelMessage
} from './change.ts'
import { receiveChannelMessage, receiveChannelMessageReads } from './inbound.ts'
import {
  channelMessageDue,
  channelMessageDueReads,
  createChannelMessage,
  createChannelMessageReads
} from './outbound.ts'
import { messagePartDue, messagePartDueReads, receiveMessagePart, receiveMessagePartReads } from './part.ts'
import {
  createPhone,
  deletePhone,
  phoneMessageDue,
  phoneMessageDueReads,
  takePhoneMessage,
  takePhoneMessageReads,
  updatePhone,
  updatePhoneBehaviour,
  writePhoneMessage,
  writePhoneMessageReads
} from './phone.ts'
import {
  channelMessageGiven,
  channelMessageGivenReads,
  earlyReportDue,
  noteGiving,
  reportChannelMessage,
  reportChannelMessageReads
} from './report.ts'
import { answerMessageWebhook, answerMessageWebhookReads } from './webhook-answer.ts'

export const messagingCommands = {
  'channel_message.create': { decide: createChannelMessage, reads: createChannelMessageReads },
  'channel_message.update': { decide: updateChannelMessage, reads: changeReads },
  'channel_message.delete': { decide: deleteChannelMessage, reads: changeReads },
  'channel_message.feedback': { decide: giveFeedback, reads: ofMessageReads },
  'channel_message.delete_media': { decide: deleteMessageMedia, reads: ofMessageReads },
  'channel_message.keep_media': { decide: keepMessageMedia },
  'channel_message.receive': { decide: receiveChannelMessage, reads: receiveChannelMessageReads },
  'channel_message.receive_part': { decide: receiveMessagePart, reads: receiveMessagePartReads },
  'channel_message.given': { decide: channelMessageGiven, reads: channelMessageGivenReads },
  'channel_message.giving': { decide: noteGiving },
  'channel_message.report': { decide: reportChannelMessage, reads: reportChannelMessageReads },
  'message_webhook.answer': { decide: answerMessageWebhook, reads: answerMessageWebhookReads },
  'carrier.create': { decide: createCarrier },
  'carrier.update': { decide: updateCarrier },
  'carrier.delete': { decide: deleteCarrier },
  'carrier.note_test': { decide: noteCarrierTest },
  'carrier.note_cursor': { decide: noteCarrierCursor },
  'carrier.note_trouble': { decide: noteCarrierTrouble },
  'phone.create': { decide: createPhone },
  'phone.update': { decide: updatePhone },
  'phone.delete': { decide: deletePhone },
  'phone.behave': { decide: updatePhoneBehaviour },
  'phone.write': { decide: writePhoneMessage, reads: writePhoneMessageReads },
  'phone.take': { decide: takePhoneMessage, reads: takePhoneMessageReads },
  'timer.channel_message': { decide: channelMessageDue, reads: channelMessageDueReads },
  'timer.phone_message': { decide: phoneMessageDue, reads: phoneMessageDueReads },
  'timer.message_part': { decide: messagePartDue, reads: messagePartDueReads },
  'timer.early_report': { decide: earlyReportDue }
} as const
