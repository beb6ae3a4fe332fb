import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

/*
 * The house rules that a program can check. Each takes the files of a tree, by path, and answers its complaints, one
 * line each. Every rule is tried on the checkout, and on a small tree that breaks it.
 */

type Tree = ReadonlyMap<string, string>
type Rule = (tree: Tree) => string[]

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
  log: ['types of commit', 'store', 'types of clock'],
  analytics: ['log', 'types of commit', 'store', 'types of clock'],
  network: [],
  carriers: ['network', 'access', 'commit', 'store'],
  twiml: [],
  insights: ['analytics', 'rendering', 'types of commit', 'store'],
  delivery: ['network', 'carriers', 'twiml', 'log', 'commit', 'store', 'clock'],
  media: ['network', 'types of commit', 'types of clock', 'store'],
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

const importRules: Rule = (tree) =>
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
const importCircles: Rule = (tree) => {
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

const banned =
  /\b(?:Date|Intl|async|await|setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bMath\s*\.\s*random\b|\blocaleCompare\b|\bimport\s*\(/g

const engineBans: Rule = (tree) =>
  sources(tree, (path) => isProduction(path) && path.startsWith('packages/engine/src/')).flatMap(([path, text]) =>
    [...bare(text).matchAll(banned)].map(([word]) => `${path} uses ${word}, which would make decisions differ`)
  )

const vague = /^(?:helpers?|utils?|utilities|managers?|services?|data|info|misc|common)$/

const fileNames: Rule = (tree) =>
  [...tree.keys()].flatMap((path) => {
    const name = posix.basename(path).replace(/\.\w+$/, '')
    if (!/^(?:packages\/[^/]+\/src|test|tools)\//.test(path)) return []
    if (!/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name)) return [`${path} is not kebab-case`]
    const word = name.split(/[-.]/).find((part) => vague.test(part))
    // Twilio's Conversations have a resource of this name, and so has Messaging.
    const isNoun = word === 'service' && /\/(?:conversations|numbers)\//.test(path)
    return word === undefined || isNoun ? [] : [`${path}: "${word}" says nothing; name the thing`]
  })

const fileSizes: Rule = (tree) =>
  sources(tree, (path) => isProduction(path) && !path.includes('/generated/')).flatMap(([path, text]) => {
    const lines = text.split('\n').length - 1
    return lines > 600 ? [`${path} has ${lines} lines, more than 600`] : []
  })

/** One name, one thing: whoever searches for a name finds one declaration. What a contract generates repeats itself. */
const exportedOnce: Rule = (tree) => {
  const declared = new Map<string, string[]>()
  for (const [path, text] of sources(tree, (path) => isProduction(path) && !path.includes('/generated/'))) {
    const [, name = ''] = /^packages\/([^/]+)/.exec(path) ?? []
    for (const [, exported = ''] of bare(text).matchAll(declarations)) {
      const key = `${name}: ${exported}`
      declared.set(key, [...new Set([...(declared.get(key) ?? []), path])]) // overloads are one thing
    }
  }
  return [...declared]
    .filter(([, paths]) => paths.length > 1)
    .map(([key, paths]) => `${key} is exported by ${paths.join(' and ')}`)
}

const declarations =
  /^export (?:declare |abstract |async )*(?:function\*?|class|const|let|interface|type|enum) +(\w+)/gm

const skippedTests: Rule = (tree) =>
  sources(tree, isTest).flatMap(([path, text]) => {
    const lines = text.split('\n')
    return bare(text)
      .split('\n')
      .flatMap((line, index) => {
        const [found] = /\b(?:test|it|describe|suite|bench)(?:\.\w+)*\.(?:only|skip)\b/.exec(line) ?? []
        const hasReason = /\/[/*] *\w+/.test((lines[index] ?? '').slice(line.trimEnd().length))
        return found === undefined || hasReason ? [] : [`${path}: ${found} without a reason on its line`]
      })
  })

/** Folders that a build makes: what a document says about them cannot be looked up. */
const made = /(?:^|\/)(?:node_modules|dist|\.build|\.ringdown)(?:\/|$)/

const documentPaths: Rule = (tree) =>
  documents(tree).flatMap(([path, text]) => {
    const prose = text.replace(/^```[\s\S]*?^```/gm, '')
    const mentioned = [...prose.matchAll(/`([^`\s]+\/[^`\s]*)`/g)].map(([, found = '']) => found)
    const linked = [...prose.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, found = '']) => found)
    return [...mentioned.filter(isPath), ...linked.filter((found) => !/^[a-z]+:/.test(found))]
      .filter((found) => !made.test(found) && !exists(tree, path, found))
      .map((found) => `${path} mentions ${found}, which is not there`)
  })

/** Not a path: a URL or a part of one, an npm name, a placeholder, a media type. */
function isPath(text: string): boolean {
  return /^[\w.][\w./*-]*$/.test(text) && !/^(?:application|text|image|audio|video)\//.test(text)
}

function exists(tree: Tree, document: string, path: string): boolean {
  return [path, posix.join(posix.dirname(document), path)].some((candidate) => {
    const pattern = posix.normalize(candidate).replace(/\/$/, '')
    const wanted = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\*+/g, '[^/]*')}(?:/|$)`)
    return [...tree.keys()].some((present) => wanted.test(present))
  })
}

const documentLines: Rule = (tree) =>
  documents(tree).flatMap(([path, text]) =>
    [...text.matchAll(/[\w-]+\.(?:ts|tsx|mjs|js|md|json|sql):\d+|#L\d+|\blines? \d+/g)].map(
      ([found]) => `${path} names a line number: ${found}`
    )
  )

const pages = ['rest-conventions', 'taskrouter', 'conversations', 'messaging', 'flex', 'events', 'studio', 'voice']
const cited = new RegExp(`\\breference (?=${pages.join('|')})([^)\\n;:]*)`, 'g')

/** What code rests on stands in docs/behavior, under the number that it cites: a heading, or a row of a page's doubts. */
const citations: Rule = (tree) => {
  const numbers = new Map(pages.map((page) => [page, numbersOf(tree.get(`docs/behavior/${page}.md`) ?? '')]))
  return [...tree]
    .filter(([path]) => /\.(?:ts|mjs|md)$/.test(path) && path !== ownPath && !path.startsWith('docs/behavior/'))
    .flatMap(([path, text]) =>
      [...joinedComments(text).matchAll(cited)].flatMap(([, list = '']) =>
        sectionsOf(list)
          .filter(({ page, number }) => numbers.get(page)?.has(number) !== true)
          .map(({ page, number }) => `${path} cites ${page} ${number}, which docs/behavior/${page}.md does not have`)
      )
    )
}

/** A citation may go on in the next line of its comment. */
function joinedComments(text: string): string {
  return text.replaceAll(/\n\s*(?:\*|\/\/) ?/g, ' ')
}

/** `taskrouter 1.7, 1.9 and 10`, `flex 27, U8`: the page is said once. What follows the numbers is prose. */
function sectionsOf(list: string): { readonly page: string; readonly number: string }[] {
  const found: { page: string; number: string }[] = []
  let page = ''
  for (const part of list.split(/,| and | to | row /)) {
    const [, named, number, rest = ''] = /^\s*(?:([a-z-]+)(?=\s|$))?\s*(\d+(?:\.\d+)*|U\d+)?(.*)$/.exec(part) ?? []
    if (named !== undefined && !pages.includes(named)) break
    page = named ?? page
    if (number !== undefined) found.push({ page, number })
    if (number === undefined || rest.trim().replace(/^(?:\.|'|of \d+)/, '') !== '') break
  }
  return found
}

function numbersOf(page: string): ReadonlySet<string> {
  const headings = [...page.matchAll(/^#+ (\d+(?:\.\d+)*)/gm)]
  const rows = [...page.matchAll(/^\| *(U?\d+) *\|/gm)]
  return new Set([...headings, ...rows].map(([, number = '']) => number))
}

/** Places that only one machine has: home and work folders, package registries and their mirrors. */
const places =
  /(?<![\w.*}-])\/(?:home|Users|root|work|mnt|private)\/[\w.-]+|\b[A-Z]:\\+Users\b|\bregistry\.[\w-]+\.\w+|\b(?:artifactory|nexus|verdaccio|jfrog)\b|"resolved": *"http/g

const machinePlaces: Rule = (tree) =>
  [...tree].flatMap(([path, text]) =>
    path === ownPath
      ? []
      : [...text.matchAll(places)].map(([found]) => `${path} names a place of one machine: ${found}`)
  )

/** What a merge that was not finished leaves at the beginning of a line. */
const markers = /^(?:<{7}|>{7}|\|{7}|={7})(?=[ \r\n]|$)/gm

const mergeMarkers: Rule = (tree) =>
  [...tree].flatMap(([path, text]) =>
    [...text.matchAll(markers)].map(([found]) => `${path} has a line of an unfinished merge: ${found}`)
  )

const installScripts: Rule = (tree) =>
  [...tree]
    .filter(([path]) => posix.basename(path) === 'package.json')
    .flatMap(([path, text]) => {
      const { scripts = {} } = JSON.parse(text) as { scripts?: Record<string, string> } // as: package.json, by npm's definition
      return Object.keys(scripts)
        .filter((name) =>
          /^(?:pre|post)?(?:install|prepare|publish|pack)$|^(?:dependencies|prepublishOnly)$/.test(name)
        )
        .map((name) => `${path} has a script that npm runs by itself: ${name}`)
    })

/** What a page may not do: go by the machine's clock, take text for HTML, or name a colour where its tokens are not. */
const deskBans: Rule = (tree) =>
  [...tree]
    .filter(
      ([path]) =>
        /^packages\/(?:(?:desk|webchat)\/src|client\/src\/page)\/.*\.(?:tsx?|css)$/.test(path) && !isTest(path)
    )
    .flatMap(([path, text]) => {
      const isTokens = path.endsWith('/tokens.css') || path.endsWith('/demo.css')
      const code = path.endsWith('.css') ? text.replaceAll(/\/\*[\s\S]*?\*\//g, '') : bare(text)
      const clock = [...code.matchAll(/\bDate\.now\b|\bnew Date\(\)/g)]
      const html = [...code.matchAll(/\bdangerouslySetInnerHTML\b|\.innerHTML\b/g)]
      const colors = isTokens || !path.endsWith('.css') ? [] : [...code.matchAll(/#[\da-f]{3,8}\b|\b(?:rgb|hsl)a?\(/gi)]
      return [...clock, ...html, ...colors].map(([found]) => `${path} has ${found}, which is not for the desk`)
    })

const decisionLinks: Rule = (tree) => {
  const index = `${tree.get('ARCHITECTURE.md') ?? ''}${tree.get('docs/decisions/README.md') ?? ''}`
  return [...tree.keys()]
    .filter((path) => /^docs\/decisions\/\d/.test(path))
    .filter((path) => !new RegExp(`\\]\\((?:[\\w./]*/)?${posix.basename(path)}\\)`).test(index))
    .map((path) => `${path} is linked from neither ARCHITECTURE.md nor docs/decisions/README.md`)
}

// Reading

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

/** The text with comments and the insides of strings blanked; what stays keeps its place. */
function bare(text: string): string {
  let code = ''
  let at = 0
  /** Braces open inside each template literal that we are in. */
  const templates: number[] = []
  const blank = (pattern: RegExp, shown: (found: string) => string) => {
    pattern.lastIndex = at
    const found = pattern.exec(text)?.[0] ?? text.slice(at, at + 1)
    code += shown(found)
    at += found.length
  }
  const spaces = (found: string) => found.replace(/[^\n]/g, ' ')
  const inside = (found: string) => `${found[0]}${spaces(found.slice(1, -1))}${found.length > 1 ? found.at(-1) : ''}`
  const template = () =>
    blank(/[`}](?:\\[\s\S]|\$(?!\{)|[^\\`$])*(?:`|\$\{|$)/y, (found) => {
      if (found.endsWith('${')) templates.push(0)
      return inside(found)
    })
  while (at < text.length) {
    const two = text.slice(at, at + 2)
    const one = two.charAt(0)
    if (two === '//') blank(/\/\/.*/y, spaces)
    else if (two === '/*') blank(/\/\*[\s\S]*?(?:\*\/|$)/y, spaces)
    else if (one === "'" || one === '"') blank(/(['"])(?:\\[\s\S]|(?!\1)[^\\\n])*\1?/y, inside)
    else if (one === '`') template()
    else if (one === '}' && templates.at(-1) === 0) {
      templates.pop()
      template()
    } else if (one === '/' && /(?:[=(,:;[!&|?{}+<>%^~-]|\b(?:return|typeof|case|of|in)|^)\s*$/.test(code.slice(-40))) {
      blank(/\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+\/?/y, inside)
    } else {
      if (templates.length > 0 && /[{}]/.test(one)) templates.push((templates.pop() ?? 0) + (one === '{' ? 1 : -1))
      code += one
      at++
    }
  }
  return code
}

function sources(tree: Tree, chosen: (path: string) => boolean): [string, string][] {
  return [...tree].filter(([path]) => /\.tsx?$/.test(path) && chosen(path))
}

function documents(tree: Tree): [string, string][] {
  return [...tree].filter(([path]) => path.endsWith('.md'))
}

function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.startsWith('test/')
}

function isProduction(path: string): boolean {
  return /^packages\/[^/]+\/src\//.test(path) && !isTest(path) && !/\/(?:testing\/|fixture\.ts$)/.test(path)
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const ownPath = 'tools/tidy.test.ts'

/** All files that belong to the project: what .gitignore names is left out, and so are hidden files of editors. */
function checkout(): Tree {
  const ignored = new Set(readFileSync(join(root, '.gitignore'), 'utf8').split(/\/?\n/))
  const tree = new Map<string, string>()
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      if (ignored.has(entry.name) || (entry.name.startsWith('.') && entry.name !== '.ci')) continue
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (/\.(?:png|ico|woff2?)$/.test(path))
        tree.set(path, '') // it is there, and is no text
      else if (!/\.(?:sqlite|tgz|tsbuildinfo)$/.test(path)) tree.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  walk('')
  return tree
}

// The checkout keeps the rules, and each rule can be broken

const long = `${'let a = 1\n'.repeat(601)}`

const house: Record<string, { rule: Rule; broken: Record<string, string>; complaint: string }[]> = {
  'what code cites is in docs/behavior': [
    {
      rule: citations,
      broken: {
        'packages/engine/src/a.ts': '/** As it is there (reference flex 4.1 and 9, U2). */',
        'docs/behavior/flex.md': '## 4. Making\n### 4.1 Channel\n| U2 | doubt |'
      },
      complaint: 'packages/engine/src/a.ts cites flex 9, which docs/behavior/flex.md does not have'
    },
    {
      rule: citations,
      broken: { 'test/a.test.ts': '// In two lines (reference events\n// 3): so' },
      complaint: 'test/a.test.ts cites events 3'
    }
  ],
  'no merge is left unfinished': [
    {
      rule: mergeMarkers,
      broken: { 'docs/a.md': `Ours\n${'='.repeat(7)}\nTheirs\n` },
      complaint: `docs/a.md has a line of an unfinished merge: ${'='.repeat(7)}`
    },
    ...['<', '|', '>'].map((mark) => ({
      rule: mergeMarkers,
      broken: { 'packages/a/src/a.ts': `let a = 1\n${mark.repeat(7)} main\n` },
      complaint: `packages/a/src/a.ts has a line of an unfinished merge: ${mark.repeat(7)}`
    }))
  ],
  'no files import one another': [
    {
      rule: importCircles,
      broken: {
        'packages/engine/src/a.ts': "import { b } from './b.ts'",
        'packages/engine/src/b.ts': "import { c } from './c.ts'",
        'packages/engine/src/c.ts': "import { a } from './a.ts'\nimport type { D } from './d.ts'",
        'packages/engine/src/d.ts': "import { c } from './c.ts'"
      },
      complaint: 'packages/engine/src/a.ts <-> packages/engine/src/b.ts <-> packages/engine/src/c.ts import one another'
    }
  ],
  'rooms import only from rooms they may know': [
    {
      rule: importRules,
      broken: { 'packages/engine/src/core/a.ts': "import { isOpen } from '../routing/rows.ts'" },
      complaint: 'core must not know routing'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/matching/a.ts': "import { decide } from '../decide.ts'" },
      complaint: 'matching may only take types from the assembly'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/conversations/a.ts': "import type { Interaction } from '../flex/rows.ts'" },
      complaint: 'conversations must not know flex'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/surveys/a.ts': "import type { TaskRow } from '../routing/rows.ts'" },
      complaint: 'surveys must not know routing'
    },
    {
      rule: importRules,
      broken: { 'packages/contract/src/a.ts': "import type { Row } from '@ringdown/engine/core/row'" },
      complaint: 'contract must not know engine'
    },
    {
      rule: importRules,
      broken: { 'packages/engine/src/a.ts': "import {\n  type Form,\n  parse\n} from '@ringdown/contract/form'" },
      complaint: 'engine may only take types from contract'
    },
    {
      rule: importRules,
      broken: { 'packages/cli/src/a.ts': "export * from '../../server/src/start.ts'" },
      complaint: 'write @ringdown/server/'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/store/a.ts': "import type { Account } from '../commit/account.ts'" },
      complaint: 'store must not know commit'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/store/a.ts': "import { kinds } from '@ringdown/engine/kinds'" },
      complaint: 'server/src/store must not know engine/src'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/commit/a.ts': "const late = await import('../clock/clock.ts')" },
      complaint: 'commit may only take types from clock'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/http/a.ts': "import '../start.ts'" },
      complaint: 'http must not know the files above its layers'
    },
    {
      rule: importRules,
      broken: { 'packages/server/src/sundry/a.ts': "import { a } from '../store/store.ts'" },
      complaint: 'nothing says yet what sundry may import'
    },
    {
      rule: importRules,
      broken: { 'packages/mcp/src/a.ts': "import { connect } from './testing/connect.ts'" },
      complaint: 'that is for tests'
    }
  ],
  'the engine has no clock, chance or waiting': [
    { rule: engineBans, broken: { 'packages/engine/src/a.ts': 'const at = Date.now()' }, complaint: 'uses Date' },
    {
      rule: engineBans,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program
      broken: { 'packages/engine/src/a.ts': 'const text = `a ${`b ${Math.random()}`} c`' },
      complaint: 'uses Math.random'
    }
  ],
  'files are named after things, in kebab-case': [
    { rule: fileNames, broken: { 'packages/mcp/src/toolList.ts': '' }, complaint: 'not kebab-case' },
    { rule: fileNames, broken: { 'packages/mcp/src/string-utils.ts': '' }, complaint: '"utils" says nothing' }
  ],
  'files stay short': [{ rule: fileSizes, broken: { 'packages/engine/src/a.ts': long }, complaint: 'more than 600' }],
  'an exported name is declared once in a package': [
    {
      rule: exportedOnce,
      broken: {
        'packages/engine/src/a.ts': 'export type Place = string',
        'packages/engine/src/b.ts': 'export interface Place {}',
        'packages/engine/src/generated/c.ts': 'export interface Place {}',
        'packages/server/src/d.ts': 'export class Place {}'
      },
      complaint: 'engine: Place is exported by packages/engine/src/a.ts and packages/engine/src/b.ts'
    }
  ],
  'a test that is left out says why': [
    { rule: skippedTests, broken: { 'test/a.test.ts': leftOut('describe', 'skip') }, complaint: 'without a reason' },
    { rule: skippedTests, broken: { 'test/a.test.ts': leftOut('test', 'only') }, complaint: 'without a reason' }
  ],
  'documents mention paths that are there': [
    { rule: documentPaths, broken: { 'docs/a.md': 'see `packages/engine/src/gone.ts`' }, complaint: 'gone.ts' },
    { rule: documentPaths, broken: { 'docs/a.md': 'see [that](../gone.md)' }, complaint: '../gone.md' }
  ],
  'documents name no line numbers': [
    { rule: documentLines, broken: { 'README.md': 'in decide.ts:12' }, complaint: 'decide.ts:12' }
  ],
  'no file names a place of one machine': [
    { rule: machinePlaces, broken: { 'a.ts': "open('/home/ada/a')" }, complaint: '/home/ada' },
    { rule: machinePlaces, broken: { 'package-lock.json': lockedTo('https') }, complaint: 'resolved' }
  ],
  'npm runs nothing of ours by itself': [
    {
      rule: installScripts,
      broken: { 'packages/cli/package.json': '{ "scripts": { "postinstall": "node a.js" } }' },
      complaint: 'postinstall'
    }
  ],
  'the desk goes by the server’s clock, takes text for text, and colours by tokens': [
    { rule: deskBans, broken: { 'packages/desk/src/a.tsx': 'const at = Date.now()' }, complaint: 'has Date.now' },
    { rule: deskBans, broken: { 'packages/desk/src/a.css': 'a { color: #fff }' }, complaint: 'has #fff' },
    {
      rule: deskBans,
      broken: { 'packages/desk/src/a.tsx': '<p dangerouslySetInnerHTML={x} />' },
      complaint: 'has danger'
    }
  ],
  'every decision record can be found': [
    {
      rule: decisionLinks,
      broken: { 'docs/decisions/012-a.md': '', 'ARCHITECTURE.md': '012-a' },
      complaint: '012-a.md'
    }
  ]
}

const tree = checkout()

for (const [name, cases] of Object.entries(house)) {
  describe(name, () => {
    for (const rule of new Set(cases.map((one) => one.rule))) {
      test('in this checkout', () => expect(rule(tree)).toEqual([]))
    }
    test.each(cases)('or there is a complaint: $complaint', ({ rule, broken, complaint }) => {
      expect(rule(new Map(Object.entries(broken)))).toEqual([expect.stringContaining(complaint)])
    })
  })
}

/** The text of a test that does not run, or runs alone. */
function leftOut(word: string, how: 'skip' | 'only'): string {
  return `${word}.${how}('see a://b', () => {})`
}

/** The text of a lock file's line that names where a package came from. */
function lockedTo(scheme: string): string {
  return `"resolved": "${scheme}://a`
}

test('what is only said, not done, breaks no rule', () => {
  const files = {
    'packages/engine/src/a.ts': [
      "// import { a } from '@ringdown/server/start', then await it",
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the text of a program
      "const words = ['Date', `await ${1 + 1} async`, /Intl['\"`]/, 'it\\'s'] /* Math.random() */",
      "import type { Sid } from '@ringdown/contract/generated/sids'"
    ].join('\n'),
    'packages/server/src/commit/a.ts': "import type { Clock } from '../clock/clock.ts'",
    'packages/server/src/operations/conversations/service.ts': '',
    'packages/server/src/start.ts': "import { serve } from './http/server.ts'",
    'test/a.test.ts': `${leftOut('test', 'skip')} // voice is not there yet`,
    'README.md': 'POST `/ringdown/v1/clock`, `application/json`, `@ringdown/engine`, `packages/*/src`, `a/dist/main.js`'
  }
  const rules = Object.values(house).flatMap((cases) => cases.map((one) => one.rule))
  expect(rules.flatMap((rule) => rule(new Map(Object.entries(files))))).toEqual([])
})
