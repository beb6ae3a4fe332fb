import { join } from 'node:path'
import { compressed } from './vite.config.mjs'

/* The launcher, which the loader asks for once a page is idle: a module with a hash in its name. */
export default {
  resolve: { conditions: ['ringdown-source', 'module', 'browser'] },
  build: {
    target: 'es2022',
    emptyOutDir: false,
    // Of a page, Vite would add code that preloads, and that no script but a module can run.
    lib: { entry: join(import.meta.dirname, 'src/loader/launcher.ts'), formats: ['es'], fileName: () => 'unused.js' },
    rolldownOptions: { output: { minify: true, entryFileNames: 'assets/launcher-[hash].js' } }
  },
  plugins: [compressed('assets', /^launcher-.*\.js$/)]
}
