import { useLayoutEffect, useRef } from 'react'
import { Store } from '../live/store.ts'
import { type CommandName, fixedKeys, isCombination, keyIn, keysBy, placeIn } from './key-map.ts'
import { preferences } from './preferences.ts'

/** Whether the command bar is open, and what it shows. */
export const bar = new Store<'closed' | 'commands' | 'keys'>('closed')

const handlers = new Map<CommandName, () => void>()
/** Counts up when what can be done has changed. */
export const offered = new Store(0)

/**
 * Says how something is done for as long as a component is there; undefined where it cannot be done now. It counts from the
 * first paint on: who sees what can be done may press its key at once.
 */
export function useOffer(name: CommandName, run: (() => void) | undefined): void {
  const latest = useRef(run)
  useLayoutEffect(() => {
    latest.current = run
  })
  const isThere = run !== undefined
  useLayoutEffect(() => (isThere ? offer(name, () => latest.current?.()) : undefined), [name, isThere])
}

function offer(name: CommandName, run: () => void): () => void {
  handlers.set(name, run)
  offered.set(offered.get() + 1)
  return () => {
    if (handlers.get(name) !== run) return
    handlers.delete(name)
    offered.set(offered.get() + 1)
  }
}

/** Opens a task by its place in the list, while there is one; answers whether there is a task there. */
export const openPlace = new Store<((place: number) => boolean) | undefined>(undefined)

export function canRun(name: CommandName): boolean {
  return handlers.has(name)
}

export function run(name: CommandName): boolean {
  const handler = handlers.get(name)
  handler?.()
  return handler !== undefined
}

export const isMac = /Mac|iPhone|iPad/.test(navigator.platform)

export function keyText(key: string): string {
  return key.replace('Mod', isMac ? '⌘' : 'Ctrl')
}

/** The first key of two, for as long as the second may follow. */
let begun: string | undefined
const second_ms = 1500

/** Listens to keys; answers how to stop. Single ones count only where nobody is typing. */
export function bindKeys(): () => void {
  const heard = (event: KeyboardEvent) => {
    const name = commandOf(event)
    const place = name === undefined && !event.defaultPrevented ? placeIn(keyIn(event, isMac)) : undefined
    if (name !== undefined ? run(name) : place !== undefined && openPlace.get()?.(place)) event.preventDefault()
  }
  window.addEventListener('keydown', heard)
  return () => window.removeEventListener('keydown', heard)
}

function commandOf(event: KeyboardEvent): CommandName | undefined {
  if (event.defaultPrevented || event.isComposing) return undefined
  const pressed = keyIn(event, isMac)
  if (pressed === undefined || (isMac ? event.ctrlKey : event.metaKey)) return undefined
  const chosen = preferences.get()
  const isFree = !isTyping(event.target) && chosen.single_keys !== false
  if (!isCombination(pressed) && !isFree) return undefined
  const key = begun === undefined ? pressed : `${begun} ${pressed}`
  begun = undefined
  const all = keysBy(chosen)
  const [found] = all.find(([, one]) => one === key) ?? []
  if (found !== undefined || fixedKeys[key]) return found ?? fixedKeys[key]
  if (all.some(([, one]) => one.startsWith(`${pressed} `))) {
    begun = pressed
    setTimeout(() => {
      begun = undefined
    }, second_ms)
  }
  return undefined
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false
  return (
    target.isContentEditable ||
    /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName) ||
    target.closest('[role=dialog],[role=menu]') !== null
  )
}
