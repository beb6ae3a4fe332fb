/** So long anything may take on a machine that has much else to do, in milliseconds. */
export const patience_ms = 45_000
/** So long a whole story may. */
export const story_ms = 240_000
