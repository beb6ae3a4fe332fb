import { centerTools } from '../../../server/src/rendering/tools.ts'
import { render } from '../events.ts'
import type { ExecutionRow } from '../studio/rows.ts'
import { Switchboard } from './switchboard.ts'

/** A center whose number belongs to a flow. */
export class Hotline extends Switchboard {
  /** SID of the flow that has the number. */
  flow_sid = ''
  readonly workflow_sid: string

  /** The definition of the number's flow, which may name the workflow. */
  constructor(text: (workflow_sid: string) => string) {
    super({ tools: centerTools })
    this.addQueue('Everyone')
    this.workflow_sid = this.addWorkflow('Anyone', { default_filter: { queue: 'Everyone' } }).sid
    this.runs(text(this.workflow_sid))
  }

  /** The address of a flow, as it is pasted into a number. */
  address(flow_sid: string): string {
    return `https://webhooks.example/v1/Accounts/${this.state.account_sid}/Flows/${flow_sid}`
  }

  /** Another flow, published; its SID. */
  flow(definition: string): string {
    return this.do({ type: 'flow.create', friendly_name: 'Flow', status: 'published', definition }).flow.sid
  }

  /** The number is this flow's from now on. */
  runs(text: string): void {
    this.flow_sid = this.flow(text)
    const [number] = this.state.tables.incoming_phone_number.all()
    this.do({ type: 'incoming_phone_number.update', sid: number?.sid ?? '', voice_url: this.address(this.flow_sid) })
  }

  /** The latest execution. */
  get execution(): ExecutionRow {
    const execution = this.state.tables.execution.all().at(-1)
    if (!execution) throw new Error('no flow has run')
    return execution
  }

  /** The steps of the latest execution as `from event to`. */
  get steps(): string[] {
    return [...this.state.tables.execution_step.by('execution_sid', this.execution.sid)].map(
      ({ transitioned_from, name, transitioned_to }) => `${transitioned_from} ${name} ${transitioned_to}`
    )
  }

  /** What the debugger was told. */
  get errors(): string[] {
    return this.events('error.logged').map((event) => render(event).description)
  }
}
