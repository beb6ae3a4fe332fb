import type { CommandOf } from '../commands.ts'
import type { ReservationRow, TaskRow } from '../routing/rows.ts'
import type { Settings } from '../settings.ts'
import { World } from './world.ts'

const customer = { messaging_binding_address: '+37255500001', messaging_binding_proxy_address: '+3726000' } as const

/** A floor with one queue, whose agents join interactions. */
export class FlexFloor extends World {
  constructor(settings: Partial<Omit<Settings, 'limits'>> = {}) {
    super({ settings })
    this.addQueue('Everyone')
    this.addWorkflow('Anyone', { filters: [], default_filter: { queue: 'Everyone' } })
    this.do({ type: 'flex.setup', workspace_sid: this.workspace_sid })
  }

  agent(name: string, contact_uri?: string): void {
    this.addWorker(name, {
      capacity: { default: 5, sms: 5, chat: 5 },
      ...(contact_uri && { attributes: { contact_uri } })
    })
  }

  get routing() {
    return { workspace_sid: this.workspace_sid, workflow_sid: this.workflow('Anyone').sid }
  }

  /** A customer writes to us by SMS. */
  conversation(): string {
    const { sid } = this.do({ type: 'conversation.create' }).conversation
    this.do({ type: 'participant.create', conversation_sid: sid, ...customer })
    return sid
  }

  /** The customer's conversation goes to an agent. */
  contact(attributes: object = {}, media_channel_sid = this.conversation()): Contact {
    const made = this.do({
      type: 'interaction.create',
      channel: { type: 'sms', initiated_by: 'customer', properties: { media_channel_sid } },
      routing: { properties: { ...this.routing, attributes } }
    })
    return new Contact(this, made.interaction.sid)
  }
}

/** One interaction on that floor, by the order of its tasks. */
export class Contact {
  readonly floor: FlexFloor
  readonly interaction_sid: string

  constructor(floor: FlexFloor, interaction_sid: string) {
    this.floor = floor
    this.interaction_sid = interaction_sid
  }

  get interaction() {
    return this.floor.state.get('interaction', this.interaction_sid)
  }

  get channel() {
    return this.floor.state.get('interaction_channel', this.interaction.channel_sid)
  }

  get path() {
    return { interaction_sid: this.interaction_sid, channel_sid: this.channel.sid }
  }

  get conversation() {
    return this.floor.state.get('conversation', this.channel.media_channel_sid ?? '')
  }

  get members() {
    return [...this.floor.state.tables.interaction_participant.by('channel_sid', this.channel.sid)]
  }

  /** Identities and addresses in the conversation. */
  get roster() {
    return [...this.floor.state.tables.participant.by('conversation_sid', this.conversation.sid)].map(
      (row) => row.identity ?? row.address
    )
  }

  get tasks(): TaskRow[] {
    const invites = [...this.floor.state.tables.invite.by('channel_sid', this.channel.sid)]
    return invites.map((invite) => this.floor.state.get('task', invite.task_sid))
  }

  get statuses() {
    return this.tasks.map((task) => task.assignment_status)
  }

  attributes(place: number): Record<string, unknown> {
    return JSON.parse(this.tasks[place]?.attributes ?? '{}') as Record<string, unknown>
  }

  reservation(place: number): ReservationRow {
    const rows = [...this.floor.state.tables.reservation.by('task_sid', this.tasks[place]?.sid ?? '')]
    return rows.at(-1) as ReservationRow // the story says that there is one
  }

  respond(place: number, reservation_status: string): void {
    const { sid, task_sid, workspace_sid } = this.reservation(place)
    this.floor.do({ type: 'reservation.update', workspace_sid, task_sid, sid, reservation_status })
  }

  accept(place = 0): void {
    this.respond(place, 'accepted')
  }

  invite(properties: object = {}) {
    const routing = { properties: { ...this.floor.routing, ...properties } }
    return this.floor.do({ type: 'invite.create', ...this.path, routing }).invite
  }

  /** The agent of a task leaves through the API. */
  leave(place: number, status = 'closed'): void {
    const task_sid = this.tasks[place]?.sid
    const member = this.members.find((one) => one.task_sid === task_sid)
    this.floor.do({ type: 'interaction_participant.update', ...this.path, sid: member?.sid ?? '', status })
  }

  end(status: string, routing?: unknown): void {
    const { interaction_sid } = this
    this.floor.do({
      type: 'interaction_channel.update',
      interaction_sid,
      sid: this.channel.sid,
      status,
      ...(routing !== undefined && { routing })
    })
  }

  /** Who hands the contact on: the agent of a task. */
  transfer(place: number, to: string, params: Partial<CommandOf<'interaction_transfer.create'>> = {}) {
    const from = this.members.find((one) => one.task_sid === this.tasks[place]?.sid)?.sid
    const command = { ...this.path, transfer_type: 'cold', from, to, ...params }
    return this.floor.do({ type: 'interaction_transfer.create', ...command }).interaction_transfer
  }

  get transfers() {
    return [...this.floor.state.tables.interaction_transfer.by('channel_sid', this.channel.sid)]
  }

  eventTypes(): string[] {
    const ours = this.floor.events().filter((event) => event.refs.interaction_channel?.sid === this.channel.sid)
    return ours.map((event) => event.type.replace('interaction.', ''))
  }
}
