export type { ConvertedCheckpoint } from './checkpoint/convert.ts'
export { convertCheckpoint } from './checkpoint/convert.ts'
export {
  readCheckpoint,
  readJson,
  readParams,
  readSafetensors,
  saveSafetensors,
  writeAtomically,
} from './checkpoint/file.ts'
export { fileSource, readRegularFile } from './checkpoint/regular-file.ts'
export type { FoundWeights } from './checkpoint/weights.ts'
export { findWeights, readWeights } from './checkpoint/weights.ts'
export { heldOutDigits, readIdx, readIdxImages } from './data/files.ts'
export type { DataRecord, FileRecord, TrainingSet } from './data/training-set.ts'
export { readTrainingSet } from './data/training-set.ts'
export type { LoadNetworkOptions } from './models/folder.ts'
export { inferConfig, loadNetwork } from './models/folder.ts'
export type { FoundModel, FoundTraining, ModelChoices } from './models/model.ts'
export { findModel } from './models/model.ts'
export { toldScheduler } from './models/told-scheduler.ts'
export type { LoadedPrior } from './priors/shipped.ts'
export { loadShippedPrior, shippedPriors } from './priors/shipped.ts'
export type { Arithmetic } from './train/arithmetic.ts'
export { arithmeticOf } from './train/arithmetic.ts'
export { trainFromCommand } from './train/command.ts'
export type { LossLine } from './train/loss-log.ts'
export type { SaveEvery, TrainCommand } from './train/options.ts'
export type { TrainRecord } from './train/record.ts'
export { readRecord } from './train/record.ts'
export type { RunIdentity } from './train/run-difference.ts'
export type { Provenance } from './train/state-file.ts'
export { loadTrainState, saveTrainState } from './train/state-file.ts'
export { workerShards } from './train/worker-pool.ts'
