import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { describe, expect, it } from 'vitest'
import { type Definition, definitionOf } from './definitions.ts'
import { allTools, seedTools } from './tools/all.ts'

const full = allTools.map((tool) => definitionOf(tool)).filter((one) => one !== undefined)
const reading = allTools.map((tool) => definitionOf(tool, true)).filter((one) => one !== undefined)

/** Keywords that some client refuses, with all tools of the server (mcp-tools 1). */
const refusedKeywords = [
  'oneOf',
  'anyOf',
  'allOf',
  'not',
  '$ref',
  '$defs',
  '$schema',
  'const',
  'format',
  'pattern',
  'maxItems',
  'additionalProperties'
]

interface Schema {
  readonly type?: unknown
  readonly properties?: Readonly<Record<string, Schema>>
  readonly items?: Schema
  readonly required?: readonly string[]
  readonly enum?: readonly string[]
}

/** Every schema inside a schema, with its place. */
function* within(schema: Schema, place: string): Generator<readonly [string, Schema]> {
  yield [place, schema]
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* within(property, `${place}.${name}`)
  if (schema.items) yield* within(schema.items, `${place}[]`)
}

const schemasOf = (definition: Definition) => [
  ...within(definition.inputSchema as Schema, definition.name), // what definitionOf makes
  ...within(definition.outputSchema as Schema, `${definition.name} result`)
]

describe.each([
  ['all tools', full],
  ['the read-only projection', reading]
])('the definitions of %s, as every client accepts them', (_name, definitions) => {
  it('have names and properties that the strictest client takes', () => {
    for (const { name, inputSchema } of definitions) {
      expect(name).toMatch(/^[a-z_]{1,40}$/)
      for (const property of Object.keys((inputSchema as Schema).properties ?? {}))
        expect(property).toMatch(/^[a-zA-Z0-9_.-]{1,64}$/)
    }
  })

  it('are plain objects at the root, one type each, lists with items, and no keyword that a client refuses', () => {
    for (const [place, schema] of definitions.flatMap(schemasOf)) {
      expect(typeof schema.type, place).toBe('string')
      expect(
        Object.keys(schema).filter((key) => refusedKeywords.includes(key)),
        place
      ).toEqual([])
      if (schema.type === 'array') expect(schema.items?.type, place).toBeTypeOf('string')
    }
    for (const { inputSchema, outputSchema } of definitions)
      expect([inputSchema.type, outputSchema.type]).toEqual(['object', 'object'])
  })

  it('require only what they publish', () => {
    for (const { inputSchema } of definitions) {
      const { required = [], properties = {} } = inputSchema as Schema
      expect(required.filter((name) => !(name in properties))).toEqual([])
    }
  })

  it('carry a title, all four hints and a description of at most 300 characters', () => {
    for (const { name, title, description, annotations } of definitions) {
      expect(title.length, name).toBeGreaterThan(3)
      expect(description.length, name).toBeLessThanOrEqual(300)
      expect(
        Object.values(annotations).every((hint) => typeof hint === 'boolean') && Object.keys(annotations).length,
        name
      ).toBe(4)
    }
  })

  it('stay as they are until somebody changes them knowingly', async () => {
    await expect(`${JSON.stringify(definitions, null, 1)}\n`).toMatchFileSnapshot(
      `./__snapshots__/${definitions === full ? 'definitions' : 'definitions-read-only'}.json`
    )
  })
})

describe('what a model pays to see the tools', () => {
  const tokensOf = (definitions: readonly Definition[]) =>
    definitions
      .map(({ name, description, inputSchema }) => JSON.stringify({ name, description, inputSchema }))
      .reduce((sum, text) => sum + encode(text).length, 0)

  it('is at most 5,000 tokens of names, descriptions and inputs for the sixteen, and 32,000 bytes with the results', () => {
    const seed = full.slice(0, seedTools.length)
    expect(seed).toHaveLength(16)
    expect(tokensOf(seed)).toBeLessThanOrEqual(5000)
    expect(Buffer.byteLength(JSON.stringify({ tools: seed }))).toBeLessThanOrEqual(32_000)
  })

  it('is at most 6,200 tokens for all of them', () => {
    expect(tokensOf(full)).toBeLessThanOrEqual(6200)
  })

  it('is some 230 tokens for waiting', () => {
    expect(tokensOf(full.filter(({ name }) => name === 'wait_for_events'))).toBeLessThanOrEqual(270)
  })
})

describe('the hints', () => {
  it('tell the worst action of a tool', () => {
    for (const { name, actions, hints } of allTools) {
      const writes = Object.values(actions).some((action) => action.write)
      const destroys = Object.keys(actions).some((action) =>
        ['delete', 'remove', 'close', 'cancel', 'update', 'end_execution', 'apply', 'undo'].includes(action)
      )
      expect(hints.readOnlyHint, name).toBe(!writes)
      expect(hints.destructiveHint, name).toBe(destroys || name.startsWith('update_'))
    }
  })

  it('say read-only of everything in the projection, where no write is left', () => {
    expect(reading.map((definition) => definition.name)).not.toContain('create_interaction')
    expect(reading.map((definition) => definition.name)).not.toContain('send_conversation_message')
    expect(reading).toHaveLength(20)
    for (const { annotations, inputSchema } of reading) {
      expect(annotations.readOnlyHint).toBe(true)
      const actions = (inputSchema as Schema).properties?.action?.enum ?? []
      expect(actions.filter((action) => !/^(list|get|validate|deliveries)(_|$)/.test(action))).toEqual([])
    }
  })
})

describe('the table of a tool', () => {
  it('uses every argument in some action, and names only arguments that it has', () => {
    for (const tool of allTools) {
      const used = Object.values(tool.actions).flatMap((action) => [
        ...(action.required ?? []),
        ...(action.optional ?? [])
      ])
      const refused = Object.values(tool.actions).flatMap((action) => [
        ...Object.keys(action.unused ?? {}),
        ...(action.change ?? [])
      ])
      expect(
        [...used, ...refused].filter((name) => !(name in tool.arguments)),
        tool.name
      ).toEqual([])
      expect(
        Object.keys(tool.arguments).filter((name) => !['action', 'workspaceSid', ...used].includes(name)),
        tool.name
      ).toEqual([])
      expect(tool.arguments.action?.enum ?? ['call'], tool.name).toEqual(
        expect.arrayContaining(Object.keys(tool.actions))
      )
    }
  })
})
