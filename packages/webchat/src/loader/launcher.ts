import { colourIn, cssOf, textOn } from '@ringdown/client/colour'
import { mark, type ResumeBy, type ToFrame, type ToPage, type Visitor, type WidgetEvent } from '../between.ts'
import { styles } from './styles.ts'
import { wordsFor } from './words.ts'

/*
 * The button on a page, and a frame behind it once somebody comes near. No style of the page is touched, and none of its
 * styles reaches in here.
 */

interface Options extends Visitor {
  readonly key: string
  readonly position?: 'right' | 'left'
  /** Pixels from the edges. */
  readonly offset_x?: number
  readonly offset_y?: number
  readonly z_index?: number
  readonly color_scheme?: 'auto' | 'light' | 'dark'
  /** `button`, `none`, or a selector of an element of the page's own. */
  readonly launcher?: string
  readonly label?: string
  readonly resume?: ResumeBy
}

/** As everybody may see it. */
interface Deployment {
  readonly enabled: boolean
  readonly theme: Readonly<Record<string, unknown>>
  readonly texts: Readonly<Record<string, unknown>>
}

type Listener = (detail: unknown) => void
type Call = readonly [name: string, ...given: readonly unknown[]]

/** What the loader has kept until now. */
interface Launch {
  readonly script: HTMLScriptElement
  /** What the page calls: from now on it acts. */
  readonly api: Record<string, unknown>
  readonly calls: readonly Call[]
}

let script: HTMLScriptElement
/** Where everything of web chat is. */
let base = ''
let origin = ''

const listeners: Partial<Record<WidgetEvent, Set<Listener>>> = {}
const happened: Partial<Record<WidgetEvent, unknown>> = {}

let options: Options | undefined
let deployment: Deployment | undefined
let host: HTMLElement | undefined
let launcher: HTMLButtonElement | undefined
let badge: HTMLElement | undefined
let panel: HTMLElement | undefined
let frame: HTMLIFrameElement | undefined
let isFrameThere = false
let isOpen = false
let isHidden = false
let unread = 0
let token: string | undefined
let prefilled: string | undefined
let visitor: Visitor = {}
let focused: Element | null = null

const api = {
  /** Shows the launcher; once. */
  start(given: Partial<Options>) {
    if (options) return
    const written = Object.entries(script.dataset).map(([name, value]) => [snake(name), writtenIn(value)])
    const all: Partial<Options> = { ...Object.fromEntries(written), ...given }
    if (!all.key) return
    options = all as Options // it has a key
    for (const name of ['name', 'email', 'context', 'locale'] as const)
      if (options[name] !== undefined) visitor = { [name]: options[name], ...visitor }
    ask()
  },
  open: () => toggle(true),
  close: () => toggle(false),
  toggle: () => toggle(!isOpen),
  show: () => hide(false),
  hide: () => hide(true),
  /** Says who the visitor is, by a token that the page's own server has signed. */
  identify({ token: given }: { readonly token: string }) {
    token = given
    say({ type: 'identify', token: given })
  },
  set(given: Visitor) {
    visitor = { ...visitor, ...given }
    say({ type: 'set', visitor: given })
  },
  prefill(text: string) {
    prefilled = text
    say({ type: 'prefill', text })
  },
  /** Calls with what happens; answers how to stop that. */
  on(event: WidgetEvent, listener: Listener) {
    const all = listeners[event] ?? new Set()
    listeners[event] = all.add(listener)
    if (event in happened) listener(happened[event])
    return () => all.delete(listener)
  },
  off: (event: WidgetEvent, listener: Listener) => listeners[event]?.delete(listener),
  /** Forgets everything on this device, as at a sign-out. */
  shutdown() {
    say({ type: 'shutdown' })
    keep(null)
    token = undefined
    prefilled = undefined
    visitor = {}
    toggle(false)
    showUnread(0)
  },
  push(...calls: readonly Call[]) {
    for (const call of calls) run(call)
  },
  /** What the server says of the deployment: in a script, which a page's policy lets in with this one. */
  _(told: Deployment) {
    deployment = told
    draw()
  }
}

