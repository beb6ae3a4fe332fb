/** Why a command cannot be done. Nothing has changed when one is thrown. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: RefusalCode
  /** HTTP status of the answer. */
  readonly status: number
  /** Twilio's error number. */
  readonly number: number
  /** What a program reads of it, where the original's answers have that. */
  readonly details: Details | undefined

  constructor(code: RefusalCode, message: string, details?: Details) {
    super(bounded(message))
    this.details = details
    this.code = code
    this.status = catalogue[code][0]
    this.number = catalogue[code][1]
  }
}

type Details = Readonly<Record<string, unknown>>

const maxMessage = 600

/** What makes a sentence long is somebody's value: its middle is left out, so that an error is never as large as its cause. */
function bounded(message: string): string {
  if (message.length <= maxMessage) return message
  const [begin, end] = [message.slice(0, maxMessage - 200), message.slice(-200)]
  // Nothing is cut in the middle of a character.
  return `${begin.replace(/[\ud800-\udbff]$/, '')}…${end.replace(/^[\udc00-\udfff]/, '')}`
}

/** Code -> [HTTP status, Twilio's error number]. The message comes with the refusal, since it names what it is about. */
const catalogue = {
  // Everybody's (reference rest-conventions 10)
  invalid: [400, 20001],
  not_found: [404, 20404],
  conflict: [409, 20409],
  version_mismatch: [412, 20412],
  too_many: [400, 20001],
  // TaskRouter (reference taskrouter 0.2)
  in_use: [400, 20001],
  exists: [400, 20001],
  not_possible: [400, 20001],
  rescinded: [410, 20001],
  too_many_active: [400, 14240],
  too_far_back: [400, 14241],
  // Conversations (reference conversations 21)
  bad_attributes: [400, 50304],
  'conversation.unique_name_taken': [409, 50353],
  'conversation.closed': [400, 50377],
  'conversation.created_closed': [400, 50384],
  'participant.bad_address': [400, 50407],
  'participant.bad_proxy_address': [400, 50408],
  'participant.pair_bound': [409, 50416],
  'participant.binding_parameters': [400, 50420],
  'conversation.pairs_in_use': [400, 50425],
  'conversation.too_many_participants': [400, 50426],
  'conversation.participants_failed': [400, 50427],
  'participant.exists': [409, 50433],
  'participant.limit': [400, 50436],
  'participant.in_group': [409, 50437],
  'participant.group_exists': [409, 50438],
  'group.no_projected_address': [400, 50434],
  'group.no_number': [400, 50435],
  'group.no_speaker': [400, 50513],
  'user.exists': [409, 50201],
  // Flex (reference flex 11)
  'configuration.read_only': [400, 45004],
  'interaction.closed': [400, 45354],
  'interaction.no_participants': [400, 45355],
  'interaction.participant_failed': [400, 45361],
  'interaction.bad_channel': [400, 45366],
  'interaction.bad_participant': [400, 45367],
  // Numbers and messaging services (reference messaging 3 and 7)
  'number.no_application': [400, 21420],
  'number.invalid': [400, 21421],
  'number.taken': [400, 21422],
  'number.bad_area_code': [400, 21451],
  'number.none_left': [400, 21452],
  'messaging_service.has_sender': [409, 21710],
  'messaging_service.sender_elsewhere': [409, 21712],
  // Content (reference messaging 17)
  'content.missing': [400, 21655],
  'content.bad_variables': [400, 21656],
  'content.variable_missing': [400, 63028],
  'content.too_long': [400, 21617],
  // Messages (reference messaging 14)
  'message.in_progress': [409, 20009],
  'message.bad_to': [400, 21211],
  'message.bad_from': [400, 21212],
  'message.same_address': [400, 21266],
  'message.no_from': [400, 21603],
  'message.no_to': [400, 21604],
  'message.opted_out': [400, 21610],
  'message.too_long': [400, 21617],
  'message.empty': [400, 21619],
  'message.bad_media_url': [400, 21620],
  'message.too_many_media': [400, 21623],
  'message.no_service': [400, 21701],
  'message.other_channel': [400, 21910],
  // Calls (reference voice 12)
  'call.bad_to': [400, 21211],
  'call.bad_from': [400, 21212],
  'call.bad_url': [400, 21205],
  'call.no_url': [400, 21205],
  'call.no_application': [400, 21218],
  'call.no_number': [400, 21214],
  'call.wrong_state': [400, 21220],
  'call.bad_twiml': [400, 12100],
  'call.twiml_too_long': [400, 32018],
  'queue.exists': [409, 22003],
  'queue.not_empty': [400, 22002],
  // Event Streams (reference events 1)
  'sink.too_many': [400, 91003],
  // Studio (reference studio 1.3)
  'execution.bad_parameters': [400, 84004]
} as const satisfies Record<string, readonly [number, number]>

export type RefusalCode = keyof typeof catalogue

export function refuse(code: RefusalCode, message: string): never {
  throw new Refusal(code, message)
}

/** The same with details for programs: its answer has them as `details`. */
export function refuseWith(code: RefusalCode, message: string, details: Details): never {
  throw new Refusal(code, message, details)
}
