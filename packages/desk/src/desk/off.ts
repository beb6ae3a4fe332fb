import { connection } from '../live/desk.ts'
import { useStore } from '../live/store.ts'
import { useWords } from '../words/words.ts'

/** Why nothing can be changed now; undefined where it can. What is written waits for the network, what is decided does not. */
export function useOffReason(): string | undefined {
  const words = useWords()
  return useStore(connection).is === 'offline' ? words.connection.off : undefined
}
