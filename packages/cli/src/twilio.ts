export { ringdown } from '@ringdown/mcp/twilio-client'
