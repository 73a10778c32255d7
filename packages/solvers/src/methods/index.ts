// A reader opens `explicit/dps.ts` first: a method whole, facts, options and formula. Then `define.ts`, which says what
// every method gets without writing it, and `guidance/`, where the approximations of the likelihood live.
export { methods } from './catalog.ts'
export type { BlindDmplugOptions, BlindDmplugStep } from './csgm/blind-dmplug.ts'
export { blindDmplug } from './csgm/blind-dmplug.ts'
export type { CsgmOptions, CsgmStep } from './csgm/csgm.ts'
export { csgm } from './csgm/csgm.ts'
export type { DmplugOptions, DmplugStep } from './csgm/dmplug.ts'
export { dmplug } from './csgm/dmplug.ts'
export type { ShredOptions, ShredStep } from './csgm/shred.ts'
export { shred } from './csgm/shred.ts'
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
export { defineMethod, guidedPlan, stepping, travelling } from './define.ts'
export type { DapsOptions, DapsStep } from './exact/daps.ts'
export { daps } from './exact/daps.ts'
export type { FpsSmcOptions, FpsSmcStep } from './exact/fps-smc.ts'
export { fpsSmc } from './exact/fps-smc.ts'
export type { McgDiffOptions, McgDiffStep } from './exact/mcg-diff.ts'
export { mcgDiff } from './exact/mcg-diff.ts'
export { mcgDiffTimes } from './exact/mcg-diff-times.ts'
export type { PmcOptions, PmcStep } from './exact/pmc.ts'
export { pmc } from './exact/pmc.ts'
export type { PnpDmOptions, PnpDmStep } from './exact/pnp-dm.ts'
export { pnpDm } from './exact/pnp-dm.ts'
export type { SmcDiffOptions, SmcDiffStep } from './exact/smc-diff.ts'
export { smcDiff } from './exact/smc-diff.ts'
export type { TdsOptions, TdsStep } from './exact/tds.ts'
export { tds } from './exact/tds.ts'
export type { TwistSpread } from './exact/tds-twist.ts'
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
export type { DmpsOptions, DmpsStep } from './explicit/dmps.ts'
export { dmps } from './explicit/dmps.ts'
export type { DpsOptions, DpsStep } from './explicit/dps.ts'
export { dps, dpsDefaultScale } from './explicit/dps.ts'
export type { DsgOptions, DsgStep } from './explicit/dsg.ts'
export { dsg } from './explicit/dsg.ts'
export type { GibbsDdrmOptions, GibbsDdrmStep } from './explicit/gibbs-ddrm.ts'
export { gibbsDdrm } from './explicit/gibbs-ddrm.ts'
export type { IlvrOptions, IlvrStep } from './explicit/ilvr.ts'
export { ilvr, ilvrDefaultRange } from './explicit/ilvr.ts'
export type {
  KadkhodaieSimoncelliOptions,
  KadkhodaieSimoncelliStep,
} from './explicit/kadkhodaie-simoncelli.ts'
export { kadkhodaieSimoncelli } from './explicit/kadkhodaie-simoncelli.ts'
export type { LgdMcOptions, LgdMcStep } from './explicit/lgd-mc.ts'
export { lgdMc } from './explicit/lgd-mc.ts'
export type { McgOptions, McgStep } from './explicit/mcg.ts'
export { mcg } from './explicit/mcg.ts'
export type { MmpsOptions, MmpsStep } from './explicit/mmps.ts'
export { mmps } from './explicit/mmps.ts'
export type { MpgdOptions, MpgdStep } from './explicit/mpgd.ts'
export { mpgd } from './explicit/mpgd.ts'
export type { PigdmOptions, PigdmStep } from './explicit/pigdm.ts'
export { pigdm } from './explicit/pigdm.ts'
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
export type { TmpdOptions, TmpdStep } from './explicit/tmpd.ts'
export { tmpd } from './explicit/tmpd.ts'
export type { CommonNeed, Needing, NeedRule, WordOf } from './fit.ts'
export { checkFit, lackOf, rulesOf, UnfitError } from './fit.ts'
export type { LatentDpsOptions, LatentDpsStep } from './latent/latent-dps.ts'
export { latentDps } from './latent/latent-dps.ts'
export type { LatentRun, LatentSpec } from './latent-method.ts'
export { latentMethod } from './latent-method.ts'
export { needWords, takesNonlinear, takesUnknown } from './need-words.ts'
export { particleOptions } from './particle-options.ts'
export type { Cost, Preset } from './preset.ts'
export { costClass, costOf, costWords } from './preset.ts'
export type { Presetting } from './presets.ts'
export { presetOf, presetsOf } from './presets.ts'
export {
  needsAutoencoder,
  needsBlind,
  needsBlindSvd,
  needsConditional,
  needsInverse,
  needsLatent,
  needsOrthonormal,
  needsStages,
} from './rare-needs.ts'
export type { BlindRedDiffOptions, BlindRedDiffStep } from './variational/blind-red-diff.ts'
export { blindRedDiff } from './variational/blind-red-diff.ts'
export type { UnknownWeights } from './variational/blind-red-diff-gradient.ts'
export { unknownGradient } from './variational/blind-red-diff-gradient.ts'
export type {
  EfficientScorePriorOptions,
  EfficientScorePriorStep,
} from './variational/efficient-score-prior.ts'
export { efficientScorePrior } from './variational/efficient-score-prior.ts'
export type { RedDiffOptions, RedDiffStep } from './variational/red-diff.ts'
export { redDiff } from './variational/red-diff.ts'
export type { RlsdOptions, RlsdStep } from './variational/rlsd.ts'
export { rlsd } from './variational/rlsd.ts'
export type { ScorePriorOptions, ScorePriorStep } from './variational/score-prior.ts'
export { scorePrior } from './variational/score-prior.ts'
