import { existsSync } from 'node:fs'
import { type OperationId, operations } from '@ringdown/contract/generated/operations'
import { implemented } from '@ringdown/server/operations/registry'
import { expect, test } from 'vitest'
import { parityTable } from './parity.ts'
import { verified } from './verified.ts'

test('the parity table has a row for every operation and says how it is done', () => {
  const table = parityTable(
    new Map([
      ['taskrouter_v1.FetchTask', { how: 'derived' }],
      ['taskrouter_v1.CreateTask', { how: 'written', verified_by: 'test/conformance/task.test.ts' }]
    ])
  )
  expect(table).toContain('| taskrouter_v1 | 61 | 1 | 1 | 59 |')
  expect(table).toContain('| FetchTask | GET `/v1/Workspaces/{WorkspaceSid}/Tasks/{Sid}` | derived |  |')
  expect(table).toContain(
    '| CreateTask | POST `/v1/Workspaces/{WorkspaceSid}/Tasks` | written | `test/conformance/task.test.ts` |'
  )
  expect(table).toContain(
    "| ListInteractionWebhook | GET `/v1/Instances/{InstanceSid}/InteractionWebhooks` (documented, not in Twilio's file) | missing |  |"
  )
  const rows = table.split('\n').filter((line) => /^\| (List|Fetch|Create|Update|Delete)/.test(line))
  expect(rows).toHaveLength(operations.length)
})

test('an implementation of an operation that does not exist is refused', () => {
  expect(() => parityTable(new Map([['taskrouter_v1.EatTask', { how: 'written' }]]))).toThrow(
    'No such operation: taskrouter_v1.EatTask'
  )
})

test('what is verified is implemented, and its test is there', () => {
  for (const [id, file] of Object.entries(verified)) {
    expect({ id, implemented: implemented.has(id) }).toEqual({ id, implemented: true })
    expect({ id, file, isThere: existsSync(new URL(`../${file}`, import.meta.url)) }).toMatchObject({ isThere: true })
  }
})

test('docs/parity.md is what the server does (`npx vitest run tools/parity -u` writes it anew)', async () => {
  const how = new Map(
    [...implemented].map(([id, how]) => {
      const verified_by = verified[id as OperationId] // the registry's ids are OperationIds
      return [id, { how, ...(verified_by !== undefined && { verified_by }) }]
    })
  )
  await expect(parityTable(how)).toMatchFileSnapshot('../docs/parity.md')
})
