import type { PeerFactory } from '../engine.ts'
import { onnxWeb } from './onnx.ts'
import { tfjsWasm } from './tfjs.ts'
import { torch } from './torch.ts'

/** The other libraries, in the order of the report. */
export const peers: readonly PeerFactory[] = [tfjsWasm, onnxWeb, torch]
