import type { State } from '../center.ts'
import type { Read } from '../core/command.ts'
import type { Transition, Widget } from './definition.ts'
import type { FlowError } from './events.ts'
import type { Properties } from './rendering.ts'
import type { ContextChange, ExecutionRow } from './rows.ts'

/** What an execution comes to at a widget. */
export interface Act {
  readonly state: State
  readonly execution: ExecutionRow
  readonly widget: Widget
  readonly properties: Properties
}

/**
 * What a widget does: something has happened at once, which leads on; or the execution waits, and its row says for what;
 * or it goes on elsewhere, as in a subflow.
 */
export type Done =
  | {
      readonly event: string
      readonly changes?: readonly ContextChange[]
      /** Which of the transitions of that event. */
      readonly transition?: Transition
      /** What went wrong, where the event says that something did. */
      readonly error?: FlowError
    }
  | 'waits'
  | 'elsewhere'

export interface WidgetRule {
  readonly act: (act: Act) => Done
  /** Rows that memory may not hold and that it must see. */
  readonly reads?: (act: Act) => readonly Read[]
}

/** What a widget gives to those after it: `widgets.NAME`. */
export function outputOf({ widget }: Act, value: ContextChange[1]): ContextChange {
  return [['widgets', widget.name], value]
}
