import { describe, expect, it } from 'vitest'
import { Checkpoints } from './checkpoints.ts'

/** What is done, in its order; the reader leaves so many pages in the log each time. */
function moves(pages: readonly number[], flush = async () => {}) {
  const done: string[] = []
  const left = [...pages]
  const checkpoints = new Checkpoints({
    writer: {
      checkpoint: async () => {
        done.push('writer')
        return 0
      }
    },
    reader: {
      checkpoint: async () => {
        done.push('reader')
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
      await flush()
    }
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

  it('is moved by the writer between two questions, when it is long and the file has been flushed', async () => {
    const { checkpoints, done } = moves([8_001])
    checkpoints.wrote(2_000)
    await checkpoints.close()
    expect(done).toEqual(['reader', 'between', 'reader', 'flush', 'writer'])
  })

  it('is moved by the reader again while that takes long, and at last by the writer all the same', async () => {
    const { checkpoints, done } = moves([8_001], () => new Promise((resolve) => setTimeout(resolve, 20)))
    checkpoints.wrote(2_000)
    await checkpoints.close()
    expect(done.filter((one) => one === 'flush')).toHaveLength(5)
    expect(done.slice(-3)).toEqual(['reader', 'flush', 'writer'])
  })

  it('waits for its next turn where the disk fails', async () => {
    const { checkpoints, done } = moves([8_001, 0, 8_001], () => Promise.reject(new Error('EIO')))
    checkpoints.wrote(2_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
    checkpoints.wrote(2_000)
    await checkpoints.close()
    expect(done).toEqual(['reader', 'between', 'reader', 'flush', 'reader', 'between', 'reader', 'flush'])
  })
})
