import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type InputRequiredResult,
  inputRequired,
  type McpServer,
  ResourceTemplate,
  type ServerContext,
  type StandardSchemaWithJSON
} from '@modelcontextprotocol/server'
import { requestStates } from '@ringdown/mcp/confirmation'

/** A red pixel, and a silent moment. */
const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg=='
const wav = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAAAAA=='
const text = (words: string) => ({ type: 'text' as const, text: words })
const embedded = (uri: string, words: string) => ({
  type: 'resource' as const,
  resource: { uri, mimeType: 'text/plain', text: words }
})

/** A schema that is shown as it is, and lets everything pass that has what is required. */
function schemaOf(schema: { readonly required?: readonly string[]; readonly [keyword: string]: unknown }) {
  const { required = [] } = schema
  const shown: StandardSchemaWithJSON = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) => {
        const missing = required.filter((name) => Object(value)[name] === undefined)
        return missing.length === 0 ? { value } : { issues: missing.map((name) => ({ message: `${name} is missing` })) }
      },
      jsonSchema: { input: () => schema, output: () => schema }
    }
  }
  return shown
}

const shown = (properties: Readonly<Record<string, object>>) => schemaOf({ type: 'object', properties })

/** What the official suite wants to find on a server, by the names that it documents. */
export function suiteFixture(server: McpServer): readonly string[] {
  const tool = (name: string, description: string, content: readonly object[], isError = false) =>
    server.registerTool(name, { description, inputSchema: shown({}) }, () => ({
      content: content as ReturnType<typeof text>[], // of any kind
      ...(isError && { isError })
    }))
  tool('test_simple_text', 'Answers text', [text('This is a simple text response for testing.')])
  tool('test_image_content', 'Answers an image', [{ type: 'image', data: png, mimeType: 'image/png' }])
  tool('test_audio_content', 'Answers audio', [{ type: 'audio', data: wav, mimeType: 'audio/wav' }])
  tool('test_embedded_resource', 'Answers a resource', [
    embedded('test://embedded-resource', 'This is an embedded resource content.')
  ])
  tool('test_multiple_content_types', 'Answers all of them', [
    text('Multiple content types test:'),
    { type: 'image', data: png, mimeType: 'image/png' },
    embedded('test://mixed-content-resource', '{"test":"data","value":123}')
  ])
  tool('test_error_handling', 'Fails', [text('This tool intentionally returns an error for testing')], true)
  server.registerTool(
    'test_tool_with_progress',
    { description: 'Tells how far it is', inputSchema: shown({}) },
    async (_args: unknown, { mcpReq }: ServerContext) => {
      const progressToken = mcpReq._meta?.progressToken
      if (progressToken !== undefined)
        for (const progress of [0, 50, 100])
          await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } })
      return { content: [text('done')] }
    }
  )
  schemas(server)
  prompts(server)
  resources(server)
  questions(server)
  lasting(server)
  return ['test://watched-resource']
}

/** Keywords of JSON Schema that have to be shown as they were written, and an argument that comes in a header as well. */
function schemas(server: McpServer): void {
  const text = { type: 'string' }
  const done = () => ({ content: [{ type: 'text' as const, text: 'done' }] })
  const dialect = schemaOf({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: text, city: text } } },
    properties: {
      name: text,
      address: { $ref: '#/$defs/address' },
      contactMethod: { type: 'string', enum: ['phone', 'email'] },
      phone: text,
      email: text
    },
    allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
    if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: { required: ['phone'] },
    else: { required: ['email'] },
    additionalProperties: false
  })
  server.registerTool('json_schema_2020_12_tool', { description: 'Shows keywords', inputSchema: dialect }, done)
  const inHeaders = schemaOf({
    type: 'object',
    properties: { region: { ...text, 'x-mcp-header': 'Region' }, note: { ...text, 'x-mcp-header': 'Note' } },
    required: ['region']
  })
  server.registerTool('test_x_mcp_header', { description: 'Reads headers', inputSchema: inHeaders }, done)
}

