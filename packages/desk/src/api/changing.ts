import { ApiError } from '@ringdown/client/api-error'

/**
 * Changes something as it is now, under its version: reads it, and writes what follows from that. Where somebody else has
 * written in between (412) it is done once more, so that nothing of theirs is lost. Answers what was read last.
 */
export async function changeAsItIs<T>(read: () => Promise<T>, write: (now: T) => Promise<unknown>): Promise<T> {
  const once = async () => {
    const now = await read()
    await write(now)
    return now
  }
  return once().catch((error: unknown) => {
    if (error instanceof ApiError && error.status === 412) return once()
    throw error
  })
}
