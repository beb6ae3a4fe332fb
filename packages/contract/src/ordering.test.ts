import { InvalidRequest } from '@ringdown/contract/form'
import { orderingOf } from '@ringdown/contract/ordering'
import { expect, test } from 'vitest'

const columns = { DateCreated: 'date_created', Priority: 'priority' } as const
const up = (column: string) => ({ column, descending: false })
const down = (column: string) => ({ column, descending: true })

test.each([
  [undefined, []],
  ['', []],
  [' ', []],
  ['Priority', [up('priority')]],
  ['Priority:asc', [up('priority')]],
  ['Priority:ASC', [up('priority')]],
  ['priority:Desc', [down('priority')]],
  ['Priority:DESC, DateCreated', [down('priority'), up('date_created')]]
])('the ordering %j', (text, sorted) => {
  expect(orderingOf(text, columns)).toEqual(sorted)
})

test.each(['Age', 'Priority:up', 'Priority:asc:desc', 'Priority,', 'Priority,Priority:desc', ':asc'])(
  'the ordering %j is refused by name and value',
  (text) => {
    const act = () => orderingOf(text, columns)
    expect(act).toThrow(InvalidRequest)
    expect(act).toThrow(`'${text}'`)
  }
)
