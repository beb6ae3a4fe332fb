/** What a document is read for: what to do with a message, or with a call. */
export type Surface = 'message' | 'voice'

type Nested = Readonly<Record<string, readonly string[]>>

const speech = ['break', 'emphasis', 'lang', 'p', 'phoneme', 'prosody', 's', 'say-as', 'sub', 'w'] as const
const prompts = ['Say', 'Play', 'Pause'] as const

/** Verbs of each surface, and what may stand in what (reference messaging 4). Names mind their letter case. */
const verbs = {
  message: ['Message', 'Redirect', 'Sms'],
  voice: [
    ...prompts,
    ...['Gather', 'Record', 'Dial', 'Enqueue', 'Leave', 'Redirect', 'Reject', 'Hangup', 'Connect', 'Start', 'Stop'],
    ...['Refer', 'Pay', 'Prompt', 'Sms', 'Message', 'Echo', 'Queue']
  ]
} as const satisfies Record<Surface, readonly string[]>

const nested: Nested = {
  Message: ['Body', 'Media'],
  Say: speech,
  ...Object.fromEntries(speech.map((name) => [name, speech])),
  Gather: prompts,
  Prompt: prompts,
  Pay: ['Prompt', 'Parameter'],
  Dial: ['Number', 'Client', 'Sip', 'Conference', 'Queue', 'Sim', 'Application', 'WhatsApp'],
  Client: ['Identity', 'Parameter'],
  Application: ['ApplicationSid', 'Parameter'],
  Enqueue: ['Task'],
  Hangup: ['Parameter'],
  Connect: [
    ...['Stream', 'ConversationRelay', 'VirtualAgent', 'Room', 'Conversation', 'Autopilot', 'Assistant', 'AiSession']
  ],
  Start: ['Stream', 'Siprec', 'Transcription', 'Recording'],
  Stop: ['Stream', 'Siprec', 'Transcription', 'Recording'],
  Stream: ['Parameter'],
  Siprec: ['Parameter'],
  VirtualAgent: ['Config', 'Parameter'],
  ConversationRelay: ['Language', 'Parameter'],
  Assistant: ['Language', 'Parameter'],
  Refer: ['Sip', 'ReferSip']
}

/** Whether an element may stand in another one, or, without that, in a document for a surface. */
export function mayStand(name: string, parent: string | undefined, surface: Surface): boolean {
  const allowed: readonly string[] = parent === undefined ? verbs[surface] : (nested[parent] ?? [])
  return allowed.includes(name)
}

/** Whether text and elements stand between one another in it, and their order matters. */
export function isSpoken(name: string): boolean {
  return nested[name] === speech
}
