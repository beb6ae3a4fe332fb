import { afterEach, describe, expect, it, vi } from 'vitest'
import { Analyst, type AnalystOptions } from './analyst.ts'

/** A thread that answers when it is told to, and an analyst who writes down what happens. */
function asked(options: Partial<AnalystOptions> = {}) {
  const done: string[] = []
  const answers: { readonly sql: string; give(error?: Error): void }[] = []
  let threads = 0
  const analyst = new Analyst({
    path: 'center.db',
    opened: (ask) => ask(),
    start: () => {
      const name = `thread ${++threads}`
      done.push(`${name} begins`)
      let last: Promise<unknown> = Promise.resolve()
      return {
        rows: <R extends object>(sql: string) => {
          done.push(sql)
          const answer = new Promise<R[]>((resolve, reject) => {
            answers.push({ sql, give: (error) => (error ? reject(error) : resolve([])) })
          })
          last = answer.catch(() => {})
          return answer
        },
        close: async () => {
          await last
          done.push(`${name} ends`)
        }
      }
    },
    ...options
  })
  const ask = (sql: string) => analyst.rows(sql, [], 0)
  /** Answers the question that was put to the thread last, and lets everybody go on. */
  const answer = async (error?: Error) => {
    answers.at(-1)?.give(error)
    await settled()
  }
  return { analyst, done, ask, answer }
}

/** Lets go on whatever waits for nothing else. */
async function settled(): Promise<void> {
  for (let turns = 0; turns < 20; turns++) await Promise.resolve()
}

afterEach(() => void vi.useRealTimers())

describe('questions', () => {
  it('are put to the thread one after the other', async () => {
    const { done, ask, answer } = asked()
    const all = ['first', 'second', 'third'].map(ask)
    await settled()
    expect(done).toEqual(['thread 1 begins', 'first'])
    for (const _ of all) await answer()
    await Promise.all(all)
    expect(done).toEqual(['thread 1 begins', 'first', 'second', 'third'])
  })

  it('leave a moment in which nothing is read, for which only the one waits that is being answered', async () => {
    const { analyst, done, ask, answer } = asked()
    const all = ['first', 'second'].map(ask)
    let end = () => {}
    const work = analyst.between(() => {
      done.push('work begins')
      return new Promise((resolve) => {
        end = resolve
      })
    })
    await settled()
    expect(done).toEqual(['thread 1 begins', 'first'])
    await answer()
    expect(done.slice(2)).toEqual(['work begins'])
    end()
    await work
    await settled()
    expect(done.slice(3)).toEqual(['second'])
    await answer()
    await Promise.all(all)
  })

  it('go on when one of them, or what was done between two, has failed', async () => {
    const { analyst, ask, answer, done } = asked()
    const late = ask('late')
    const other = ask('other')
    const failing = analyst.between(() => Promise.reject(new Error('the disk is full')))
    await answer(new Error('its time is over'))
    await expect(late).rejects.toThrow('its time is over')
    await expect(failing).rejects.toThrow('the disk is full')
    await answer()
    await other
    expect(done).toEqual(['thread 1 begins', 'late', 'other'])
  })

  it('are all answered before it is closed, and those that come later by another thread', async () => {
    const { analyst, ask, answer, done } = asked()
    const all = ['first', 'second'].map(ask)
    const closed = analyst.close()
    const later = ask('later')
    await answer()
    await answer()
    await closed
    await settled()
    expect(done).toEqual(['thread 1 begins', 'first', 'second', 'thread 1 ends', 'thread 2 begins', 'later'])
    await answer()
    await Promise.all([...all, later])
  })
})

describe('the file', () => {
  it('is let go of, while somebody whose turn it is waits for that', async () => {
    let renewed = () => {}
    let renewal: Promise<void> | undefined
    const opened = <T>(act: () => Promise<T>) => (renewal ? renewal.then(act) : act())
    const { analyst, ask, answer, done } = asked({ opened })
    const first = ask('first')
    const work = analyst.between(() =>
      opened(async () => {
        done.push('work')
      })
    )
    const second = ask('second')
    await settled()
    renewal = new Promise((resolve) => {
      renewed = resolve
    })
    const gone = analyst.letGo()
    await answer()
    await gone
    await settled()
    expect(done).toEqual(['thread 1 begins', 'first', 'thread 1 ends'])
    renewal = undefined
    renewed()
    await work
    await settled()
    expect(done.slice(3)).toEqual(['work', 'thread 2 begins', 'second'])
    await answer()
    await Promise.all([first, second])
  })

  it('is let go of when nobody has asked for a while, whatever was done meanwhile', async () => {
    vi.useFakeTimers()
    const { analyst, ask, answer, done } = asked({ idle_ms: 1_000 })
    const first = ask('first')
    const work = analyst.between(async () => {})
    await answer()
    await Promise.all([first, work])
    await vi.advanceTimersByTimeAsync(999)
    const second = ask('second')
    await answer()
    await second
    await vi.advanceTimersByTimeAsync(999)
    expect(done).toEqual(['thread 1 begins', 'first', 'second'])
    await vi.advanceTimersByTimeAsync(1)
    expect(done.at(-1)).toBe('thread 1 ends')
  })
})
