export type {
  Device,
  DeviceInfo,
  DeviceMemory,
  Executor,
  Half,
  HeldBuffer,
  KernelCall,
  RecordedCall,
  Recording,
  Value,
  View,
} from './device.ts'
export { availableDevices, getDevice, registerDevice, setDefaultDevice } from './devices.ts'
export type { Interpreter } from './dispatch.ts'
export {
  activeInterpreters,
  dispatch,
  dispatchAt,
  evaluate,
  pushInterpreter,
  removeInterpreter,
  withInterpreters,
} from './dispatch.ts'
export type { DType, TypedArray } from './dtype.ts'
export { bytesPerElement, isFloat } from './dtype.ts'
export * from './errors.ts'
export type { NestedValues, TensorJson } from './format.ts'
export { fromFloat16 } from './half/from-float16.ts'
export { largestFloat16, storeFloat16, widened } from './half/half.ts'
export { toFloat16 } from './half/to-float16.ts'
export { fromNdarray } from './interop/from-ndarray.ts'
export {
  attentionComposed,
  channelAttention,
  scaledDotProductAttention,
} from './ops/attention.ts'
export type { Conv2dOptions } from './ops/conv.ts'
export { conv2d } from './ops/conv.ts'
export * from './ops/create.ts'
export * from './ops/elementwise.ts'
export { groupNorm, groupNormComposed } from './ops/group-norm.ts'
export type { MatmulOptions } from './ops/matmul.ts'
export { matmul } from './ops/matmul.ts'
export type { Operand } from './ops/operand.ts'
export * from './ops/reduce.ts'
export * from './ops/shape-ops.ts'
export { softmax, softmaxComposed } from './ops/softmax.ts'
export { peakBytesOf } from './peak.ts'
export type {
  Activation,
  AttentionParams,
  Aval,
  Conv2dParams,
  Epilogue,
  FusedConv2dParams,
  FusedMatmulParams,
  GroupNormParams,
  PrimitiveName,
  PrimitiveParams,
} from './primitives.ts'
export { primitiveNames, primitives, resultOf } from './primitives.ts'
export { printable } from './printable.ts'
export type { Key } from './random/random.ts'
export {
  normal,
  randomIntegers,
  randomKey,
  randomPermutation,
  randomUnits,
  randomWords,
  uniform,
} from './random/random.ts'
export type { ProgramInfo, Recorded } from './record/record.ts'
export { record } from './record/record.ts'
export { dilated } from './rules/conv2d.ts'
export { scope, unscoped, whenScopeEnds } from './scope.ts'
export { ifRunAgain, settled, undoing } from './settled.ts'
export type { Shape } from './shape.ts'
export { broadcastShapes, formatShape, sameShape, sizeOf } from './shape.ts'
export type { MemoryReport } from './storage.ts'
export { memory, resetPeak } from './storage.ts'
export { Tensor } from './tensor.ts'
export type { ArgumentRange, Tolerance } from './tolerances.ts'
export { tolerances } from './tolerances.ts'
export { isTensor, treeLeaves, treeMap } from './tree.ts'
export type { WasmDeviceOptions } from './wasm/device.ts'
export { createWasmDevice } from './wasm/device.ts'
