/*
 * What the loader on a customer's page and our frame in it say to each other by `postMessage`. Both look at the origin and
 * at the window of whoever speaks: a page can say nothing in the frame's name, and nobody else anything in the page's.
 */

/** Beside each message, so that a page's own messages are none of ours. */
export const mark = 'ringdown-webchat'

/** What a page may say of its visitor: words in the form, and what the agent should know. */
export interface Visitor {
  readonly name?: string
  readonly email?: string
  readonly context?: Readonly<Record<string, unknown>>
  readonly locale?: string
}

/** Where the handle is kept by which a visitor comes back: with the page, with the frame, nowhere. */
export type ResumeBy = 'page' | 'frame' | 'none'

export type ToFrame =
  | {
      readonly type: 'begin'
      readonly key: string
      readonly visitor: Visitor
      readonly resume: ResumeBy
      readonly color_scheme: 'auto' | 'light' | 'dark'
      readonly token?: string | undefined
      readonly prefill?: string | undefined
      readonly is_open: boolean
    }
  | { readonly type: 'shown'; readonly is_open: boolean }
  | { readonly type: 'identify'; readonly token: string }
  | { readonly type: 'set'; readonly visitor: Visitor }
  | { readonly type: 'prefill'; readonly text: string }
  | { readonly type: 'shutdown' }
  /** The answer to `read`. */
  | { readonly type: 'kept'; readonly id: number; readonly text: string | null }

export type ToPage =
  | { readonly type: 'hello' }
  | { readonly type: 'close' }
  | { readonly type: 'unread'; readonly count: number }
  | { readonly type: 'read'; readonly id: number }
  | { readonly type: 'keep'; readonly text: string | null }
  | { readonly type: 'event'; readonly event: WidgetEvent; readonly detail: unknown }

/** What a page may hear of. */
export type WidgetEvent = 'ready' | 'open' | 'close' | 'unread' | 'message' | 'started' | 'ended' | 'error'
