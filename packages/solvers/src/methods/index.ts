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
export type { BlindDpsOptions, BlindDpsStep } from './explicit/blind-dps.ts'
export { blindDps } from './explicit/blind-dps.ts'
export type { DdnmOptions, DdnmStep } from './explicit/ddnm.ts'
export { ddnm } from './explicit/ddnm.ts'
export type { DdnmPlusOptions, DdnmPlusStep } from './explicit/ddnm-plus.ts'
export { ddnmPlus } from './explicit/ddnm-plus.ts'
export type { DdnmPlusWeights } from './explicit/ddnm-plus-weights.ts'
export { ddnmPlusWeights, simplifiedWeights } from './explicit/ddnm-plus-weights.ts'
export type { DdpgOptions, DdpgStep } from './explicit/ddpg.ts'
export { ddpg } from './explicit/ddpg.ts'
export type { DdrmOptions, DdrmStep } from './explicit/ddrm.ts'
export { ddrm } from './explicit/ddrm.ts'
export type { DdrmJpegOptions, DdrmJpegStep } from './explicit/ddrm-jpeg.ts'
export { ddrmJpeg } from './explicit/ddrm-jpeg.ts'
export type { DdsOptions, DdsStep } from './explicit/dds.ts'
export { dds } from './explicit/dds.ts'
export type { DiffpirOptions, DiffpirStep } from './explicit/diffpir.ts'
export { diffpir } from './explicit/diffpir.ts'
export type { DpsOptions, DpsStep } from './explicit/dps.ts'
export { dps, dpsDefaultScale } from './explicit/dps.ts'
export type { GibbsDdrmOptions, GibbsDdrmStep } from './explicit/gibbs-ddrm.ts'
export { gibbsDdrm } from './explicit/gibbs-ddrm.ts'
export type { IlvrOptions, IlvrStep } from './explicit/ilvr.ts'
export { ilvr, ilvrDefaultRange } from './explicit/ilvr.ts'
export type {
  KadkhodaieSimoncelliOptions,
  KadkhodaieSimoncelliStep,
} from './explicit/kadkhodaie-simoncelli.ts'
export { kadkhodaieSimoncelli } from './explicit/kadkhodaie-simoncelli.ts'
export type { McgOptions, McgStep } from './explicit/mcg.ts'
export { mcg } from './explicit/mcg.ts'
export type { RepaintOptions, RepaintStep } from './explicit/repaint.ts'
export { repaint } from './explicit/repaint.ts'
export type { ScoreAldOptions, ScoreAldStep } from './explicit/score-ald.ts'
export { scoreAld } from './explicit/score-ald.ts'
export type { ScoreSdeOptions, ScoreSdeStep } from './explicit/score-sde.ts'
export { scoreSde } from './explicit/score-sde.ts'
export type { SnipsOptions, SnipsStep } from './explicit/snips.ts'
export { snips } from './explicit/snips.ts'
export type { SnipsWeights } from './explicit/snips-weights.ts'
export { snipsWeights } from './explicit/snips-weights.ts'
export type { Needing } from './fit.ts'
export { checkFit, lackOf, needRules, takesNonlinear, UnfitError } from './fit.ts'
export type { Cost, Preset, Presetting } from './preset.ts'
export { costClass, costWords, presetOf } from './preset.ts'
export type { RedDiffOptions, RedDiffStep } from './variational/red-diff.ts'
export { redDiff } from './variational/red-diff.ts'
export type { RedDiffWeights } from './variational/red-diff-gradient.ts'
export { redDiffGradient, redDiffWeightings } from './variational/red-diff-gradient.ts'
