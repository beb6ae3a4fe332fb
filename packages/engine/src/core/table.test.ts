import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { flag, integer, kind, type RowOf, text } from './kind.ts'
import { Table } from './table.ts'
import { Timers } from './timers.ts'

const columns = {
  desk: text<string | null>(),
  open: flag(),
  first_at: integer<number | null>(),
  second_at: integer<number | null>()
}
type Ticket = RowOf<typeof columns>

const definition = kind(columns, {
  prefix: 'TI',
  indexes: {
    desk: (row) => row.desk,
    open_by_desk: (row) => (row.open ? row.desk : null),
    rare: (row) => row.desk
  },
  rarelyAsked: ['rare'],
  timers: { first_at: 'timer.first', second_at: 'timer.second' }
})

function ticket(seq: number, columns: Partial<Ticket> = {}): Ticket {
  const row = { sid: `TI${seq}`, seq, version: 0, date_created: 1, date_updated: 1 }
  return { ...row, desk: null, open: true, first_at: null, second_at: null, ...columns }
}

function tickets() {
  const timers = new Timers()
  return { timers, table: new Table<Ticket>('ticket', definition, timers, { at: 0 }) }
}

const sids = (rows: Iterable<Ticket>) => [...rows].map((row) => row.sid)

describe('a table', () => {
  it('makes an index that is rarely asked when it is, and lets go of it when nobody asks any more', () => {
    const { table } = tickets()
    for (let seq = 1; seq <= 3; seq++) table.put(`TI${seq}`, ticket(seq, { desk: seq === 2 ? 'b' : 'a' }))
    const shown = () => [sids(table.by('rare', 'a')), sids(table.by('rare', 'b'))]
    expect(shown()).toEqual([['TI1', 'TI3'], ['TI2']])
    table.put('TI1', ticket(1, { desk: 'b' }))
    table.put('TI3', undefined)
    expect(shown()).toEqual([[], ['TI1', 'TI2']])
    for (let i = 0; i < 2500; i++) table.put('TI2', ticket(2, { desk: i % 2 ? 'a' : 'b' }))
    expect(shown()).toEqual([['TI2'], ['TI1']])
  })

  it('has every index and timer right, whatever is put into it and taken out again', () => {
    const columns = fc.record({
      desk: fc.constantFrom(null, 'a', 'b', 'c'),
      open: fc.boolean(),
      first_at: fc.option(fc.nat(50)),
      second_at: fc.option(fc.nat(50))
    })
    const operation = fc.record({ seq: fc.integer({ min: 1, max: 30 }), columns: fc.option(columns, { freq: 4 }) })
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 150 }), (operations) => {
        const { table, timers } = tickets()
        const plain = new Map<number, Ticket>()
        const seen: [Ticket | undefined, Ticket | undefined][] = []
        table.observe((before, after) => seen.push([before, after]))
        for (const { seq, columns: put } of operations) {
          const before = plain.get(seq)
          const after = put ? ticket(seq, put) : undefined
          const count = seen.length
          table.put(`TI${seq}`, after)
          if (seq % 3 === 0) table.count('rare', 'a') // from then on it is kept
          if (after) plain.set(seq, after)
          else plain.delete(seq)
          expect(seen.slice(count)).toEqual(before || after ? [[before, after]] : [])
        }
        const rows = [...plain.values()].sort((a, b) => a.seq - b.seq)
        expect(table.all()).toEqual(rows)
        expect(table.size).toBe(rows.length)
        for (const desk of ['a', 'b', 'c', 'd']) {
          const mine = rows.filter((row) => row.desk === desk)
          expect([...table.by('desk', desk)]).toEqual(mine)
          expect(table.count('desk', desk)).toBe(mine.length)
          expect(table.firstBy('desk', desk)).toEqual(mine[0])
          expect([...table.by('open_by_desk', desk)]).toEqual(mine.filter((row) => row.open))
          expect([...table.by('rare', desk)]).toEqual(mine)
          for (const after of [undefined, 0, 7, 15, 40]) {
            const later = mine.filter((row) => after === undefined || row.seq > after)
            const earlier = mine.filter((row) => after === undefined || row.seq < after).reverse()
            expect([...table.pageBy('desk', desk, after, false)]).toEqual(later)
            expect([...table.pageBy('desk', desk, after, true)]).toEqual(earlier)
          }
        }
        expect([...table.groups('desk')].every(([, group]) => group.length > 0)).toBe(true)
        const due = rows.flatMap((row) => [row.first_at, row.second_at]).filter((at) => at !== null)
        expect([...timers].map((timer) => timer.due).sort((a, b) => a - b)).toEqual(due.sort((a, b) => a - b))
      }),
      { numRuns: 150 }
    )
  })

  it('orders timers of one instant by the rows’ age, then by their columns', () => {
    const { table, timers } = tickets()
    table.put('TI2', ticket(2, { first_at: 5, second_at: 4 }))
    table.put('TI1', ticket(1, { second_at: 5, first_at: 5 }))
    const order: string[] = []
    for (let timer = timers.next; timer; timer = timers.next) {
      order.push(`${timer.due} ${timer.sid} ${timer.command}`)
      timers.remove(timer)
    }
    expect(order).toEqual(['4 TI2 timer.second', '5 TI1 timer.first', '5 TI1 timer.second', '5 TI2 timer.first'])
  })

  it('lets go of a row whose second timer alone has ever been set', () => {
    const { table, timers } = tickets()
    table.put('TI1', ticket(1, { second_at: 9 }))
    table.put('TI1', undefined)
    expect([timers.length, table.size]).toEqual([0, 0])
  })

  it('copies a row with some columns changed; undefined leaves one, null clears it', () => {
    const { table } = tickets()
    const row = ticket(3, { desk: 'a', first_at: 5 })
    const changes = { desk: undefined, first_at: null, stray: 1 } as unknown as Partial<Ticket>
    expect(table.copy(row, changes, 1, 7)).toEqual({ ...row, first_at: null, version: 1, date_updated: 7 })
    expect(table.copy(row, { date_updated: 6 }, 1, 7).date_updated).toBe(6)
    expect(row.first_at).toBe(5)
  })

  it('knows its indexes', () => {
    const { table } = tickets()
    table.put('TI1', ticket(1, { desk: 'a' }))
    expect(() => sids(table.by('floor', 'a'))).toThrow('invariant: ticket has an index floor')
  })
})
