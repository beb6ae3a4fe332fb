/** Whether there is no build of what is here now. */
export function isDeskStale(): boolean
export function isWebchatStale(): boolean
/** Builds it; the contract has to be compiled. */
export function buildDesk(): Promise<void>
export function buildWebchat(): Promise<void>
/** How large its parts are, in kilobytes of 1,024 bytes, and may be. */
export function deskSizes(): readonly PartSize[]
export function webchatSizes(): readonly PartSize[]

interface PartSize {
  readonly part: string
  readonly kB: number
  readonly most: number
  readonly isOver: boolean
}
