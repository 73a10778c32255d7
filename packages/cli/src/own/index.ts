export type { Own, OwnKind } from './kinds.ts'
export { ownAny, ownMethod, ownOperator, ownPrior } from './kinds.ts'
export type { OwnModule } from './module.ts'
export { isOwnError, ownModule } from './module.ts'
