import { posix } from 'node:path'
import { bare, isProduction, type Rule, sources } from './tree.ts'

/** Who may import from whom, by package; `types` of means by `import type` only, a path means that one file. */
const packages: Rooms = {
  contract: [],
  client: ['contract'],
  engine: ['types of contract', 'contract/src/json-text.ts', 'contract/src/situations.ts'],
  server: ['contract', 'engine'],
  'voice-media': ['contract'],
  mcp: ['contract'],
  desk: ['client', 'contract', 'engine/src/routing/life-cycle.ts'],
  webchat: ['client', 'contract'],
  cli: ['client', 'server', 'mcp']
}

/** The same for the folders of the server. What stands above them all, beside the folders, puts them together. */
const layers: Rooms = {
  store: [],
  rendering: ['src/store/thrown.ts'],
  clock: ['commit', 'store'],
  commit: ['rendering', 'store', 'types of clock'],
  log: ['types of commit', 'store', 'types of clock', 'src/clock/repeated-work.ts'],
  analytics: ['log', 'types of commit', 'store', 'types of clock'],
  network: [],
  carriers: ['network', 'access', 'commit', 'store'],
  twiml: [],
  insights: ['analytics', 'rendering', 'types of commit', 'store'],
  delivery: ['network', 'carriers', 'twiml', 'log', 'commit', 'store', 'clock'],
  media: ['network', 'types of commit', 'types of clock', 'src/clock/repeated-work.ts', 'store'],
  access: ['commit', 'store'],
  voice: ['commit', 'media', 'types of clock', 'store'],
  realtime: ['access', 'voice', 'log', 'commit', 'store', 'clock'],
  operations: [
    'rendering',
    'access',
    'network',
    'carriers',
    'media',
    'commit',
    'store',
    'clock',
    'log',
    'analytics',
    'insights',
    'delivery',
    'realtime',
    'twiml'
  ],
  http: [
    ...[
      'operations',
      'network',
      'carriers',
      'access',
      'media',
      'commit',
      'store',
      'clock',
      'log',
      'analytics',
      'insights',
      'delivery'
    ],
    'realtime'
  ]
}

/** What a room may import of another package, where that is less than its own package may. The store knows no product. */
const narrower: Rooms = { 'server/src/store': ['engine/src/core'] }

/** What a product of the engine may know, where no table says more: a new one has its own room, and asks nobody. */
const product = ['core', 'types of the assembly']

/**
 * The same for the rooms of the engine that are more than that. Who would cause something in a room above emits an event, and the upper room
 * reacts. The assembly are the files beside the rooms: they put the products together, whose code knows their types.
 */
const engineRooms: Rooms = {
  core: [],
  matching: ['core', 'types of routing', 'types of the assembly'],
  routing: ['core', 'matching', 'types of the assembly'],
  numbers: ['core', 'types of the assembly'],
  content: ['core', 'types of the assembly'],
  media: ['core', 'types of the assembly'],
  conversations: ['core', 'content', 'media', 'numbers', 'types of the assembly'],
  messaging: ['core', 'conversations', 'media', 'numbers', 'content', 'types of the assembly'],
  flex: ['core', 'routing', 'conversations', 'messaging', 'types of the assembly'],
  desk: ['core', 'conversations', 'access', 'types of the assembly'],
  studio: ['core', 'routing', 'conversations', 'messaging', 'numbers', 'schedules', 'voice', 'types of the assembly'],
  webchat: ['core', 'conversations', 'flex', 'types of the assembly'],
  voice: ['core', 'routing', 'numbers', 'media', 'types of the assembly'],
  analytics: ['core', 'src/routing/rows.ts', 'types of the assembly'],
  agents: ['core', 'matching', 'analytics', 'src/routing/rows.ts', 'types of the assembly']
}

interface House {
  readonly rooms: Rooms
  /** What the files beside the rooms are called. */
  readonly above: string
  /** What rooms may import that are not in the table; without it, there are none. */
  readonly others?: readonly string[]
}

const houses: Readonly<Record<string, House>> = {
  server: { rooms: layers, above: 'the files above its layers' },
  engine: { rooms: engineRooms, above: 'the assembly', others: product }
}

type Rooms = Readonly<Record<string, readonly string[]>>

export const importRules: Rule = (tree) =>
  sources(tree, isProduction).flatMap(([path, text]) =>
    importsOf(path, text).flatMap((found) => {
      const why = whyNot(path, found)
      return why === undefined ? [] : [`${path} imports ${found.specifier}: ${why}`]
    })
  )

