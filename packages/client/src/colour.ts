/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number]

/** Reads `#rgb` and `#rrggbb`; undefined for anything else, so that a theme's text goes into no style as it is. */
export function colourIn(text: unknown): Colour | undefined {
  const [, short, long] = /^#(?:([\da-f]{3})|([\da-f]{6}))$/i.exec(String(text)) ?? []
  const digits = long ?? short?.replaceAll(/./g, '$&$&')
  if (!digits) return undefined
  const number = Number.parseInt(digits, 16)
  return [number >> 16, (number >> 8) & 255, number & 255]
}

export function cssOf([red, green, blue]: Colour): string {
  return `rgb(${red},${green},${blue})`
}

/** Relative luminance, 0 to 1 (WCAG 2.2). */
function luminance(colour: Colour): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }) as unknown as Colour // three, as they were
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

/** 1 to 21 (WCAG 2.2). */
export function contrast(a: Colour, b: Colour): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light + 0.05) / (dark + 0.05)
}

export const white: Colour = [255, 255, 255]
const black: Colour = [0, 0, 0]

/** What stands behind everything on our pages, as page/tokens.css has it. */
export const surfaces: Readonly<Record<'light' | 'dark', Colour>> = { light: white, dark: [20, 23, 28] }

/** What can be read on a colour: one of the two always can, at 4.5 to 1 or more. */
export function textOn(colour: Colour): Colour {
  return contrast(colour, white) >= 4.5 ? white : black
}

/** The colour, moved towards black or white until it can be read on a surface. */
export function readableOn(colour: Colour, surface: Colour, least = 4.5): Colour {
  const goal = luminance(surface) > 0.4 ? black : white
  for (let share = 0; share <= 1; share += 0.05) {
    const mixed = mix(colour, goal, share)
    if (contrast(mixed, surface) >= least) return mixed
  }
  return goal
}

function mix(a: Colour, b: Colour, share: number): Colour {
  return a.map((part, i) => Math.round(part + ((b[i] ?? 0) - part) * share)) as unknown as Colour // three, as they were
}
