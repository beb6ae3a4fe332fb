import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

/*
 * Builds the desk into `dist`: one page, hashed files, each text with itself compressed beside it. Of the contract's
 * operations only those are built in that the desk asks for (`src/api/asked.ts`).
 */
export default {
  base: '/desk/',
  resolve: { conditions: ['ringdown-source', 'module', 'browser'] },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      // `use client` is for servers that render; there is none.
      onLog: (level, log, handle) => log.code !== 'MODULE_LEVEL_DIRECTIVE' && handle(level, log)
    }
  },
  plugins: [askedOnly(), compressed()]
}

/** @returns {import('vite').Plugin} */
function askedOnly() {
  const asked = [
    ...readFileSync(new URL('src/api/asked.ts', import.meta.url), 'utf8').matchAll(/'(\w+_v\d+\.\w+)'/g)
  ].map(([, id]) => id)
  return {
    name: 'asked-only',
    enforce: 'pre',
    async load(path) {
      if (!/contract\/src\/generated\/operations\.ts$/.test(path)) return undefined
      const { operations } = await import('@ringdown/contract/generated/operations')
      const known = operations.filter(({ id }) => asked.includes(id))
      const missing = asked.filter((id) => !known.some((one) => one.id === id))
      if (missing.length > 0) throw new Error(`the contract has no ${missing.join(', ')}`)
      // What makes and checks answers is the server's.
      const kept = known.map(({ id, product, method, path, json, listKey, parameters }) => ({
        ...{ id, product, method, path, json, listKey, parameters }
      }))
      return `export const operations = ${JSON.stringify(kept)}`
    }
  }
}

/** @returns {import('vite').Plugin} */
function compressed() {
  let folder = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = join(root, build.outDir)
    },
    closeBundle() {
      for (const name of readdirSync(join(folder, 'assets'))) {
        if (!/\.(?:js|css|svg)$/.test(name)) continue
        const path = join(folder, 'assets', name)
        writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path)))
      }
    }
  }
}
