import { operations } from '@ringdown/contract/generated/operations'
import type { Operation, Parameter } from '@ringdown/contract/operation'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Ledger } from '../commit/ledger.ts'
import { Served, served } from '../http/fixture.ts'
import { implemented } from './registry.ts'

/** Every derived operation that changes something; the workspace and the service are needed until the end. */
const writing = operations.filter(
  ({ id, verb }) =>
    implemented.get(id) === 'derived' &&
    verb !== 'fetch' &&
    verb !== 'list' &&
    id !== 'taskrouter_v1.DeleteWorkspace' &&
    id !== 'conversations_v1.DeleteService'
)

let server: Served
let workspace_sid: string
let service_sid: string
const executed: Readonly<Record<string, unknown>>[] = []

beforeAll(async () => {
  const named: { ledger?: Ledger } = {}
  server = await Served.open({ ledger: (sid) => (sid === served.account_sid ? named.ledger : undefined) })
  const { account } = server
  named.ledger = new Proxy(account, {
    get(target, name) {
      const member = Reflect.get(target, name)
      if (typeof member !== 'function') return member
      return (...given: unknown[]) => {
        if (name === 'execute') executed.push(given[0] as Readonly<Record<string, unknown>>) // its first is a command
        return Reflect.apply(member, target, given)
      }
    }
  })
  await account.execute({ type: 'flex.setup' })
  workspace_sid = (await account.execute({ type: 'workspace.create', friendly_name: 'Floor' })).workspace.sid
  const { conversation_configuration } = await account.execute({ type: 'conversations.setup' })
  service_sid = conversation_configuration.default_chat_service_sid
})
afterAll(() => server.close())

/** A value that the contract takes. */
function textFor({ pattern = '', type, enum: values, min }: Pick<Parameter, 'pattern' | 'type' | 'enum' | 'min'>) {
  const prefix = /^\^\(?([A-Za-z]+)(?:\|[A-Z]+\))?\[/.exec(pattern)?.[1] ?? ''
  if (prefix === 'WS') return workspace_sid
  if (prefix === 'AC') return served.account_sid
  if (prefix === 'IS') return service_sid
  if (pattern.startsWith('^flex_')) return `flex_interactionwebhook_${'0'.repeat(26)}`
  if (prefix !== '') return prefix + '0'.repeat(32)
  if (values) return values[0] ?? ''
  if (type === 'integer' || type === 'number') return String(min ?? 1)
  if (type === 'boolean') return 'true'
  if (type === 'json' || type === 'json-text') return '{}'
  return type === 'date-time' ? '2026-03-02T09:00:00Z' : 'x'
}

/** What nobody may say of a command: whose it is, what it is, and when. */
const strange = ['type', 'actor', 'source', 'client_identity', 'at', 'seed', 'account_sid', 'reads', 'conversation']

/** Asks with all that is declared, and with what is not; answers the commands that came of it. */
async function commandsOf({ id, product, method, path, parameters, json }: Operation) {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, wire: string) =>
    textFor(parameters.find((one) => one.in === 'path' && one.wire === wire) ?? { type: 'string' })
  )
  const of = (place: string) =>
    parameters.filter((one) => one.in === place).map((one): [string, string] => [one.wire, textFor(one)])
  const declared = new Set(parameters.flatMap(({ name, wire, aliases = [] }) => [name, wire, ...aliases]))
  const more = strange
    .flatMap((name) => [name, name.charAt(0).toUpperCase() + name.slice(1)])
    .filter((name) => !declared.has(name))
    .map((name): [string, string] => [name, 'workspace.delete'])
  const form = [...of('form'), ...more]
  const body = method === 'GET' || method === 'DELETE' ? undefined : form
  const text = json ? JSON.stringify(Object.fromEntries(form)) : String(new URLSearchParams(form))
  const type = json ? 'application/json' : 'application/x-www-form-urlencoded'
  const query = new URLSearchParams([...of('query'), ...more])
  executed.length = 0
  const { status } = await server.ask(method, `/${product}${filled}?${query}`, body && text, { 'content-type': type })
  expect(status, id).not.toBe(500)
  return [...executed]
}

describe('an operation whose handler is derived', () => {
  it('makes a command of its own type, of what its contract declares and nothing else', async () => {
    const types = new Map<string, string>()
    for (const operation of writing) {
      const { id, parameters } = operation
      const names = new Set(parameters.map(({ name }) => name))
      for (const command of await commandsOf(operation)) {
        types.set(id, String(command.type))
        expect(command.type, id).toMatch(/^[a-z_]+\.[a-z_]+$/)
        const undeclared = strange.filter((name) => name !== 'type' && name in command && !names.has(name))
        expect(undeclared, `${id} executes ${command.type}`).toEqual([])
        const said = Object.entries(command).filter(([, value]) => value === 'workspace.delete')
        expect(said, `${id} executes ${command.type}`).toEqual([])
      }
    }
    // Most get as far as their command; the others are refused before (a parent that is not there).
    expect(types.size).toBeGreaterThan(writing.length / 2)
    expect([...types.values()]).not.toContain('workspace.delete')
  })
})
