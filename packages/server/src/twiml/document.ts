import { SaxesParser } from 'saxes'
import { isSpoken, mayStand, type Surface } from './vocabulary.ts'

/** A verb, or what stands in one: plain JSON, as rows can keep it. */
export interface TwimlElement {
  readonly verb: string
  readonly attributes: Readonly<Record<string, string>>
  /** Its own text, without blanks around it. */
  readonly text?: string
  /** In order. In what is spoken, texts between elements stand among them, as `#text`. */
  readonly children?: readonly TwimlElement[]
}

/** By Twilio's number in the debugger. */
export interface TwimlProblem {
  readonly code: number
  readonly message: string
}

/** What a document says, and what in it nobody understood; or why it says nothing. */
export type TwimlDocument =
  | { readonly verbs: readonly TwimlElement[]; readonly warnings: readonly TwimlProblem[] }
  | { readonly problem: TwimlProblem }

const maxTwimlBytes = 64 * 1024
/** Elements in one another, with `Response`; speech has some. */
const maxDepth = 12
const maxWarnings = 20

/**
 * Reads a document of TwiML. It has to be well-formed XML whose root is `Response`, of 64 kB at most (11750), without a
 * document type and entities of its own (12100). What is not known where it stands is left out, with everything in it, and
 * a warning (12200). Never throws.
 */
export function readTwiml(text: string, surface: Surface): TwimlDocument {
  if (Buffer.byteLength(text) > maxTwimlBytes)
    return { problem: { code: 11750, message: `the document has more than ${maxTwimlBytes} bytes` } }
  const reader = new Reader(surface)
  try {
    return reader.read(text)
  } catch (error) {
    // Only what is wrong with the document is thrown while it is read.
    const reason = error instanceof Error ? error.message : String(error)
    return {
      problem: { code: 12100, message: `the document cannot be read: ${reason.split('\n', 1)[0]?.slice(0, 200)}` }
    }
  }
}

interface Open {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
  readonly children: TwimlElement[]
  /** Texts of it so far, or since the last element where the order matters. */
  text: string
  /** Not understood: nothing of it is kept. */
  readonly isLeftOut: boolean
}

class Reader {
  readonly #surface: Surface
  readonly #warnings: TwimlProblem[] = []
  readonly #open: Open[] = []
  #verbs: readonly TwimlElement[] = []

  constructor(surface: Surface) {
    this.#surface = surface
  }

  read(text: string): TwimlDocument {
    const parser = new SaxesParser({ xmlns: false })
    // A document type could define entities.
    parser.on('doctype', () => refuse('it has a document type'))
    parser.on('opentag', ({ name, attributes }) => this.#begin(name, attributes))
    parser.on('text', (text) => this.#say(text))
    parser.on('cdata', (text) => this.#say(text))
    parser.on('closetag', () => this.#end())
    parser.write(text).close()
    return { verbs: this.#verbs, warnings: this.#warnings }
  }

  #begin(name: string, attributes: Readonly<Record<string, string>>): void {
    const parent = this.#open.at(-1)
    if (!parent && name !== 'Response') refuse(`its root is ${name.slice(0, 64)}, not Response`)
    if (this.#open.length === maxDepth) refuse(`more than ${maxDepth} elements stand in one another`)
    const inVerb = this.#open.length > 1 ? parent?.name : undefined
    const isKnown = !parent || (!parent.isLeftOut && mayStand(name, inVerb, this.#surface))
    if (!isKnown && !parent.isLeftOut) this.#warn(`${name.slice(0, 64)} is nothing that may stand in ${parent.name}`)
    if (parent && isKnown) this.#settle(parent)
    this.#open.push({ name, attributes: { ...attributes }, children: [], text: '', isLeftOut: !isKnown })
  }

  #say(text: string): void {
    const element = this.#open.at(-1)
    if (element) element.text += text
  }

  #end(): void {
    const element = this.#open.pop()
    if (!element) return
    const parent = this.#open.at(-1)
    if (!parent) {
      if (element.text.trim() !== '') this.#warn('there is text beside the verbs')
      this.#verbs = element.children
    } else if (!element.isLeftOut) parent.children.push(this.#elementOf(element))
  }

  #elementOf(element: Open): TwimlElement {
    const { name, attributes, children } = element
    if (children.length > 0) this.#settle(element)
    const text = element.text.trim()
    return { verb: name, attributes, ...(text !== '' && { text }), ...(children.length > 0 && { children }) }
  }

  /** Where the order matters, the text so far takes its place among the children. */
  #settle(element: Open): void {
    if (!isSpoken(element.name)) return
    if (element.text.trim() !== '') element.children.push({ verb: '#text', attributes: {}, text: element.text })
    element.text = ''
  }

  #warn(message: string): void {
    if (this.#warnings.length < maxWarnings) this.#warnings.push({ code: 12200, message })
  }
}

function refuse(reason: string): never {
  throw new Error(reason)
}
