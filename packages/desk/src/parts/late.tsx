import { type ComponentType, lazy, type ReactNode, Suspense } from 'react'
import { notify } from '../live/notices.ts'
import { wordsOf } from '../words/words.ts'

/**
 * A part that comes after the first paint: what opens (menus, dialogs) needs a third of all code, and nobody opens anything
 * before something is there. `instead` stands in its place for the moment that takes, and for good where it does not come.
 */
export function late<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  instead: (props: Props) => ReactNode = () => null
): (props: Props) => ReactNode {
  const Part = lazy(async () => {
    const part = await load().catch(outdated)
    return { default: (part ?? instead) as ComponentType<object> } // as: lazy forgets what it is given
  })
  return (props) => (
    <Suspense fallback={instead(props)}>
      <Part {...props} />
    </Suspense>
  )
}

let isSaid = false

/** A server that has become newer has the files of this page no more: all else goes on, and nothing is lost. */
function outdated(): undefined {
  if (!isSaid) notify(wordsOf().errors.outdated, 'error')
  isSaid = true
}
