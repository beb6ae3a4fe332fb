import { operations } from '@ringdown/contract/generated/operations'
import { implemented } from '@ringdown/server/operations/registry'
import { expect, test } from 'vitest'
import { parityTable } from './parity.ts'

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

test('docs/parity.md is what the server does (`npm test -- -u tools/parity` writes it anew)', async () => {
  const how = new Map([...implemented].map(([id, how]) => [id, { how }]))
  await expect(parityTable(how)).toMatchFileSnapshot('../docs/parity.md')
})
