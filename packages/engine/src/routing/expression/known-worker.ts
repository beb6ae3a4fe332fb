import { nameForm } from '../../name.ts'
import type { TaskPath, TaskView } from './environment.ts'
import { Cursor, reference } from './parser.ts'
import { meaning, nowhere } from './reference.ts'

/**
 * A target's `known_worker_sid` or `known_worker_friendly_name`: a path into the task whose value names the one worker
 * that the target is for (reference taskrouter 3.8).
 */
export interface KnownWorker {
  readonly source: string
  /** What the value names a worker by. */
  readonly by: 'sid' | 'friendly_name'
  readonly path: TaskPath
  /** The value as names are compared; undefined when it is missing, null, empty or no string: then nobody matches. */
  read(task: TaskView): string | undefined
  /** What the value must be for this worker. */
  nameOf(worker: { readonly sid: string; readonly friendly_name: string }): string
}

const expected = 'task.<attribute>'

/** Compiles `task.<path>`; any other name is nobody's. Throws ExpressionError. */
export function compileKnownWorker(source: string, by: KnownWorker['by']): KnownWorker {
  const cursor = new Cursor(source)
  const name = reference(cursor, expected)
  const meant = meaning('target', name)
  const path = meant.side === 'task' && !meant.expected ? meant : nowhere('task', name, expected)
  cursor.expectEnd('<EOF>')
  return {
    source,
    by,
    path,
    read(task) {
      const value = path.read(task)
      return typeof value === 'string' && value !== '' ? nameForm(value) : undefined
    },
    nameOf: ({ sid, friendly_name }) => (by === 'sid' ? sid : nameForm(friendly_name))
  }
}
