import type { PrimitiveName } from '@tweedie/tensor'
import { attentionRules } from './attention.ts'
import { contractRules } from './contract.ts'
import { elementwiseRules } from './elementwise.ts'
import { epilogueRules } from './epilogue.ts'
import { fusedRules } from './fused.ts'
import { moveRules } from './move.ts'
import { reduceRules } from './reduce.ts'
import type { Rule } from './types.ts'

export type {
  Gradients,
  InputRule,
  JvpContext,
  Pushforward,
  Rule,
  SavedCall,
  VjpContext,
  VjpRule,
} from './types.ts'

/** The gradient of every primitive: leaving one out does not compile. */
export const rules: { readonly [P in PrimitiveName]: Rule<P> } = {
  ...elementwiseRules,
  ...reduceRules,
  ...contractRules,
  ...moveRules,
  ...fusedRules,
  ...attentionRules,
  ...epilogueRules,
}
