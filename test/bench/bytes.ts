import { statSync } from 'node:fs'
import { join } from 'node:path'
import { coldKinds } from '@ringdown/server/commit/kinds'
import { schema } from '@ringdown/server/schema'
import { openSqlite } from '@ringdown/server/store/sqlite'
import type { Store } from '@ringdown/server/store/store'
import { coldTable } from '@ringdown/server/store/tables'
import { Batches } from './batches.ts'
import { temporaryFolder } from './lifetime.ts'
import { atMost, count, type Figure, type Measured } from './measured.ts'

const shape = { workers: 1000, queues: 50 }
/** Lifecycles until as many finished tasks go as come, and those that are measured. */
const before = 1_500
const measured = 3_000
/** Lifecycles after which finished tasks are looked for whose time is over. */
const forgetAfter = 64
const target = 4_096
const bytes = (value: number) => `${count(value)} bytes`

/** What a lifecycle leaves on the disk, when batches are full and when they are small. */
export async function measure(): Promise<Measured> {
  const figures: Figure[] = []
  for (const decisions of [64, 4, 1]) {
    const what = `SQLite: a lifecycle, batches of ${decisions}`
    const value = await grown(decisions)
    figures.push(decisions === 1 ? { what, figure: bytes(value) } : atMost(what, value, target, bytes))
  }
  return {
    figures,
    how: `By how much the file grows over ${count(measured)} lifecycles of the row \`engine\`, closed before and after; of finished tasks as many go as come. 300 contacts a second make batches of about four decisions; one decision a batch is a center at night.`
  }
}

async function grown(decisions: number): Promise<number> {
  const path = join(temporaryFolder(), 'store.sqlite')
  const batches = new Batches(shape, { decisions, pace_ms: 300 })
  const write = async (until: number) => {
    const store = await openSqlite({ schema, path })
    await store.migrate()
    const head = await store.lock(batches.floor.state.account_sid)
    // Some at a time are under way, as an account has it.
    let forgotten = batches.lifecycles
    for (let last = Promise.resolve(); batches.lifecycles < until; ) {
      const next = store.write(batches.next(head))
      await last
      last = next
      if (batches.lifecycles < until && batches.lifecycles < forgotten + forgetAfter) continue
      await last
      await forget(store, head.account_sid, batches.floor.at)
      forgotten = batches.lifecycles
    }
    await store.close()
    return statSync(path).size
  }
  const size = await write(before)
  return ((await write(before + measured)) - size) / measured
}

/** What is over goes, as the server has it (`log/forgetting.ts`). */
async function forget(store: Store, account_sid: string, at: number): Promise<void> {
  for (const [kind, { until, ...cold }] of coldKinds)
    if (until !== undefined)
      while ((await store.forget(account_sid, { table: coldTable(kind, cold), column: until }, at + 1, 500)) > 0);
}
