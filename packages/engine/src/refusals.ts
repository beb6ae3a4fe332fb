/** Why a command cannot be done. Nothing has changed when one is thrown. */
export class Refusal extends Error {
  override name = 'Refusal'
  readonly code: RefusalCode
  /** HTTP status of the answer. */
  readonly status: number
  /** Twilio's error number. */
  readonly number: number

  constructor(code: RefusalCode, message: string) {
    super(bounded(message))
    this.code = code
    this.status = catalogue[code][0]
    this.number = catalogue[code][1]
  }
}

const longestMessage = 600

/** What makes a sentence long is somebody's value: its middle is left out, so that an error is never as large as its cause. */
function bounded(message: string): string {
  if (message.length <= longestMessage) return message
  const [begin, end] = [message.slice(0, longestMessage - 200), message.slice(-200)]
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
  'participant.group_exists': [409, 50438],
  'user.exists': [409, 50201],
  // Flex (reference flex 11)
  'configuration.read_only': [400, 45004],
  'interaction.closed': [400, 45354],
  'interaction.no_participants': [400, 45355],
  'interaction.participant_failed': [400, 45361],
  'interaction.bad_channel': [400, 45366],
  'interaction.bad_participant': [400, 45367],
  // Event Streams (reference events 1)
  'sink.too_many': [400, 91003]
} as const satisfies Record<string, readonly [number, number]>

export type RefusalCode = keyof typeof catalogue

export function refuse(code: RefusalCode, message: string): never {
  throw new Refusal(code, message)
}
