/** What a template makes of its data, or why it makes nothing; and of how many parts, those of loops as often as they run. */
export type Rendered = { readonly parts: number } & ({ readonly text: string } | { readonly error: string })

/** What clocks show in a place. */
export interface WallTime {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
}

/**
 * What a center takes from outside, since the engine has no dependencies: functions of their arguments alone. The same
 * arguments give the same answers on every machine, or a replay would differ.
 */
export interface Tools {
  /** A template of Liquid with its data, at an instant in milliseconds. Bounded in work and length, never in time. */
  render(template: string, data: object, at: number): Rendered
  /** Whether a pattern matches a text as a whole, without regard to letter case; undefined where it is no pattern. */
  matches(pattern: string, text: string): boolean | undefined
  /** Instructions of a pattern: what it takes to look at a character at most. 0 where it is no pattern. */
  patternSize(pattern: string): number
  /** Whether a text names a time zone, as `Europe/Paris`. */
  isZone(zone: string): boolean
  /** What clocks show in a zone at an instant in milliseconds. */
  wallTime(zone: string, at: number): WallTime
  /** The first instant at which clocks in a zone show a time; where they leap over it, that at which they have leapt. */
  instantOf(zone: string, wall: WallTime): number
}

/** For centers in which no flow runs. */
export const noTools: Tools = {
  render: () => missing(),
  matches: () => missing(),
  patternSize: () => missing(),
  isZone: () => missing(),
  wallTime: () => missing(),
  instantOf: () => missing()
}

function missing(): never {
  throw new Error('invariant: a center with flows or schedules was given what they need')
}
