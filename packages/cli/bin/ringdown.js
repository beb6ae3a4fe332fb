#!/usr/bin/env node
// A file that is there before anything is built, so that npm can link the command.
import { existsSync } from 'node:fs'

const { beginBounded } = await import('../dist/memory.js')
beginBounded()
// Where it is installed, its modules are joined; a checkout runs what was compiled last.
const isJoined = !existsSync(new URL('../src', import.meta.url)) && existsSync(new URL('../bundle', import.meta.url))
await import(isJoined ? '../bundle/main.js' : '../dist/main.js')
