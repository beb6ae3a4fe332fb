import type { WorkerRow } from '@ringdown/engine/routing/rows'
import { World } from '@ringdown/engine/testing/world'
import { describe, expect, it } from 'vitest'
import { askedInPieces, charactersAtOnce } from './pieces.ts'

/** Ten workers, of whom a test is asked whether their number is even; `asked` says of whom so far. */
function floor() {
  const world = new World()
  for (let i = 0; i < 10; i++) world.addWorker(`w${i}`)
  const table = world.state.tables.worker
  const asked: string[] = []
  const test = ({ friendly_name }: WorkerRow) => {
    asked.push(friendly_name)
    return Number(friendly_name.slice(1)) % 2 === 0
  }
  return { world, table, rows: table.all(), asked, test }
}

describe('a long question', () => {
  it('is asked in pieces, and others have their turn between them', async () => {
    const { table, rows, asked, test } = floor()
    const turns: number[] = []
    const other = () => {
      turns.push(asked.length)
      if (asked.length < 10) setImmediate(other)
    }
    setImmediate(other)
    const suits = await askedInPieces({ table, rows, length: () => charactersAtOnce / 2, test })
    // Two of them: whatever comes between one turn of the loop and the next is looked at in each pause.
    expect(turns.slice(0, 9)).toEqual([2, 2, 4, 4, 6, 6, 8, 8, 10])
    expect(rows.filter(suits).map(({ friendly_name }) => friendly_name)).toEqual(['w0', 'w2', 'w4', 'w6', 'w8'])
    expect(asked).toHaveLength(10)
  })

  it('is asked anew of who has changed meanwhile, and not of who has left', async () => {
    const { world, table, rows, asked, test } = floor()
    setImmediate(() => {
      world.do({ type: 'worker.delete', workspace_sid: world.workspace_sid, sid: world.worker('w9').sid })
      world.do({
        type: 'worker.update',
        workspace_sid: world.workspace_sid,
        sid: world.worker('w1').sid,
        friendly_name: 'w12'
      })
    })
    const suits = await askedInPieces({ table, rows, length: () => charactersAtOnce, test })
    expect(
      table
        .all()
        .filter(suits)
        .map(({ friendly_name }) => friendly_name)
    ).toContain('w12')
    expect(asked).not.toContain('w9')
  })

  it('that is short is not asked beforehand', async () => {
    const { table, rows, asked, test } = floor()
    await askedInPieces({ table, rows, length: () => 100, test })
    expect(asked).toEqual([])
  })
})
