import type { PeerFactory } from '../engine.ts'
import { gpuJs } from './gpu.ts'
import { jaxJs } from './jax.ts'
import { onnxWeb } from './onnx.ts'
import { tfjsWasm } from './tfjs.ts'
import { torch } from './torch.ts'

/** The other libraries, in the order of the report. */
export const peers: readonly PeerFactory[] = [tfjsWasm, onnxWeb, jaxJs, gpuJs, torch]
