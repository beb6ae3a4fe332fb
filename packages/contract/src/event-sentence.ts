/** What an event tells, by the log's snake_case names: the same on both backends (reference taskrouter 8.3). */
export type EventData = Readonly<Record<string, unknown>>

/** What of a message is told in its sentence. */
const maxQuote = 200

type Sentence = (data: EventData) => string

/** One sentence with names for every type of event; a type that is not here is told by its description. */
const sentences: Readonly<Record<string, Sentence>> = {
  'task.created': (data) =>
    `Task created${inBrackets(data.task_channel_unique_name, by('workflow', data.workflow_name))}`,
  'task.updated': (data) => `Task updated${ofQueue(data)} (priority ${data.task_priority ?? 0})`,
  'task.canceled': (data) => `Task canceled${ofQueue(data)}${because(data.task_canceled_reason)}`,
  'task.wrapup': (data) => `Task in wrap-up${ofQueue(data)}`,
  'task.completed': (data) => `Task completed${ofQueue(data)}${because(data.task_completed_reason)}`,
  'task.deleted': (data) => `Task deleted${ofQueue(data)}`,
  'task.system-deleted': (data) => `Task deleted by the system${ofQueue(data)}`,
  'task.transfer-initiated': (data) =>
    `${worker(data)} wants to transfer a task to ${text(data.transfer_to, 'somebody')}`,
  'task.transfer-completed': (data) =>
    `${worker(data)} has transferred a task to ${text(data.transfer_to, 'somebody')}`,
  'task.transfer-attempt-failed': (data) => `Nobody took the transfer of ${worker(data)} yet`,
  'task.transfer-failed': (data) => `The transfer of ${worker(data)} failed${because(data.transfer_failed_reason)}`,
  'task.transfer-canceled': (data) => `${worker(data)} canceled a transfer`,
  'task-queue.entered': (data) => `Task waits in ${queue(data)}`,
  'task-queue.moved': (data) => `Task moved to ${queue(data)}`,
  'task-queue.timeout': (data) => `Task waited too long in ${queue(data)}`,
  'workflow.entered': (data) => `Task entered ${by('workflow', data.workflow_name)}`,
  'workflow.target-matched': (data) => `Task matched a target of ${by('workflow', data.workflow_name)}: ${queue(data)}`,
  'workflow.timeout': (data) => `Task timed out of ${by('workflow', data.workflow_name)}`,
  'workflow.skipped': (data) => `Task skipped the targets of ${by('workflow', data.workflow_name)}`,
  'reservation.created': (data) => `Task offered to ${worker(data)}${inQueue(data)}${waited(data)}`,
  'reservation.accepted': (data) => `${worker(data)} accepted a task${inQueue(data)}${waited(data)}`,
  'reservation.rejected': (data) => `${worker(data)} rejected a task${inQueue(data)}`,
  'reservation.timeout': (data) => `${worker(data)} did not answer a task${inQueue(data)} in time`,
  'reservation.canceled': (data) =>
    `Offer to ${worker(data)} withdrawn${inQueue(data)}: the task was canceled or moved`,
  'reservation.rescinded': (data) => `Offer to ${worker(data)} withdrawn${inQueue(data)}: somebody else has the task`,
  'reservation.wrapup': (data) => `${worker(data)} wraps up a task${inQueue(data)}`,
  'reservation.completed': (data) => `${worker(data)} completed a task${inQueue(data)}`,
  'reservation.failed': (data) => `Task could not be offered${inQueue(data)}`,
  'worker.created': (data) => `Worker ${worker(data)} created${inBrackets(data.worker_activity_name)}`,
  'worker.deleted': (data) => `Worker ${worker(data)} deleted`,
  'worker.activity.update': (data) =>
    `${worker(data)} is ${text(data.worker_activity_name, 'in another activity')} now${
      data.worker_previous_activity_name ? `, was ${data.worker_previous_activity_name}` : ''
    }`,
  'worker.attributes.update': (data) => `Attributes of ${worker(data)} changed`,
  'worker.capacity.update': (data) =>
    `Capacity of ${worker(data)} for ${text(data.task_channel_unique_name, 'a channel')} is ${text(data.worker_channel_capacity, 'another')} now`,
  'worker.channel.availability.update': (data) =>
    `${worker(data)} ${isTrue(data.worker_channel_available) ? 'takes' : 'does not take'} ${text(data.task_channel_unique_name, 'a channel')} now`,
  'ringdown.task.waiting': (data) => `Task waits in ${queue(data)} for ${data.waited_seconds} s`,
  'ringdown.queue.threshold': (data) =>
    `${queue(data)}: ${data.metric} is ${data.value}, ${data.operator} ${data.threshold}`,
  'conversation.added': (data) => `${conversation(data)} begun`,
  'conversation.updated': (data) => `${conversation(data)} changed`,
  'conversation.removed': (data) => `${conversation(data)} deleted`,
  'conversation.state.updated': (data) =>
    `${conversation(data)} went from ${text(data.state_from, 'another state')} to ${text(data.state_to ?? data.state, 'another')}`,
  'participant.added': (data) => `${participant(data)} joined a conversation`,
  'participant.updated': (data) => `${participant(data)} changed in a conversation`,
  'participant.removed': (data) => `${participant(data)} left a conversation`,
  'message.added': (data) => `${text(data.author, 'Somebody')} ${said(data)}`,
  'message.updated': (data) => `${text(data.author, 'Somebody')} changed a message: ${quoted(data)}`,
  'message.removed': (data) => `A message of ${text(data.author, 'somebody')} was deleted`,
  'interaction.created': (data) => `Interaction begun${inBrackets(data.media_channel_type)}`,
  'interaction.channel.created': (data) => `Channel ${text(data.media_channel_type, '')} of an interaction created`,
  'interaction.channel.failed': (data) =>
    `Channel ${text(data.media_channel_type, '')} of an interaction failed${because(data.error_message)}`,
  'interaction.channel.status.updated': (data) =>
    `Channel ${text(data.media_channel_type, '')} of an interaction is ${text(data.channel_status, 'changed')}`,
  'interaction.participant.joined': (data) => `${member(data)} joined an interaction`,
  'interaction.participant.updated': (data) =>
    `${member(data)} is ${text(data.participant_status, 'changed')} in an interaction`,
  'interaction.participant.left': (data) => `${member(data)} left an interaction`
}

