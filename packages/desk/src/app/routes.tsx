import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router'
import { DeskScreen } from '../desk/desk-screen.tsx'
import { App } from './app.tsx'

/** What the address of any screen may hold: the task that the why drawer is of. */
interface Place {
  readonly why?: string
}

const root = createRootRoute({
  component: App,
  validateSearch: ({ why }: Record<string, unknown>): Place => (typeof why === 'string' ? { why } : {})
})

const desk = createRoute({ getParentRoute: () => root, path: '/', component: DeskScreen })
const task = createRoute({ getParentRoute: () => root, path: '/tasks/$task_sid', component: DeskScreen })
const queuesPlace = createRoute({
  getParentRoute: () => root,
  path: '/queues',
  component: lazyRouteComponent(() => import('../supervisor/queues-screen.tsx'), 'QueuesScreen')
})
const callsPlace = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  component: lazyRouteComponent(() => import('../supervisor/calls-screen.tsx'), 'CallsScreen')
})
const setup = createRoute({ getParentRoute: () => root, path: '/setup', component: DeskScreen })

export const router = createRouter({
  routeTree: root.addChildren([desk, task, queuesPlace, callsPlace, setup]),
  basepath: '/desk',
  defaultNotFoundComponent: DeskScreen
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
