import { compile, type Expression } from '@ringdown/engine/matching/expression/compile'
import type { Scope } from '@ringdown/engine/matching/expression/environment'
import { checkExpression } from '@ringdown/engine/routing/task-queue'

const compiled = new Map<string, Expression>()
const maxCompiled = 10_000

/** A filter's expression, compiled once; undefined where there is none. Refuses a syntax error by the parameter's name. */
export function expressionOf(source: string | undefined, scope: Scope, parameter: string): Expression | undefined {
  if (source === undefined || source.trim() === '') return undefined
  const key = `${scope} ${source}`
  let expression = compiled.get(key)
  if (!expression) {
    checkExpression(source, scope, parameter)
    expression = compile(source, scope)
    if (compiled.size >= maxCompiled) compiled.clear()
    compiled.set(key, expression)
  }
  return expression
}
