#!/usr/bin/env node
import { createRequire } from 'node:module'
import { BadSettings } from '@ringdown/server/settings'
import { CannotOpen } from '@ringdown/server/store/store'
import { BadArguments, parseArguments, usage } from './arguments.ts'
import { boundMemory } from './memory.ts'
import { helpersGiveWay } from './v8-threads.ts'

const { version } = createRequire(import.meta.url)('../package.json') as { version: string } // it is this package's own

async function main(args: readonly string[]): Promise<void> {
  const parsed = parseArguments(args, process.env)
  if (parsed.command === 'help') process.stdout.write(usage)
  else if (parsed.command === 'version') process.stdout.write(`${version}\n`)
  // Each command loads what it needs only.
  else if (parsed.command === 'start') await (await import('./start.ts')).runStart(parsed, version)
  else if (parsed.command === 'phone') await (await import('./phone.ts')).runPhone(parsed, version)
  else if (parsed.command === 'users') await (await import('./users.ts')).runUsers(parsed, version)
  else await (await import('./mcp.ts')).runMcp(parsed, version)
}

helpersGiveWay()
boundMemory()
main(process.argv.slice(2)).catch((error: unknown) => {
  // What the user can mend is one line; anything else is a mistake of ours, and its trace helps.
  const isKnown = error instanceof CannotOpen || error instanceof BadArguments || error instanceof BadSettings
  process.stderr.write(
    isKnown
      ? `${error.message.replace(/\s*\n\s*/g, ' ')}\n`
      : `${(error instanceof Error ? error.stack : undefined) ?? String(error)}\n`
  )
  process.exit(1)
})
