import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync } from 'node:zlib'

/*
 * Builds web chat into `dist`: the frame and the made-up shop as pages with hashed files, each text with itself compressed
 * beside it. The loader and the launcher, which customers' pages load, have configurations of their own.
 */
export default {
  base: '/webchat/',
  resolve: { conditions: ['ringdown-source', 'module', 'browser'] },
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: { input: ['frame.html', 'demo.html'].map((name) => join(import.meta.dirname, name)) }
  },
  plugins: [compressed('assets', /\.(?:js|css)$/)]
}

/**
 * @param {string} place - folder within the build
 * @param {RegExp} pattern - names of its files
 * @returns {import('vite').Plugin}
 */
export function compressed(place, pattern) {
  let folder = ''
  return {
    name: 'compressed',
    apply: 'build',
    configResolved: ({ root, build }) => {
      folder = join(root, build.outDir, place)
    },
    closeBundle() {
      for (const name of readdirSync(folder)) {
        if (!pattern.test(name)) continue
        const path = join(folder, name)
        writeFileSync(`${path}.br`, brotliCompressSync(readFileSync(path)))
      }
    }
  }
}
