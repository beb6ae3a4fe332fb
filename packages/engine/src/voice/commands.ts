import { answeredReads } from '../routing/reads.ts'
import {
  arrive,
  callReads,
  conferenceReads,
  createCall,
  deleteCall,
  limitDue,
  ofCallReads,
  ringDue,
  updateCall
} from './call.ts'
import { answerDocument } from './document-answer.ts'
import { instructVoice } from './instruction.ts'
import {
  createConferenceParticipant,
  deleteConferenceParticipant,
  updateConference,
  updateConferenceParticipant
} from './participant.ts'
import { actOnPhone, phoneDue, placePhoneCall } from './phone-call.ts'
import { createQueue, deleteQueue, updateQueue } from './queue.ts'
import { dequeueMember } from './queue-member.ts'
import { createRecording, deleteRecording, recordingReads, updateRecording } from './recordings.ts'
import { reportLeg, reportReads } from './report.ts'
import { noteWholeSound } from './sound.ts'
import { superviseTask, updateTaskCall } from './task-conference.ts'
import { verbDue } from './verb-due.ts'

export const voiceCommands = {
  'call.create': { decide: createCall },
  'call.update': { decide: updateCall, reads: callReads },
  'call.delete': { decide: deleteCall, reads: callReads },
  'call.arrive': { decide: arrive },
  'call.report': { decide: reportLeg, reads: reportReads },
  'sound.note': { decide: noteWholeSound },
  'call.document': { decide: answerDocument, reads: ofCallReads },
  'reservation.instruct_voice': { decide: instructVoice, reads: answeredReads },
  'phone_call.create': { decide: placePhoneCall },
  'phone_call.update': { decide: actOnPhone, reads: callReads },
  'queue.create': { decide: createQueue },
  'queue.update': { decide: updateQueue },
  'queue.delete': { decide: deleteQueue },
  'queue_member.update': { decide: dequeueMember },
  'conference.update': { decide: updateConference, reads: conferenceReads },
  'conference_participant.create': { decide: createConferenceParticipant, reads: conferenceReads },
  'conference_participant.update': { decide: updateConferenceParticipant },
  'conference_participant.delete': { decide: deleteConferenceParticipant },
  'recording.create': { decide: createRecording, reads: ofCallReads },
  'recording.update': { decide: updateRecording, reads: recordingReads },
  'recording.delete': { decide: deleteRecording, reads: recordingReads },
  'task_call.update': { decide: updateTaskCall },
  'worker_supervision.update': { decide: superviseTask },
  'timer.call_verb': { decide: verbDue },
  'timer.call_ring': { decide: ringDue },
  'timer.call_limit': { decide: limitDue },
  'timer.call_phone': { decide: phoneDue }
} as const
