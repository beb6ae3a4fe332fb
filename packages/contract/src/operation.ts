/**
 * The words in which `generated/` describes Twilio's APIs and our own: one `Operation` per method and path, with everything that
 * parsing, routing and serializing need, so that nobody writes a route or a response shape by hand.
 */

/** What a parameter's text means. See `Parameter.type` for the value that a handler receives. */
export type ParameterType =
  | 'string'
  | 'sid'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date-time'
  | 'date'
  | 'json'
  | 'json-text'

export type ParameterPlace = 'path' | 'query' | 'form' | 'header'

export interface Parameter {
  /** As on the wire: `MessagingBinding.ProxyAddress`. */
  readonly wire: string
  /** As everywhere else: `messaging_binding_proxy_address`. */
  readonly name: string
  readonly in: ParameterPlace
  /**
   * The handler receives: string and sid: text; integer, number, boolean: that; date-time: integer milliseconds;
   * date: the text `YYYY-MM-DD`; json and json-text: the text as it came, which is known to parse. Empty text is absent for
   * json, and `{}` for json-text.
   */
  readonly type: ParameterType
  readonly required?: true
  /** The key may come several times; the handler receives an array. */
  readonly repeated?: true
  /**
   * One value may hold several, with commas or blanks between them (only with `repeated`). So it is for values that can
   * hold neither, SIDs and those of an enum, without being said.
   */
  readonly several?: true
  /** The values may come in any letter case; the handler receives the spelling of the enum. */
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly min?: number
  readonly max?: number
  /** Of the text, in UTF-16 code units. */
  readonly maxLength?: number
  /** json and json-text: the value must be a JSON object. */
  readonly object?: true
  /** Empty text or the literal `null` means null, which the handler receives (only for types other than string). */
  readonly clearable?: true
  /** Twilio's number for text that is no value, where the product has one of its own; 20001 otherwise. */
  readonly code?: number
  /** What is expected, in the words of a refusal, where it is not said by the type and its bounds: `an integer from 1 to 1000`. */
  readonly expected?: string
  /** Other wire names that documentation pages and older clients use. */
  readonly aliases?: readonly string[]
}

/**
 * `date-time` shows seconds, as Twilio's APIs do, and `date-time-2822` shows them as the API of 2010 does (RFC 2822);
 * `date-time-ms` shows milliseconds, as ours does. `instants`: an object
 * whose members are instants (absent ones stay absent). `json`: anything.
 */
export type PropertyType =
  | 'string'
  | 'sid'
  | 'integer'
  | 'number'
  | 'boolean'
  | 'date-time'
  | 'date-time-ms'
  | 'date-time-2822'
  | 'uri'
  | 'links'
  | 'array'
  | 'instants'
  | 'json'

export interface Property {
  readonly name: string
  readonly type: PropertyType
  readonly nullable?: true
  readonly enum?: readonly string[]
  readonly pattern?: string
  /** Marked as personal or otherwise sensitive by the API's description; the marks are incomplete. */
  readonly sensitive?: true
  /** What a row that lacks it shows; null otherwise. */
  readonly default?: number
  /** array: of what. */
  readonly items?: Omit<Property, 'name'>
  /** json: the members of an object that is described. Its handler answers them as they are shown, instants as text. */
  readonly properties?: readonly Property[]
  /** Of such a member: it may be absent. */
  readonly optional?: true
}

export interface Schema {
  /** The TypeScript interface's name: `TaskrouterV1Task`. */
  readonly name: string
  /** In the order in which they appear in an answer. */
  readonly properties: readonly Property[]
}

/** A path with the row's fields in braces: `/v1/Workspaces/{workspace_sid}/Tasks/{sid}`. */
export type PathTemplate = string

/** `ringdown` is ours. */
export type Product =
  | 'taskrouter'
  | 'conversations'
  | 'flex-api'
  | 'studio'
  | 'events'
  | 'api'
  | 'messaging'
  | 'content'
  | 'iam'
  | 'monitor'
  | 'mcs'
  | 'ringdown'
export type Verb = 'list' | 'fetch' | 'create' | 'update' | 'delete'
export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export interface Operation {
  /** `taskrouter_v1.CreateTask`. Unique. */
  readonly id: string
  /** The file that it comes from: `taskrouter_v1`. */
  readonly api: string
  /** The host label, which is also the path prefix: `taskrouter`. */
  readonly product: Product
  readonly method: Method
  /** `/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}`. Unique together with product and method. */
  readonly path: string
  /** What may follow the path, as it does in the API of 2010: its lists have another envelope, and their URIs are paths. */
  readonly extension?: '.json'
  readonly verb: Verb
  /** The resource's noun: `task`, `service_conversation_message`. */
  readonly resource: string
  /** The ancestors' path parameters, outermost first: `['workspace_sid']`. */
  readonly parents: readonly string[]
  /** The path parameter that names the row itself, where the path ends in one: `sid`. */
  readonly own: string | null
  readonly parameters: readonly Parameter[]
  /** The body is JSON (a form is accepted too); its members reach the handler as they are. */
  readonly json?: true
  /** The HTTP status of success. */
  readonly status: number
  /** Other statuses of success that the description allows. */
  readonly otherStatuses?: readonly number[]
  /** Of the answer, or of one item of a list. Null where the answer has no body. */
  readonly schema: Schema | null
  /** The name of the array in a list's answer. */
  readonly listKey: string | null
  /**
   * How long a page is by default and at most; null where the operation has no pages. `strict`: a size below 1 is refused,
   * where other lists raise it.
   */
  readonly page: { readonly size: number; readonly max: number; readonly strict?: true } | null
  /** Parameters of the query that the operation does not have are refused, where others ignore them. */
  readonly closed?: true
  /** Whatever comes as a body is let be: there is nothing to be said in it. */
  readonly ignoresBody?: true
  /** The body of the request, or of the answer, is a file as it is. */
  readonly bytes?: 'in' | 'out'
  /** The answer may come late, on purpose: it waits for something to happen. */
  readonly waits?: true
  /** Where `url` of a row leads. */
  readonly url: PathTemplate | null
  /** Where `links` of a row lead. A link with a field that is null is null. */
  readonly links: Readonly<Record<string, PathTemplate>> | null
}

/** `meta` of a list's answer. */
export interface Meta {
  page: number
  page_size: number
  first_page_url: string
  previous_page_url: string | null
  url: string
  next_page_url: string | null
  key: string
}

/** A resource as the server has it: instants `D` are integer milliseconds, `url` and `links` are made by the serializer. */
export type Row<T, D extends keyof T = never> = {
  readonly [K in Exclude<keyof T, D | 'url' | 'links'>]?: T[K] | null | undefined
} & { readonly [K in D]?: number | null | undefined }
