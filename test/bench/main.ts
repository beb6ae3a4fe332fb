import { engineLifecycles } from './engine.ts'
console.log('engine lifecycles/s', Math.round(engineLifecycles(3)))
