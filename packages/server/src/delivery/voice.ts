import {
  type InstructionFields,
  type VoiceInstructionName,
  withoutVoice
} from '@ringdown/engine/routing/voice-instruction'

/** What an assignment callback's answer asks of the telephone, for one reservation (reference taskrouter 5.5). */
export interface VoiceInstruction {
  readonly name: VoiceInstructionName
  /** The answer's fields by their names in it, checked as far as the engine can. */
  readonly fields: InstructionFields
  readonly reservation_sid: string
}

/** Why no call could be set up, by Twilio's number in the debugger. */
export interface VoiceFailure {
  readonly code: number
  readonly message: string
}

/**
 * The connection to a telephone network. What becomes of a call is told later, by commands: the reservation is accepted
 * when the worker answers, and called off when nobody does.
 */
export interface Voice {
  /** Sets up the calls; resolves when they ring, or with the reason why they do not. */
  carryOut(instruction: VoiceInstruction): Promise<VoiceFailure | undefined>
}

/** There is no telephone network: nothing that needs one can be done, and it says so. */
export const noVoice: Voice = {
  carryOut: ({ name }) => Promise.resolve(withoutVoice(name))
}
