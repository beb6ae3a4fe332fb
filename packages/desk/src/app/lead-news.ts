import { useEffect } from 'react'
import { onEvent } from '../live/desk.ts'
import { notify } from '../live/notices.ts'
import { objectIn } from '../live/rows.ts'
import { customerName } from '../words/names.ts'
import { wordsOf } from '../words/words.ts'

/** Tasks for which somebody was told that help is asked. */
const asked = new Set<string>()

/** Who leads is told when an agent asks for help, on whichever screen. */
export function useLeadNews(isLead: boolean): void {
  useEffect(
    () =>
      isLead
        ? onEvent(({ type, data }) => {
            if (type !== 'task.updated' || typeof data.task_sid !== 'string') return
            const attributes = objectIn(data.task_attributes)
            if (attributes.help_asked !== true || asked.has(data.task_sid)) return
            asked.add(data.task_sid)
            notify(wordsOf().bell.helpAsked(customerName(attributes) ?? data.task_sid))
          })
        : undefined,
    [isLead]
  )
}