export function launch({ script: own, api: shown, calls }: Launch): void {
  script = own
  base = script.src.replace(/[^/]*(?:\?.*)?$/, '')
  origin = new URL(base).origin
  addEventListener('message', hear)
  Object.assign(shown, api)
  if (script.dataset.start !== 'manual') api.start({})
  api.push(...calls)
}

function run([name, ...given]: Call) {
  const act = (api as unknown as Readonly<Record<string, unknown>>)[name] // by the name that the page says
  if (typeof act === 'function') act(...given)
}

/** Asked for by a script, not by `fetch`: a page's policy has to name our origin for scripts and frames, no more. */
function ask() {
  const asked = document.createElement('script')
  asked.async = true
  asked.nonce = script.nonce
  asked.src = `${base}v1/${options?.key}.js`
  asked.onerror = () => emit('error', { reason: 'deployment' })
  document.head.append(asked)
  asked.onload = () => asked.remove()
}

function draw() {
  if (!options || !deployment?.enabled || host) return
  if (!document.body) return void addEventListener('DOMContentLoaded', draw)
  const { theme } = deployment
  const { z_index = 2147483000, position = theme.position === 'left' ? 'left' : 'right' } = options
  const { offset_x = 20, offset_y = 20, launcher: kind = 'button' } = options
  host = document.createElement('div')
  // A page's own styles, `all` of them and the important ones, end here.
  host.style.cssText = `all:initial!important;position:fixed!important;z-index:${Number(z_index)}!important`
  const root = host.attachShadow({ mode: 'closed' })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(styles)
  root.adoptedStyleSheets = [sheet]
  const words = wordsFor(visitor.locale)
  const all = document.createElement('div')
  all.className = `all ${position}`
  all.setAttribute('role', 'region')
  all.setAttribute('aria-label', words.chat)
  const accent = colourIn(theme.accent) ?? [53, 84, 209]
  for (const [name, value] of [
    ['--accent', cssOf(accent)],
    ['--on', cssOf(textOn(accent))],
    ['--x', `${Number(offset_x)}px`],
    ['--y', `${Number(offset_y)}px`]
  ] as const)
    all.style.setProperty(name, value)
  launcher = document.createElement('button')
  launcher.className = 'launcher'
  launcher.type = 'button'
  launcher.setAttribute('aria-expanded', 'false')
  launcher.append(picture('chat', chatPath), picture('down', downPath))
  const label = options.label ?? (typeof theme.launcher_label === 'string' ? theme.launcher_label : '')
  if (label) {
    const text = document.createElement('span')
    text.textContent = label
    launcher.append(text)
    launcher.classList.add('wide')
  }
  badge = document.createElement('span')
  badge.className = 'badge'
  badge.hidden = true
  launcher.append(badge)
  launcher.hidden = kind !== 'button'
  launcher.onclick = () => toggle(!isOpen)
  for (const near of ['pointerenter', 'focus', 'touchstart'] as const)
    launcher.addEventListener(near, load, { once: true, passive: true })
  panel = document.createElement('div')
  panel.className = 'panel'
  panel.hidden = true
  all.append(launcher, panel)
  root.append(all)
  document.body.append(host)
  if (kind !== 'button' && kind !== 'none')
    document.addEventListener('click', (event) => {
      if (event.target instanceof Element && event.target.closest(kind)) {
        event.preventDefault()
        focused = event.target.closest(kind)
        toggle(true)
      }
    })
  visualViewport?.addEventListener('resize', fit)
  visualViewport?.addEventListener('scroll', fit)
  name()
  hide(isHidden)
  emit('ready')
  // Who has written already hears of answers.
  if (isOpen) toggle(true, true)
  else if (options.resume !== 'none' && kept() !== null) load()
}

function load() {
  if (frame || !panel || !options) return
  frame = document.createElement('iframe')
  frame.title = wordsFor(visitor.locale).chat
  frame.allow = 'clipboard-write'
  frame.src = `${base}frame?key=${encodeURIComponent(options.key)}`
  panel.append(frame)
  setTimeout(() => {
    if (!isFrameThere) emit('error', { reason: 'frame' })
  }, 15_000)
}

