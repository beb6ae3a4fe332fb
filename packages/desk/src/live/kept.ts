/*
 * What this browser keeps between reloads: drafts, and messages that are on their way. Where storage is full or forbidden,
 * memory does, as long as the page lives.
 */

const memory = new Map<string, unknown>()

const opened: Promise<IDBDatabase | undefined> = new Promise((resolve) => {
  try {
    const request = indexedDB.open('ringdown-desk', 1)
    request.onupgradeneeded = () => request.result.createObjectStore('kept')
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => resolve(undefined)
    request.onblocked = () => resolve(undefined)
  } catch {
    resolve(undefined)
  }
})

/** Keeps a value under a name; undefined forgets it. */
export async function keepValue(name: string, value: unknown): Promise<void> {
  if (value === undefined) memory.delete(name)
  else memory.set(name, value)
  const database = await opened
  if (!database) return
  await new Promise<void>((resolve) => {
    const transaction = database.transaction('kept', 'readwrite')
    const store = transaction.objectStore('kept')
    if (value === undefined) store.delete(name)
    else store.put(value, name)
    transaction.oncomplete = () => resolve()
    transaction.onerror = () => resolve()
    transaction.onabort = () => resolve()
  }).catch(() => {}) // there is no room: memory has it
}

/** Everything whose name begins so. */
export async function keptValues(prefix: string): Promise<ReadonlyMap<string, unknown>> {
  const database = await opened
  if (!database) return new Map([...memory].filter(([name]) => name.startsWith(prefix)))
  const found = new Map<string, unknown>()
  return new Promise<ReadonlyMap<string, unknown>>((resolve) => {
    const request = database
      .transaction('kept')
      .objectStore('kept')
      .openCursor(IDBKeyRange.bound(prefix, `${prefix}\uffff`))
    request.onsuccess = () => {
      const cursor = request.result
      if (!cursor) return resolve(found)
      found.set(String(cursor.key), cursor.value)
      cursor.continue()
    }
    request.onerror = () => resolve(found)
  }).catch(() => found)
}
