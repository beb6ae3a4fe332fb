import { legStories } from './testing/leg-stories.ts'

/* The library that is there where the other one has no binary: the same, at three times the work. */
await legStories('werift')
