/** A handler with the web-standard face, as the MCP SDK makes them. */
interface FetchHandler<Options> {
  fetch(request: Request, options?: Options): Promise<Response>
}

/** In which form a client takes answers: as one JSON document, as a stream of events, or as the server likes. */
export type AnswerForm = 'json' | 'events' | 'either'

const jsonType = 'application/json'
const eventsType = 'text/event-stream'

/**
 * What an `Accept` header takes of the two media types that MCP answers in (RFC 9110 12.5.1): the most specific range
 * counts for each, the higher quality wins. Of equal ones the one that is named wins, JSON where neither is, and the server
 * chooses where both are, as MCP clients send them. Without the header everything is taken.
 *
 * Undefined where neither is acceptable.
 */
export function answerForm(accept: string | null | undefined): AnswerForm | undefined {
  const ranges = rangesIn(accept ?? '')
  if (ranges.length === 0) return 'json'
  const [json, events] = [qualityOf(jsonType, ranges), qualityOf(eventsType, ranges)]
  if (json.quality === 0 && events.quality === 0) return undefined
  if (json.quality !== events.quality) return json.quality > events.quality ? 'json' : 'events'
  if (!events.named) return 'json'
  return json.named ? 'either' : 'events'
}

/**
 * A handler that negotiates what the SDK's takes from MCP clients only, who name both media types: `POST`s are asked of it
 * as such a client would, and its answer takes the form that this client reads. What it refuses stays JSON.
 */
export function negotiating<Options>(handler: FetchHandler<Options>): FetchHandler<Options> {
  return {
    fetch: async (request, options) => {
      if (request.method !== 'POST') return handler.fetch(request, options)
      const form = answerForm(request.headers.get('accept'))
      // A subscription has no end, and so no JSON document.
      const isEndless = request.headers.get('mcp-method')?.trim() === 'subscriptions/listen'
      if (form === undefined || (isEndless && !takesEvents(request))) return notAcceptable()
      const headers = new Headers(request.headers)
      headers.set('accept', `${jsonType}, ${eventsType}`)
      const response = await handler.fetch(new Request(request, { headers }), options)
      if (form === 'either' || isEndless || response.status !== 200) return response
      return form === 'json' ? asJson(response) : asEvents(response)
    }
  }
}

interface MediaRange {
  readonly type: string
  readonly quality: number
}

function rangesIn(accept: string): MediaRange[] {
  const parts = accept.match(/(?:[^,"]|"(?:[^"\\]|\\.)*"?)+/g) ?? []
  return parts.flatMap((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase())
    if (type === '') return []
    const weight = parameters.find((parameter) => /^q\s*=/.test(parameter))
    return [{ type, quality: weight === undefined ? 1 : weightOf(weight) }]
  })
}

/** What is no weight is none: the client has named the type. */
function weightOf(parameter: string): number {
  const text = parameter.replace(/^q\s*=\s*/, '')
  return /^(?:0|1)?(?:\.\d*)?$/.test(text) && text !== '' && text !== '.' ? Math.min(Number(text), 1) : 1
}

function qualityOf(type: string, ranges: readonly MediaRange[]): { readonly quality: number; readonly named: boolean } {
  const family = `${type.slice(0, type.indexOf('/'))}/*`
  for (const range of [type, family, '*/*']) {
    const found = ranges.filter((one) => one.type === range).map(({ quality }) => quality)
    if (found.length > 0) return { quality: Math.max(...found), named: range === type }
  }
  return { quality: 0, named: false }
}

/** Whether a client reads answers that are streams of events. */
export function takesEvents(request: Request): boolean {
  const accept = request.headers.get('accept')
  const ranges = rangesIn(accept ?? '')
  return ranges.length === 0 || qualityOf(eventsType, ranges).quality > 0
}

export function notAcceptable(): Response {
  const message = `Not Acceptable: answers are ${jsonType} or ${eventsType}`
  return Response.json({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }, { status: 406 })
}

const isType = (response: Response, type: string): boolean =>
  response.headers.get('content-type')?.split(';')[0]?.trim() === type

/** The responses among a stream's events, one or the list of a batch's; notifications have no place in a document. */
async function asJson(response: Response): Promise<Response> {
  if (!isType(response, eventsType)) return response
  const messages = (await response.text()).split(/\n\n/).flatMap((event) => {
    const data = event.split('\n').flatMap((line) => (line.startsWith('data:') ? [line.slice(5).trimStart()] : []))
    return data.join('') === '' ? [] : [data.join('\n')]
  })
  const answers = messages.filter((text) => {
    const message: object = JSON.parse(text)
    return 'result' in message || 'error' in message
  })
  const [only] = answers
  return new Response(answers.length === 1 ? only : `[${answers.join(',')}]`, {
    headers: { 'content-type': jsonType }
  })
}

/** One JSON document as a stream of one event. */
async function asEvents(response: Response): Promise<Response> {
  if (!isType(response, jsonType)) return response
  return new Response(`event: message\ndata: ${await response.text()}\n\n`, {
    headers: { 'content-type': eventsType, 'cache-control': 'no-cache, no-transform' }
  })
}
