import { type ComponentType, lazy, type ReactNode, Suspense } from 'react'

/**
 * A part that comes after the first paint: what opens (menus, dialogs) needs a third of all code, and nobody opens anything
 * before something is there. `instead` stands in its place for the moment that takes.
 */
export function late<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  instead: (props: Props) => ReactNode = () => null
): (props: Props) => ReactNode {
  const Part = lazy(async () => ({ default: (await load()) as ComponentType<object> })) // as: lazy forgets what it is given
  return (props) => (
    <Suspense fallback={instead(props)}>
      <Part {...props} />
    </Suspense>
  )
}
