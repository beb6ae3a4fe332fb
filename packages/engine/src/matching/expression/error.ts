/**
 * A text that is no expression. `message` is the parser's complaint in the wording of ANTLR, which TaskRouter's own
 * messages follow ("extraneous input '-' expecting OPERATOR"); `column` counts UTF-16 units of the text, from 1.
 */
export class ExpressionError extends Error {
  override readonly name = 'ExpressionError'
  readonly column: number

  constructor(message: string, column: number) {
    super(message)
    this.column = column
  }
}
