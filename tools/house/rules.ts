import { posix } from 'node:path'
import { bare, documents, isProduction, isTest, type Rule, sources, type Tree } from './tree.ts'

const banned =
  /\b(?:Date|Intl|async|await|setTimeout|setInterval|setImmediate|queueMicrotask)\b|\bMath\s*\.\s*random\b|\blocaleCompare\b|\bimport\s*\(/g

export const engineBans: Rule = (tree) =>
  sources(tree, (path) => isProduction(path) && path.startsWith('packages/engine/src/')).flatMap(([path, text]) =>
    [...bare(text).matchAll(banned)].map(([word]) => `${path} uses ${word}, which would make decisions differ`)
  )

const vague = /^(?:helpers?|utils?|utilities|managers?|services?|data|info|misc|common)$/

export const fileNames: Rule = (tree) =>
  [...tree.keys()].flatMap((path) => {
    const name = posix.basename(path).replace(/\.\w+$/, '')
    if (!/^(?:packages\/[^/]+\/src|test|tools)\//.test(path)) return []
    if (!/^[a-z0-9]+(?:[-.][a-z0-9]+)*$/.test(name)) return [`${path} is not kebab-case`]
    const word = name.split(/[-.]/).find((part) => vague.test(part))
    // Twilio's Conversations have a resource of this name, and so has Messaging.
    const isNoun = word === 'service' && /\/(?:conversations|numbers)\//.test(path)
    return word === undefined || isNoun ? [] : [`${path}: "${word}" says nothing; name the thing`]
  })

export const fileSizes: Rule = (tree) =>
  sources(tree, (path) => isProduction(path) && !path.includes('/generated/')).flatMap(([path, text]) => {
    const lines = text.split('\n').length - 1
    return lines > 600 ? [`${path} has ${lines} lines, more than 600`] : []
  })

/** One name, one thing: whoever searches for a name finds one declaration. What a contract generates repeats itself. */
export const exportedOnce: Rule = (tree) => {
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

/** A bound is a `max…` or a `min…`, in every room: what a file declares for all of it, and what functions call `most…`. */
export const boundNames: Rule = (tree) =>
  sources(tree, () => true).flatMap(([path, text]) =>
    [...bare(text).matchAll(bounds)].map(
      ([, ofFile, name = ofFile]) => `${path} declares ${name}: bounds are called max or min`
    )
  )

const bounds =
  /^(?:export )?const ((?:most|least|longest|shortest|largest|smallest|deepest)(?:[A-Z_]\w*)?)\b|\b(?:const|let|function) +((?:most|least)[A-Z]\w*)/gm

export const skippedTests: Rule = (tree) =>
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

export const documentPaths: Rule = (tree) =>
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

export const documentLines: Rule = (tree) =>
  documents(tree).flatMap(([path, text]) =>
    [...text.matchAll(/[\w-]+\.(?:ts|tsx|mjs|js|md|json|sql):\d+|#L\d+|\blines? \d+/g)].map(
      ([found]) => `${path} names a line number: ${found}`
    )
  )

const pages = ['rest-conventions', 'taskrouter', 'conversations', 'messaging', 'flex', 'events', 'studio', 'voice']
const cited = new RegExp(`\\breference (?=${pages.join('|')})([^)\\n;:]*)`, 'g')

/** What code rests on stands in docs/behavior, under the number that it cites: a heading, or a row of a page's doubts. */
export const citations: Rule = (tree) => {
  const numbers = new Map(pages.map((page) => [page, numbersOf(tree.get(`docs/behavior/${page}.md`) ?? '')]))
  return [...tree]
    .filter(([path]) => /\.(?:ts|mjs|md)$/.test(path) && !isOurs(path) && !path.startsWith('docs/behavior/'))
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

export const machinePlaces: Rule = (tree) =>
  [...tree].flatMap(([path, text]) =>
    isOurs(path) ? [] : [...text.matchAll(places)].map(([found]) => `${path} names a place of one machine: ${found}`)
  )

/** What a merge that was not finished leaves at the beginning of a line. */
const markers = /^(?:<{7}|>{7}|\|{7}|={7})(?=[ \r\n]|$)/gm

export const mergeMarkers: Rule = (tree) =>
  [...tree].flatMap(([path, text]) =>
    [...text.matchAll(markers)].map(([found]) => `${path} has a line of an unfinished merge: ${found}`)
  )

export const installScripts: Rule = (tree) =>
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
export const deskBans: Rule = (tree) =>
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

export const decisionLinks: Rule = (tree) => {
  const index = `${tree.get('ARCHITECTURE.md') ?? ''}${tree.get('docs/decisions/README.md') ?? ''}`
  return [...tree.keys()]
    .filter((path) => /^docs\/decisions\/\d/.test(path))
    .filter((path) => !new RegExp(`\\]\\((?:[\\w./]*/)?${posix.basename(path)}\\)`).test(index))
    .map((path) => `${path} is linked from neither ARCHITECTURE.md nor docs/decisions/README.md`)
}

/** The rules themselves, and the texts that break them, say what nobody may write. */
function isOurs(path: string): boolean {
  return path.startsWith('tools/house/') || path === 'tools/tidy.test.ts'
}
