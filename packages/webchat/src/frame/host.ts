import { mark, type ToFrame, type ToPage } from '../between.ts'

type Hear = (message: ToFrame) => void

let page: string | undefined
let hear: Hear = () => {}
let asked = 0
const waiting = new Map<number, (text: string | null) => void>()

/**
 * Speaks with the loader in the page around: only with that window, and only with the origin that it had at first, which the
 * browser vouches for and the frame's own policy allows.
 */
export function meetPage(listener: Hear): void {
  hear = listener
  addEventListener('message', ({ data, origin, source }) => {
    if (source !== window.parent || window.parent === window) return
    if (page !== undefined && origin !== page) return
    const message = data?.[mark] as ToFrame | undefined // the loader says nothing else
    if (typeof message?.type !== 'string') return
    page ??= origin
    if (message.type === 'kept') {
      waiting.get(message.id)?.(message.text)
      waiting.delete(message.id)
    } else hear(message)
  })
  // Whoever is around may hear that there is a frame; everything else only the page that has answered.
  window.parent.postMessage({ [mark]: { type: 'hello' } satisfies ToPage }, '*')
}

export function postToPage(message: ToPage): void {
  if (page !== undefined) window.parent.postMessage({ [mark]: message }, page)
}

/** What the page keeps for us; null where there is nothing, or nobody answers. */
export function readFromPage(): Promise<string | null> {
  const id = ++asked
  return new Promise((resolve) => {
    waiting.set(id, resolve)
    setTimeout(() => waiting.delete(id) && resolve(null), 2000)
    postToPage({ type: 'read', id })
  })
}
