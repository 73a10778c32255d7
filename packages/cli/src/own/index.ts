export type { OwnKind, OwnThing } from './kinds.ts'
export { ownAny, ownInputs, ownMethod, ownOperator, ownPrior } from './kinds.ts'
export type { OwnModule } from './module.ts'
export { isOwnError, ownModule } from './module.ts'
