import { describe, expect, it } from 'vitest'
import { Checkpoints } from './checkpoints.ts'

/** What is done, in its order; the reader leaves so many pages in the log each time, and flushes take so many milliseconds. */
function moves(
  pages: readonly number[],
  {
    flushes = [],
    fails = false,
    found = 0
  }: { readonly flushes?: number[]; readonly fails?: boolean; readonly found?: number } = {}
) {
  const done: string[] = []
  let now = 0
  const left = [...pages]
  const checkpoints = new Checkpoints({
    found,
    writer: {
      checkpoint: async () => {
        done.push('writer')
        return 0
      }
    },
    reader: {
      checkpoint: async (isMuchWritten) => {
        done.push(isMuchWritten ? 'reader' : 'whoever reads')
        return left.shift() ?? 0
      }
    },
    questions: {
      between: async (work) => {
        done.push('between')
        await work()
      }
    },
    flush: async () => {
      done.push('flush')
      now += flushes.shift() ?? 0
      if (fails) throw new Error('EIO')
    },
    now: () => now
  })
  return { checkpoints, done }
}

describe('the log', () => {
  it('is left to the reader as long as it is short', async () => {
    const { checkpoints, done } = moves([100])
    checkpoints.wrote(1_999)
    expect(done).toEqual([])
    checkpoints.wrote(1)
    await checkpoints.close()
    expect(done).toEqual(['reader'])
  })

  it('that was found is moved beside the writer from the first write on, where it is long', async () => {
    for (const [found, mover] of [
      [1_998, 'whoever reads'],
      [1_999, 'reader']
    ] as const) {
      const { checkpoints, done } = moves([100], { found })
      checkpoints.wrote(1)
      await expect.poll(() => done).toEqual([mover])
      await checkpoints.close()
    }
  })

  it('is moved by the writer between two questions, when it is long and the file has been flushed', async () => {
    const { checkpoints, done } = moves([8_001])
    checkpoints.wrote(2_000)
    await checkpoints.close()
    expect(done).toEqual(['reader', 'between', 'reader', 'flush', 'writer'])
  })

  it('is moved by the reader again as long as that takes long, and less than before', async () => {
    for (const [flushes, times] of [
      [[80, 40, 14], 3],
      [[80, 80], 2],
      [[90, 80, 70, 60, 50, 40], 5]
    ] as const) {
      const { checkpoints, done } = moves([8_001], { flushes: [...flushes] })
      checkpoints.wrote(2_000)
      await checkpoints.close()
      expect(done.filter((one) => one === 'flush')).toHaveLength(times)
      expect(done.slice(-3)).toEqual(['reader', 'flush', 'writer'])
    }
  })

  it('waits for its next turn where the disk fails', async () => {
    const { checkpoints, done } = moves([8_001, 0, 8_001], { fails: true })
    checkpoints.wrote(2_000)
    await new Promise((resolve) => setImmediate(resolve))
    checkpoints.wrote(2_000)
    await checkpoints.close()
    expect(done).toEqual(['reader', 'between', 'reader', 'flush', 'reader', 'between', 'reader', 'flush'])
  })
})
