/** What every part may have; `api.json` has all that is neither. */
interface Part {
  readonly paths?: Readonly<Record<string, object>>
  readonly components?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * One OpenAPI file of its parts, by file name: `api.json` says what the API is, every other part brings the paths and
 * components of one product. Throws when two parts have the same path or component.
 */
export function joinedApi(parts: ReadonlyMap<string, string>): string {
  const api = JSON.parse(parts.get('api.json') ?? missing()) as Part // our own files
  const paths: Record<string, object> = {}
  const components: Record<string, Record<string, unknown>> = {}
  for (const [name, text] of parts) {
    const part = JSON.parse(text) as Part // our own files
    addAll(paths, part.paths ?? {}, name)
    for (const [type, ones] of Object.entries(part.components ?? {})) {
      const known = components[type] ?? {}
      components[type] = known
      addAll(known, ones, name)
    }
  }
  return `${JSON.stringify({ ...api, paths, components }, null, 2)}\n`
}

function addAll<T>(all: Record<string, T>, some: Readonly<Record<string, T>>, file: string): void {
  for (const [name, one] of Object.entries(some)) {
    if (Object.hasOwn(all, name)) throw new Error(`${file} has ${name}, which another part has already`)
    all[name] = one
  }
}

function missing(): never {
  throw new Error('there is no api.json, which says what the API is')
}
