/** What the function is called that ends a statement when its time is over, and what it says then. */
export const inTimeName = 'in_time'
export const tooLong = 'the time of the question is over'
