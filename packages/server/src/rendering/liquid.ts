import { createRequire } from 'node:module'
import type { Rendered } from '@ringdown/engine/tools'
import type * as Liquidjs from 'liquidjs'
import { messageOf } from '../store/thrown.ts'
import { instantIn, strftime } from './date-format.ts'
import { isZone } from './zone.ts'

/*
 * Liquid as flows have it (reference studio 5): Shopify's dialect, made of a template, its data and an instant alone.
 * Bounds are counted in nodes, iterations and characters, so that whatever is too much is so everywhere; time, chance,
 * files and what could run for long are not there.
 */

const require = createRequire(import.meta.url)

/** A `for` makes no more rounds than this. */
const maxRounds = 15
/** Characters of a result. */
const maxResult = 16_384
/** Characters of a template. */
const maxTemplate = 65_536
/** Parts of templates that one rendering comes by. */
const maxNodes = 10_000
/** What filters may make on the way, about in characters. */
const maxMade = 1_000_000
const maxKept = 2_000

/** The zone of dates for which a template names none. */
const defaultZone = 'UTC'

interface Engine {
  readonly liquid: Liquidjs.Liquid
  readonly Context: typeof Liquidjs.Context
  readonly Limiter: new (resource: string, limit: number) => Liquidjs.Context['memoryLimit']
}

/** Loaded by the first template: most servers know none. */
let engine: Engine | undefined

/** Templates, read once. */
const read = new Map<string, Liquidjs.Template[]>()

/** What belongs to the rendering that is under way; there is one at a time. */
let now = 0
let shown = 0
let parts = 0

/** What a template makes of its data at an instant in milliseconds, or why it makes nothing. */
export function renderLiquid(template: string, data: object, at: number): Rendered {
  if (template.length > maxTemplate) return { error: `the template has more than ${maxTemplate} characters`, parts: 0 }
  engine ??= madeEngine()
  now = at
  shown = 0
  parts = 0
  try {
    const context = contextOf(engine, data)
    const text = String(engine.liquid.renderSync(templatesOf(engine, template), context))
    if (text.length > maxResult) throw tooLong()
    return { text, parts }
  } catch (error) {
    return { error: messageOf(error).split('\n', 1)[0]?.slice(0, 300) ?? '', parts }
  }
}

function tooLong(): Error {
  return new Error(`the result has more than ${maxResult} characters`)
}

function templatesOf({ liquid }: Engine, template: string): Liquidjs.Template[] {
  let found = read.get(template)
  if (found === undefined) {
    found = liquid.parse(template)
    if (read.size >= maxKept) read.clear()
    read.set(template, found)
  }
  return found
}

/** The library asks after each part whether its time is over: its parts are counted instead. */
function contextOf({ liquid, Context, Limiter }: Engine, data: object): Liquidjs.Context {
  const countNodes = () => {
    parts += 1
    if (parts > maxNodes) throw new Error(`the template takes more than ${maxNodes} parts`)
  }
  const memoryLimit = new Limiter('what the template makes', maxMade)
  const renderLimit = Object.assign(new Limiter('parts', maxNodes), { check: countNodes, use: countNodes })
  // Counters are written beside the data.
  return new Context({ ...data }, liquid.options, { sync: true }, { memoryLimit, renderLimit, liquid })
}

function madeEngine(): Engine {
  const { Liquid, Context, ForTag } = require('liquidjs') as typeof Liquidjs // as its types have it
  const liquid = new Liquid({
    ownPropertyOnly: true,
    cache: false,
    strictFilters: false,
    strictVariables: false,
    parseLimit: maxTemplate,
    memoryLimit: maxMade,
    outputEscape
  })
  for (const tag of ['include', 'render', 'layout', 'block', 'tablerow']) delete liquid.tags[tag]
  for (const filter of Object.keys(liquid.filters)) if (!filters.has(filter)) delete liquid.filters[filter]
  liquid.registerTag('for', boundedFor(ForTag))
  liquid.registerFilter('to_json', (value: unknown) => JSON.stringify(value ?? null))
  liquid.registerFilter('date', (value: unknown, format?: unknown, zone?: unknown) => dateFilter(value, format, zone))
  const { memoryLimit } = new Context({}, liquid.options, { sync: true })
  return { liquid, Context, Limiter: memoryLimit.constructor as Engine['Limiter'] } // the class of what it makes
}

/** What is shown, counted before it is put together. */
function outputEscape(value: unknown): string {
  const text = wordsOf(value)
  shown += text.length
  if (shown > maxResult) throw tooLong()
  return text
}

/** Lists one after the other, objects as JSON. */
function wordsOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (Array.isArray(value)) return value.map(wordsOf).join('')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function boundedFor(ForTag: typeof Liquidjs.ForTag): typeof Liquidjs.ForTag {
  return class extends ForTag {
    constructor(...given: ConstructorParameters<typeof Liquidjs.ForTag>) {
      super(...given)
      const { hash } = this
      const render = hash.render.bind(hash)
      hash.render = function* (context) {
        const found = (yield* render(context)) as Record<string, unknown> // of a tag's named values
        const limit = Number(found.limit ?? maxRounds)
        return { ...found, limit: Math.min(Number.isFinite(limit) ? limit : 0, maxRounds) }
      }
    }
  }
}

function dateFilter(value: unknown, format: unknown, zone: unknown): unknown {
  const place = typeof zone === 'string' && isZone(zone) ? zone : defaultZone
  const at = instantIn(value, now, place)
  if (at === undefined) return value
  return strftime(at, typeof format === 'string' && format !== '' ? format : '%Y-%m-%d %H:%M:%S %z', place)
}

/** Those of the library that are Shopify's, and deterministic. */
const filters: ReadonlySet<string> = new Set(
  (
    'abs append at_least at_most base64_encode base64_decode capitalize ceil compact concat default divided_by downcase ' +
    'escape escape_once find find_index first floor has join json last lstrip map minus modulo newline_to_br plus prepend ' +
    'reject remove remove_first remove_last replace replace_first replace_last reverse round rstrip size slice sort ' +
    'sort_natural split strip strip_html strip_newlines sum times truncate truncatewords uniq upcase url_decode url_encode where raw'
  ).split(' ')
)