function whyNot(path: string, { specifier, target, isType }: Import): string | undefined {
  if (target === undefined) return undefined
  const [, from = '', file = ''] = /^packages\/([^/]+)\/(.*)$/.exec(path) ?? []
  const [, to = '', toFile = ''] = /^packages\/([^/]+)\/(.*)$/.exec(target) ?? []
  if (!isProduction(target)) return 'that is for tests'
  if (from !== to) {
    if (specifier.startsWith('.')) return `write @ringdown/${to}/…`
    const room = posix.dirname(`${from}/${file}`)
    const toRoom = posix.dirname(`${to}/${toFile}`)
    return (
      allows(packages[from], from, { to, isType, file: `${to}/${toFile}` }) ??
      (room in narrower ? allows(narrower[room], room, { to: toRoom, isType, file: '' }) : undefined)
    )
  }
  const inside = houses[from]
  if (inside === undefined) return undefined
  const [, room] = /^src\/([^/]+)\//.exec(file) ?? []
  const [, toRoom = inside.above] = /^src\/([^/]+)\//.exec(toFile) ?? []
  if (room === undefined || room === toRoom) return undefined
  return allows(inside.rooms[room] ?? inside.others, room, { to: toRoom, isType, file: toFile })
}

/** Why a room with these allowances may not import that; undefined where it may. */
function allows(
  allowed: readonly string[] | undefined,
  from: string,
  { to, file, isType }: { readonly to: string; readonly file: string; readonly isType: boolean }
): string | undefined {
  if (allowed === undefined) return `nothing says yet what ${from} may import`
  if (allowed.includes(to) || allowed.includes(file)) return undefined
  if (!allowed.includes(`types of ${to}`)) return `${from} must not know ${to}`
  return isType ? undefined : `${from} may only take types from ${to} (import type)`
}

/** Files of a package whose imports, but for types, lead back to themselves: none can be read, or tested, before the others. */
export const importCircles: Rule = (tree) => {
  const imports = new Map(
    sources(tree, isProduction).map(([path, text]): [string, string[]] => [
      path,
      importsOf(path, text).flatMap(({ target, isType }) => (target === undefined || isType ? [] : [target]))
    ])
  )
  return circlesOf(imports).map((circle) => `${circle.join(' <-> ')} import one another`)
}

/** The strongly connected components of more than one file, by Tarjan's algorithm. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const [order, lowest] = [new Map<string, number>(), new Map<string, number>()]
  const open: string[] = []
  const circles: string[][] = []
  const visit = (path: string): void => {
    order.set(path, order.size)
    let low = order.size - 1
    open.push(path)
    for (const target of imports.get(path) ?? []) {
      if (!imports.has(target)) continue
      if (!order.has(target)) visit(target)
      if (open.includes(target)) low = Math.min(low, lowest.get(target) ?? order.get(target) ?? low)
    }
    lowest.set(path, low)
    if (low < (order.get(path) ?? 0)) return
    const circle = open.splice(open.indexOf(path))
    if (circle.length > 1) circles.push(circle.sort())
  }
  for (const path of imports.keys()) if (!order.has(path)) visit(path)
  return circles
}

interface Import {
  readonly specifier: string
  /** Path of the file that it means, for files of ours. */
  readonly target: string | undefined
  readonly isType: boolean
}

function importsOf(path: string, text: string): Import[] {
  const code = bare(text)
  const clauses = /\b(?:import|export)\b(\s+type\b(?!\s*(?:,|from\b)))?(?:[\s\w$*,{}]*?\bfrom)?\s*\(?\s*(['"])( *)\2/g
  return [...code.matchAll(clauses)].map((match) => {
    const end = match.index + match[0].length - 1
    const specifier = text.slice(end - (match[3] ?? '').length, end) // blanks in the code are letters in the text
    return { specifier, target: targetOf(path, specifier), isType: match[1] !== undefined }
  })
}

function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(path), specifier)
  const [, name, file] = /^(?:@ringdown\/([\w-]+)|ringdown(?=\/|$))(?:\/(.*))?$/.exec(specifier) ?? []
  if (name === undefined && !/^ringdown(\/|$)/.test(specifier)) return undefined
  return `packages/${name ?? 'cli'}/src/${file ?? 'index'}.ts`
}
