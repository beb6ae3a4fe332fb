import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Files by their paths, with their texts. */
export type Tree = ReadonlyMap<string, string>

/** A house rule that a program can check: answers what a tree breaks of it, one line each. */
export type Rule = (tree: Tree) => string[]

/** The text with comments and the insides of strings blanked; what stays keeps its place. */
export function bare(text: string): string {
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

export function sources(tree: Tree, chosen: (path: string) => boolean): [string, string][] {
  return [...tree].filter(([path]) => /\.tsx?$/.test(path) && chosen(path))
}

export function documents(tree: Tree): [string, string][] {
  return [...tree].filter(([path]) => path.endsWith('.md'))
}

export function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.startsWith('test/')
}

export function isProduction(path: string): boolean {
  return /^packages\/[^/]+\/src\//.test(path) && !isTest(path) && !/\/(?:testing\/|fixture\.ts$)/.test(path)
}

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..')

/** All files that belong to the project: what .gitignore names is left out, and so are hidden files of editors. */
export function checkout(): Tree {
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