function prompts(server: McpServer): void {
  const user = (content: object) => ({
    messages: [{ role: 'user' as const, content: content as ReturnType<typeof text> }]
  }) // of any kind
  server.registerPrompt('test_simple_prompt', { description: 'Simple' }, () =>
    user(text('This is a simple prompt for testing.'))
  )
  const named = { arg1: { type: 'string' }, arg2: { type: 'string' } }
  server.registerPrompt(
    'test_prompt_with_arguments',
    { description: 'With arguments', argsSchema: shown(named) },
    (values) => {
      const { arg1, arg2 } = Object(values)
      return user(text(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`))
    }
  )
  server.registerPrompt(
    'test_prompt_with_embedded_resource',
    { description: 'With a resource', argsSchema: shown({ resourceUri: { type: 'string' } }) },
    (values) => user(embedded(String(Object(values).resourceUri), 'Embedded resource content for testing.'))
  )
  server.registerPrompt('test_prompt_with_image', { description: 'With an image' }, () =>
    user({ type: 'image', data: png, mimeType: 'image/png' })
  )
}

function resources(server: McpServer): void {
  server.registerResource('static-text', 'test://static-text', { mimeType: 'text/plain' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }]
  }))
  server.registerResource('static-binary', 'test://static-binary', { mimeType: 'image/png' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'image/png', blob: png }]
  }))
  const template = new ResourceTemplate('test://template/{id}/data', { list: undefined })
  server.registerResource('template', template, { mimeType: 'application/json' }, ({ href: uri }, { id }) => ({
    contents: [{ uri, mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true }) }]
  }))
}

const name = { type: 'object' as const, properties: { name: { type: 'string' as const } }, required: ['name'] }
const ask = (message: string) => inputRequired.elicit({ message, requestedSchema: name })
const sample = () =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text: 'What is the capital of France?' } }],
    maxTokens: 100
  })

type Responses = Readonly<Record<string, unknown>> | undefined
type Asked = (
  responses: Responses,
  context: ServerContext
) => InputRequiredResult | Promise<InputRequiredResult | string> | string

function questions(server: McpServer): void {
  const tool = (suffix: string, run: Asked) =>
    server.registerTool(
      `test_input_required_result_${suffix}`,
      { description: 'Asks first', inputSchema: shown({}) },
      async (_args: unknown, context: ServerContext) => {
        const answer = await run(context.mcpReq.inputResponses, context)
        return typeof answer === 'string' ? { content: [text(answer)] } : answer
      }
    )
  tool('elicitation', (given) => {
    const content = acceptedContent<{ name?: string }>(given, 'user_name')
    return content?.name
      ? `Hello, ${content.name}!`
      : inputRequired({ inputRequests: { user_name: ask('What is your name?') } })
  })
  tool('sampling', (given) =>
    given?.capital_question
      ? JSON.stringify(given.capital_question)
      : inputRequired({ inputRequests: { capital_question: sample() } })
  )
  tool('list_roots', (given) =>
    given?.client_roots
      ? JSON.stringify(given.client_roots)
      : inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } })
  )
  tool('request_state', async (given) =>
    given?.confirm
      ? 'state-ok'
      : inputRequired({
          inputRequests: { confirm: ask('Please confirm') },
          requestState: await requestStates.mint('1')
        })
  )
  tool('multiple_inputs', async (given) =>
    given?.user_name && given.greeting && given.client_roots
      ? 'all three have come'
      : inputRequired({
          inputRequests: {
            user_name: ask('What is your name?'),
            greeting: sample(),
            client_roots: inputRequired.listRoots()
          },
          requestState: await requestStates.mint('1')
        })
  )
  tool('multi_round', async (given) => {
    if (given?.step2) return 'both rounds are over'
    const step = given?.step1 ? 2 : 1
    return inputRequired({
      inputRequests: { [`step${step}`]: ask(`Step ${step}: What is it?`) },
      requestState: await requestStates.mint(String(step))
    })
  })
  tool('tampered_state', async (_given, context) =>
    context.mcpReq.requestState<string>() === undefined
      ? inputRequired({
          inputRequests: { confirm: ask('Please confirm') },
          requestState: await requestStates.mint('1')
        })
      : 'state-ok'
  )
  tool('capabilities', async (_given, { mcpReq: { envelope } }) => {
    const declared = Object(Object(envelope)[CLIENT_CAPABILITIES_META_KEY])
    return inputRequired({
      inputRequests: {
        ...(declared.elicitation && { user_name: ask('What is your name?') }),
        ...(declared.sampling && { greeting: sample() })
      },
      requestState: await requestStates.mint('1')
    })
  })
  server.registerPrompt('test_input_required_result_prompt', { description: 'Asks first' }, ({ mcpReq }) => {
    const { context } = Object(acceptedContent(mcpReq.inputResponses, 'user_context') ?? {})
    if (context !== undefined) return { messages: [{ role: 'user' as const, content: text(`With ${context}`) }] }
    const requestedSchema = {
      type: 'object' as const,
      properties: { context: { type: 'string' as const } },
      required: ['context']
    }
    const user_context = inputRequired.elicit({ message: 'What context should the prompt use?', requestedSchema })
    return inputRequired({ inputRequests: { user_context } })
  })
  const diagnostic = (name: string) =>
    server.registerTool(name, { description: 'Diagnostic', inputSchema: shown({}) }, () => ({
      content: [text('done')]
    }))
  diagnostic('test_logging_tool')
  diagnostic('test_streaming_elicitation')
  // A question that the client cannot be asked is refused before it leaves.
  server.registerTool('test_missing_capability', { description: 'Samples', inputSchema: shown({}) }, () =>
    inputRequired({ inputRequests: { sample: sample() } })
  )
}

const one = ['option1', 'option2', 'option3']
const [first, second] = [
  { const: 'value1', title: 'First' },
  { const: 'value2', title: 'Second' }
]

/** Forms that the suite looks at: with values to begin with, and with choices of every kind. */
const forms = {
  test_elicitation: {
    username: { type: 'string', description: 'A name' },
    email: { type: 'string', description: 'An address' }
  },
  test_elicitation_sep1034_defaults: {
    name: { type: 'string', default: 'John Doe' },
    age: { type: 'integer', default: 30 },
    score: { type: 'number', default: 95.5 },
    status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
    verified: { type: 'boolean', default: true }
  },
  test_elicitation_sep1330_enums: {
    untitledSingle: { type: 'string', enum: one },
    titledSingle: { type: 'string', oneOf: [first, second] },
    legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['One', 'Two'] },
    untitledMulti: { type: 'array', items: { type: 'string', enum: one } },
    titledMulti: { type: 'array', items: { anyOf: [first, second] } }
  }
} as const

/** What the suite wants of a connection that lasts: log messages, questions, a stream that ends before its answer. */
function lasting(server: McpServer): void {
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
  server.registerTool(
    'test_tool_with_logging',
    { description: 'Tells what it does', inputSchema: shown({}) },
    async (_args: unknown, { mcpReq }: ServerContext) => {
      for (const step of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
        await mcpReq.log('info', step)
        await wait(50)
      }
      return { content: [text('done')] }
    }
  )
  server.registerTool(
    'test_sampling',
    { description: 'Samples', inputSchema: shown({ prompt: { type: 'string' } }) },
    (args: unknown, { mcpReq: { inputResponses } }: ServerContext) => {
      if (inputResponses?.answer) return { content: [text(`LLM response: ${JSON.stringify(inputResponses.answer)}`)] }
      const prompt = String(Object(args).prompt)
      const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: prompt } }]
      return inputRequired({ inputRequests: { answer: inputRequired.createMessage({ messages, maxTokens: 100 }) } })
    }
  )
  for (const [name, properties] of Object.entries(forms))
    server.registerTool(
      name,
      { description: 'Asks', inputSchema: shown({ message: { type: 'string' } }) },
      (args: unknown, { mcpReq: { inputResponses } }: ServerContext) => {
        if (inputResponses?.form) return { content: [text(`User response: ${JSON.stringify(inputResponses.form)}`)] }
        const { message = 'Please fill in' } = Object(args)
        const requestedSchema = { type: 'object' as const, properties: { ...properties }, required: [] } as never // forms of all kinds
        return inputRequired({ inputRequests: { form: inputRequired.elicit({ message, requestedSchema }) } })
      }
    )
  server.registerTool(
    'test_reconnection',
    { description: 'Ends its stream, and answers on the next one', inputSchema: shown({}) },
    async (_args: unknown, { http }: ServerContext) => {
      http?.closeSSE?.()
      await wait(100)
      return { content: [text('done')] }
    }
  )
  server.registerResource('watched', 'test://watched-resource', { mimeType: 'text/plain' }, ({ href: uri }) => ({
    contents: [{ uri, mimeType: 'text/plain', text: 'This is watched.' }]
  }))
}
