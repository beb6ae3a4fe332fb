import { start } from '@ringdown/server/start'
import { pino } from 'pino'
import type { HourServer } from './hour.ts'

/*
 * The server of the row `hour`: as `ringdown start --test-clock` starts it, but that it keeps everything for minutes only.
 * Tells where it answers. Ends with the process that started it.
 */

const { data, at, keeping, account_sid, auth_token } = JSON.parse(process.argv[2] ?? '') as HourServer // its only argument
const running = await start({
  ...{ port: 0, host: '127.0.0.1', data, at, keeping },
  env: { RINGDOWN_ACCOUNT_SID: account_sid, RINGDOWN_AUTH_TOKEN: auth_token },
  log: pino({ level: 'warn' }, pino.destination({ fd: 2, sync: false })),
  version: 'bench',
  testClock: true,
  voice: false
})
await running.account
process.send?.(running.url)
process.on('disconnect', () => process.exit())
