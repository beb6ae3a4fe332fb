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
  engine: ['types of contract', 'contract/src/json-text.ts'],
  server: ['contract', 'engine'],
  mcp: ['contract'],
  desk: ['client', 'contract', 'engine/src/can.ts'],
  webchat: ['client', 'contract'],
  cli: ['server', 'mcp']
}

/** The same for the folders of the server. What stands above them all, beside the folders, puts them together. */
const layers: Rooms = {
  store: [],
  clock: ['commit', 'store'],
  commit: ['store', 'types of clock'],
  readers: ['types of commit', 'store', 'types of clock'],
  delivery: ['commit', 'store', 'clock'],
  realtime: ['commit', 'store', 'clock'],
  operations: ['commit', 'store', 'clock', 'readers', 'delivery', 'realtime'],
  http: ['operations', 'commit', 'store', 'clock', 'readers', 'delivery', 'realtime']
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
    return allows(packages, from, to, isType, `${to}/${toFile}`)
  }
  if (from !== 'server') return undefined
  const [, layer] = /^src\/([^/]+)\//.exec(file) ?? []
  const [, toLayer = 'the files above its layers'] = /^src\/([^/]+)\//.exec(toFile) ?? []
  return layer === undefined || layer === toLayer ? undefined : allows(layers, layer, toLayer, isType, toFile)
}

function allows(rooms: Rooms, from: string, to: string, isType: boolean, file: string): string | undefined {
  const allowed = rooms[from]
  if (allowed === undefined) return `nothing says yet what ${from} may import`
  if (allowed.includes(to) || allowed.includes(file)) return undefined
  if (!allowed.includes(`types of ${to}`)) return `${from} must not know ${to}`
  return isType ? undefined : `${from} may only take types from ${to} (import type)`
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
    // Twilio's Conversations have a resource of this name.
    const isNoun = word === 'service' && path.includes('/conversations/')
    return word === undefined || isNoun ? [] : [`${path}: "${word}" says nothing; name the thing`]
  })

const fileSizes: Rule = (tree) =>
  sources(tree, (path) => isProduction(path) && !path.includes('/generated/')).flatMap(([path, text]) => {
    const lines = text.split('\n').length - 1
    return lines > 600 ? [`${path} has ${lines} lines, more than 600`] : []
  })

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

/** Places that only one machine has: home and work folders, package registries and their mirrors. */
const places =
  /(?<![\w.*}-])\/(?:home|Users|root|work|mnt|private)\/[\w.-]+|\b[A-Z]:\\+Users\b|\bregistry\.[\w-]+\.\w+|\b(?:artifactory|nexus|verdaccio|jfrog)\b|"resolved": *"http/g

const machinePlaces: Rule = (tree) =>
  [...tree].flatMap(([path, text]) =>
    path === ownPath
      ? []
      : [...text.matchAll(places)].map(([found]) => `${path} names a place of one machine: ${found}`)
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
      else if (!/\.(?:png|ico|woff2?|sqlite|tgz|tsbuildinfo)$/.test(path))
        tree.set(path, readFileSync(join(root, path), 'utf8'))
    }
  }
  walk('')
  return tree
}

// The checkout keeps the rules, and each rule can be broken

const long = `${'let a = 1\n'.repeat(601)}`

const house: Record<string, { rule: Rule; broken: Record<string, string>; complaint: string }[]> = {
  'rooms import only from rooms they may know': [
    {
      rule: importRules,
      broken: { 'packages/contract/src/a.ts': "import type { Row } from '@ringdown/engine/state/row'" },
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