function toggle(to: boolean, isAgain = false) {
  if (to === isOpen && !isAgain) return
  isOpen = to
  // Opened before there is anything: as soon as there is.
  if (!panel || !launcher) return
  if (to) load()
  panel.hidden = !to
  launcher.setAttribute('aria-expanded', String(to))
  launcher.classList.toggle('open', to)
  fit()
  say({ type: 'shown', is_open: to })
  if (to) {
    focused ??= document.activeElement
    frame?.focus()
  } else {
    const back = launcher.hidden ? focused : launcher
    if (back instanceof HTMLElement) back.focus({ preventScroll: true })
    focused = null
  }
  name()
  emit(to ? 'open' : 'close')
}

/** On a phone it is all of the screen but the keyboard, and the page behind stands still. */
function fit() {
  if (!panel) return
  const isFull = isOpen && matchMedia('(max-width:480px)').matches
  panel.style.setProperty('--h', `${visualViewport?.height ?? innerHeight}px`)
  panel.style.setProperty('--t', `${visualViewport?.offsetTop ?? 0}px`)
  if (isFull) {
    panel.setAttribute('role', 'dialog')
    panel.setAttribute('aria-modal', 'true')
    panel.setAttribute('aria-label', wordsFor(visitor.locale).chat)
  } else for (const attribute of ['role', 'aria-modal', 'aria-label']) panel.removeAttribute(attribute)
}

function hide(to: boolean) {
  isHidden = to
  if (host) host.style.setProperty('display', to ? 'none' : 'block', 'important')
}

function name() {
  const { chat, unread: waiting, close } = wordsFor(visitor.locale)
  launcher?.setAttribute('aria-label', isOpen ? close : unread > 0 ? `${chat}, ${waiting(unread)}` : chat)
}

function showUnread(count: number) {
  if (count === unread) return
  unread = count
  if (badge) {
    badge.hidden = count === 0
    badge.textContent = count > 9 ? '9+' : String(count)
  }
  const title = document.title.replace(/^\(\d+\) /, '')
  document.title = count > 0 ? `(${count}) ${title}` : title
  name()
  emit('unread', count)
}

function emit(event: WidgetEvent, detail?: unknown) {
  if (event === 'ready') happened[event] = detail
  for (const listener of listeners[event] ?? [])
    try {
      listener(detail)
    } catch (error) {
      // The page's own trouble is told as the page's own.
      setTimeout(() => {
        throw error
      })
    }
}

function say(message: ToFrame) {
  if (isFrameThere) frame?.contentWindow?.postMessage({ [mark]: message }, origin)
}

function hear({ data, origin: from, source }: MessageEvent) {
  if (from !== origin || !frame || source !== frame.contentWindow) return
  const message = data?.[mark] as ToPage | undefined // our own frame says nothing else
  if (!message || !options) return
  const { type } = message
  if (type === 'hello') {
    isFrameThere = true
    const { key, resume = 'page', color_scheme = 'auto' } = options
    say({ type: 'begin', key, visitor, resume, color_scheme, token, prefill: prefilled, is_open: isOpen })
    if (isOpen) frame.focus()
  } else if (type === 'close') toggle(false)
  else if (type === 'unread') showUnread(message.count)
  else if (type === 'read') say({ type: 'kept', id: message.id, text: kept() })
  else if (type === 'keep') keep(message.text)
  else if (type === 'event') emit(message.event, message.detail)
}

/** With the page's own storage, since a frame's is another's in the eyes of every browser. It may be full or forbidden. */
function kept(): string | null {
  try {
    return localStorage.getItem(place())
  } catch {
    return null
  }
}

function keep(text: string | null) {
  try {
    if (text === null) localStorage.removeItem(place())
    else localStorage.setItem(place(), text)
  } catch {
    // nobody comes back then, and everything else goes on
  }
}

function place() {
  return `ringdown-webchat ${options?.key}`
}

function snake(name: string) {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Numbers and objects as JSON writes them; everything else is text. */
function writtenIn(text = ''): unknown {
  if (!/^(?:-?\d+|\{.*\})$/s.test(text)) return text
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

const chatPath = 'M7.9 20A9 9 0 1 0 4 16.1L2 22Z'
const downPath = 'm6 9 6 6 6-6'

function picture(className: string, path: string) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  svg.setAttribute('viewBox', '0 0 24 24')
  svg.setAttribute('class', className)
  svg.setAttribute('aria-hidden', 'true')
  const line = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  line.setAttribute('d', path)
  svg.append(line)
  return svg
}
