/** An answer that is no JSON: its text goes out as it is, under its own type. */
export class TextAnswer {
  readonly type: string
  readonly text: string

  constructor(type: string, text: string) {
    this.type = type
    this.text = text
  }

  /** For handlers of operations whose answer has no schema. */
  get shown(): undefined {
    return this as unknown as undefined // http asks what it is before it looks at it
  }
}