/** One sentence about an event, with the names of who and what it is about. */
export function sentenceOf(type: string, data: EventData, description: string): string {
  const sentence = Object.hasOwn(sentences, type) ? sentences[type] : undefined
  return (sentence?.(data) ?? description).replace(/ {2,}/g, ' ')
}

/** Whether a sentence quotes what people wrote. */
export function quotes(type: string): boolean {
  return type === 'message.added' || type === 'message.updated'
}

const text = (value: unknown, otherwise: string): string =>
  value === undefined || value === null || value === '' ? otherwise : String(value)
const isTrue = (value: unknown): boolean => value === true || value === 'true'
const by = (noun: string, name: unknown): string => `${noun} ${text(name, '')}`.trim()
const worker = (data: EventData): string => text(data.worker_name, text(data.worker_sid, 'somebody'))
const queue = (data: EventData): string => text(data.task_queue_name, 'a queue')
const inQueue = (data: EventData): string => (data.task_queue_name ? ` in ${data.task_queue_name}` : '')
const ofQueue = inQueue
const because = (reason: unknown): string => (reason ? `: ${reason}` : '')
const conversation = (data: EventData): string =>
  by('Conversation', text(data.friendly_name, text(data.unique_name, text(data.conversation_sid, ''))))
const participant = (data: EventData): string => text(data.identity, text(data.messaging_binding_address, 'Somebody'))
const member = (data: EventData): string =>
  data.worker_name ? String(data.worker_name) : `A participant${inBrackets(data.participant_type)}`

function inBrackets(...parts: unknown[]): string {
  const known = parts.filter((part) => part !== undefined && part !== null && part !== '')
  return known.length > 0 ? ` (${known.join(', ')})` : ''
}

/** What somebody wrote, or which files it was, where that is all. */
function said(data: EventData): string {
  const files = filesIn(data.media)
  return !data.body && files > 0 ? `sent ${files === 1 ? 'a file' : `${files} files`}` : `wrote: ${quoted(data)}`
}

/** How many there are; the log has them as JSON text. */
function filesIn(media: unknown): number {
  if (typeof media !== 'string' || media === '') return 0
  const files: unknown = JSON.parse(media)
  return Array.isArray(files) ? files.length : 0
}

function quoted({ body }: EventData): string {
  const whole = text(body, '')
  return JSON.stringify(whole.length > maxQuote ? `${whole.slice(0, maxQuote)}…` : whole)
}

/** " (waited 41 s)": how old the task was. */
function waited({ task_age }: EventData): string {
  const seconds = Number(task_age)
  if (task_age === undefined || !Number.isFinite(seconds)) return ''
  if (seconds < 120) return ` (waited ${seconds} s)`
  return seconds < 7_200 ? ` (waited ${Math.round(seconds / 60)} min)` : ` (waited ${Math.round(seconds / 3_600)} h)`
}
