#!/usr/bin/env node
// A file that is there before anything is built, so that npm can link the command.
const { beginBounded } = await import('../dist/memory.js')
beginBounded()
await import('../dist/main.js')
