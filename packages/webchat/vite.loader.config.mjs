import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { compressed } from './vite.config.mjs'

/*
 * The loader: a script under a name that stays, since customers write it into their pages. What it loads itself it has to
 * name whole: a script of another origin may import nothing by a relative address.
 */
const launcher = readdirSync(join(import.meta.dirname, 'dist/assets')).find((name) => /^launcher-.*\.js$/.test(name))

export default {
  resolve: { conditions: ['ringdown-source', 'module', 'browser'] },
  define: { launcher: JSON.stringify(`assets/${launcher}`) },
  build: {
    target: 'es2022',
    emptyOutDir: false,
    lib: { entry: join(import.meta.dirname, 'src/loader/loader.ts'), formats: ['es'], fileName: () => 'v1.js' },
    rolldownOptions: { output: { minify: true } }
  },
  plugins: [compressed('.', /^v1\.js$/)]
}
