// A reader opens `explicit/dps.ts` first: a method whole, facts, options and formula. Then `define.ts`, which says what
// every method gets without writing it, and `guidance/`, where the approximations of the likelihood live.
export { methods } from './catalog.ts'
export type {
  AnyMethod,
  GuidedShown,
  Method,
  MethodInfo,
  MethodSpec,
  OptionsOf,
  Run,
  StepOf,
} from './define.ts'
export { defineMethod, guidedPlan, stepping } from './define.ts'
export type { DdrmOptions, DdrmStep } from './explicit/ddrm.ts'
export { ddrm } from './explicit/ddrm.ts'
export type { DdrmWeights } from './explicit/ddrm-weights.ts'
export { ddrmWeights } from './explicit/ddrm-weights.ts'
export type { DmpsOptions, DmpsStep } from './explicit/dmps.ts'
export { dmps } from './explicit/dmps.ts'
export type { DpsOptions, DpsStep } from './explicit/dps.ts'
export { dps, dpsDefaultScale } from './explicit/dps.ts'
export type { DsgOptions, DsgStep } from './explicit/dsg.ts'
export { dsg } from './explicit/dsg.ts'
export type { LgdMcOptions, LgdMcStep } from './explicit/lgd-mc.ts'
export { lgdMc } from './explicit/lgd-mc.ts'
export type { MmpsOptions, MmpsStep } from './explicit/mmps.ts'
export { mmps } from './explicit/mmps.ts'
export type { MpgdOptions, MpgdStep } from './explicit/mpgd.ts'
export { mpgd } from './explicit/mpgd.ts'
export type { PigdmOptions, PigdmStep } from './explicit/pigdm.ts'
export { pigdm } from './explicit/pigdm.ts'
export type { TmpdOptions, TmpdStep } from './explicit/tmpd.ts'
export { tmpd } from './explicit/tmpd.ts'
export type { Needing } from './fit.ts'
export { checkFit, needRules, takesNonlinear, UnfitError } from './fit.ts'
export type { Cost, Preset } from './preset.ts'
export type { RedDiffOptions, RedDiffStep } from './variational/red-diff.ts'
export { redDiff } from './variational/red-diff.ts'
export type { RedDiffWeights } from './variational/red-diff-gradient.ts'
export { redDiffGradient, redDiffWeightings } from './variational/red-diff-gradient.ts'
